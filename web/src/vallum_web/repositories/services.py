"""Adding repositories, and keeping what opens the private ones."""

from functools import partial
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction

from vallum_guard.git import Credential as Proof
from vallum_guard.git.address import check_branch, validate
from vallum_web.assets import queries
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.repositories.models import Credential, Repository
from vallum_web.scans import services as scans
from vallum_web.scans.models import Scan
from vallum_web.scans.queries import UNFINISHED
from vallum_web.tenancy import blobs, clock, egress, keyring
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def add_by_url(
    org: Org, by: UUID | None, *, url: str, branch: str = "", name: str = "", credential: Proof | None = None
) -> Repository:
    """Add a repository that is cloned for each scan. Raises GuardError for an address that may not be, NameTakenError."""
    target = validate(url, opening=egress.opening())
    check_branch(branch or None)
    with scope(org.pk, user=by):
        asset = assets.add(org, Asset.Kind.REPOSITORY, name or short_name(target.url), by)
        repository = Repository.objects.create(org=org, asset=asset, url=target.url, branch=branch)
        if credential:
            _keep(repository, credential)
        return repository


class NotClonedError(ValueError):
    """The asset's code does not come by address, so no token opens it."""


def set_credential(org: Org, by: UUID | None, *, asset: UUID, credential: Proof) -> None:
    """Keep what opens the repository, in the place of what did. Raises NotClonedError."""
    with scope(org.pk, user=by):
        repository = Repository.objects.of(org).select_for_update().filter(asset=asset).exclude(url="").first()
        if repository is None:
            raise NotClonedError(asset)
        Credential.objects.of(org).filter(repository=repository).delete()
        _keep(repository, credential)


def remove_credential(org: Org, by: UUID | None, *, asset: UUID) -> bool:
    """Forget what opened the repository; it is cloned as a public one from then on. Whether there was anything."""
    with scope(org.pk, user=by):
        count, _ = Credential.objects.of(org).filter(repository__asset=asset).delete()
        if count:
            emit("repository.token_removed", asset)
        return bool(count)


def proof(repository: Repository) -> Proof | None:
    """What opens the repository, for git alone; its use is noted. Raises KeyringError."""
    with scope(repository.org_id):
        # Locked, so that a rotation does not move it, and drop its key, between our reading and our opening.
        found = Credential.objects.of(repository.org_id).select_for_update().filter(repository=repository).first()
        if found is None:
            return None
        token = keyring.unseal(repository.org_id, _place(found, repository), found.token)
        found.used_at = clock.now()
        found.save(update_fields=["used_at"])
        return Proof(token=token, user=found.user)


def _keep(repository: Repository, credential: Proof) -> None:
    org = Org.objects.get(pk=repository.org_id)
    row = Credential(org=org, repository=repository, user=credential.user)
    row.token = keyring.seal(org, _place(row, repository), credential.token)
    row.digest = blake2b(
        credential.token.encode(),
        digest_size=6,
        key=settings.FINGERPRINT_KEY.encode()[:64],
        salt=bytes(org.salt),
        person=b"credential",
    ).hexdigest()
    row.save()
    emit("repository.token_set", repository.asset_id, digest=row.digest)


def _place(row: Credential, repository: Repository) -> str:
    """Bound to the host as well: whoever could change the stored address would not have the token sent elsewhere."""
    return f"{keyring.place(row, 'token')} for {urlsplit(repository.url).netloc}"


def add_archive(org: Org, by: UUID | None, *, name: str, archive: UUID, archive_name: str) -> Repository:
    """Add code that arrived as an archive, already kept as the blob `archive`."""
    with scope(org.pk, user=by):
        asset = assets.add(org, Asset.Kind.REPOSITORY, name, by)
        return Repository.objects.create(org=org, asset=asset, archive=archive, archive_name=archive_name)


def upload(org: Org, by: UUID | None, *, name: str, archive_name: str, file: Path) -> Repository:
    """Take an archive over and add it. Raises NameTakenError: then nothing of it is kept.

    Called outside of a scope: where the file has to be copied, no transaction is open meanwhile.
    """
    with scope(org.pk, user=by):
        if queries.named(org, Asset.Kind.REPOSITORY, name):
            raise assets.NameTakenError(name)
    blob = blobs.take(org.pk, file)
    with blobs.unless_kept(org.pk, blob):
        return add_archive(org, by, name=name, archive=blob, archive_name=archive_name)


class NoArchiveError(ValueError):
    """The asset's code did not come as an archive, so no newer one can take its place."""


class BeingScannedError(ValueError):
    """A scan of the present archive runs: its findings would be told of the newer one."""


def replace(org: Org, by: UUID | None, *, asset: UUID, archive_name: str, file: Path) -> None:
    """Put a newer archive in the place of the present one, and scan it. Raises NoArchiveError, BeingScannedError.

    Called outside of a scope, as `upload` is.
    """
    with scope(org.pk, user=by):
        _replaceable(org, asset)
    blob = blobs.take(org.pk, file)
    with blobs.unless_kept(org.pk, blob), scope(org.pk, user=by):
        repository = _replaceable(org, asset)
        former, repository.archive, repository.archive_name = repository.archive, blob, archive_name
        repository.save(update_fields=["archive", "archive_name"])
        emit("repository.replaced", asset, archive=archive_name)
        scans.request(org, asset, by)
        if former:
            transaction.on_commit(partial(blobs.delete, org.pk, former))


def _replaceable(org: Org, asset: UUID) -> Repository:
    """The repository, locked together with its waiting scan: that one begins after us, and so with the newer archive."""
    found = Repository.objects.of(org).select_for_update().filter(asset=asset).exclude(archive=None).first()
    if found is None:
        raise NoArchiveError(asset)
    waiting = Scan.objects.of(org).select_for_update().filter(asset=asset, status__in=UNFINISHED)
    if any(scan.status == Scan.Status.RUNNING for scan in waiting):
        raise BeingScannedError(asset)
    return found


def add_folder(org: Org, *, name: str, folder: Path) -> Repository:
    """Add a folder of this machine: for the operator's own commands alone, no page or API leads here."""
    with scope(org.pk):
        asset = assets.add(org, Asset.Kind.REPOSITORY, name, None)
        return Repository.objects.create(org=org, asset=asset, folder=str(folder))


def short_name(url: str) -> str:
    """`https://code.example/team/shop.git` is `team/shop`."""
    path = url.split("://", 1)[-1].partition("/")[2].strip("/")
    return path.removesuffix(".git")[-200:] or url[-200:]
