from vallum_web.repositories import uploads
from vallum_web.tenancy import blobs
from vallum_web.tenancy.jobs import periodic_job


@periodic_job("repositories.prune", cron="17 * * * *")
def prune() -> None:
    """What a process that was killed had begun to write; what was stored before files were encrypted is encrypted."""
    uploads.prune()
    blobs.prune()
    blobs.seal_plain()
