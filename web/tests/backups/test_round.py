"""There and back: what was backed up is what is restored, and a drill proves it."""

from vallum_web.backups import manifest, services
from vallum_web.backups.drill import drill
from vallum_web.backups.manifest import MAIN
from vallum_web.backups.models import Run


def test_a_drill_restores_the_latest_backup_and_compares_it(platform, stores):
    found = services.back_up(stores, unattended=False)
    assert found.tables["accounts_user"].rows == 3
    assert list(manifest.whole(stores.main, MAIN)) == [found.backup]
    run = drill(stores)
    assert (run.backup, run.failure, run.rows) == (found.backup, "", found.rows)
    assert run.rto > 0
    assert [row.kind for row in Run.objects.order_by("began_at")] == ["backup", "drill"]
