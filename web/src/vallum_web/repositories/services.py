"""Adding repositories."""

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from vallum_guard.git.address import check_branch, validate
from vallum_web.assets import queries
from vallum_web.assets import services as assets
from vallum_web.assets.models import Asset
from vallum_web.repositories.models import Repository
from vallum_web.repositories.uploads import ARCHIVE_BYTES
from vallum_web.tenancy import blobs, egress
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope


def add_by_url(org: Org, by: UUID | None, *, url: str, branch: str = "", name: str = "") -> Repository:
    """Add a repository that is cloned for each scan. Raises GuardError for an address that may not be, NameTakenError."""
    target = validate(url, opening=egress.opening())
    check_branch(branch or None)
    with scope(org.pk, user=by):
        asset = assets.add(org, Asset.Kind.REPOSITORY, name or short_name(target.url), by)
        return Repository.objects.create(org=org, asset=asset, url=target.url, branch=branch)


def add_archive(org: Org, by: UUID | None, *, name: str, archive: UUID, archive_name: str) -> Repository:
    """Add code that arrived as an archive, already kept as the blob `archive`."""
    with scope(org.pk, user=by):
        asset = assets.add(org, Asset.Kind.REPOSITORY, name, by)
        return Repository.objects.create(org=org, asset=asset, archive=archive, archive_name=archive_name)


def upload(org: Org, by: UUID | None, *, name: str, archive_name: str, chunks: Iterable[bytes]) -> Repository:
    """Keep an archive and add it. Raises NameTakenError, TooLargeError: then nothing of it is kept."""
    with scope(org.pk, user=by):
        if queries.named(org, Asset.Kind.REPOSITORY, name):
            raise assets.NameTakenError(name)
        with blobs.create(org.pk, limit=ARCHIVE_BYTES) as blob:
            for chunk in chunks:
                blob.write(chunk)
        with blobs.unless_kept(org.pk, blob.id):
            return add_archive(org, by, name=name, archive=blob.id, archive_name=archive_name)


def add_folder(org: Org, *, name: str, folder: Path) -> Repository:
    """Add a folder of this machine: for the operator's own commands alone, no page or API leads here."""
    with scope(org.pk):
        asset = assets.add(org, Asset.Kind.REPOSITORY, name, None)
        return Repository.objects.create(org=org, asset=asset, folder=str(folder))


def short_name(url: str) -> str:
    """`https://code.example/team/shop.git` is `team/shop`."""
    path = url.split("://", 1)[-1].partition("/")[2].strip("/")
    return path.removesuffix(".git")[-200:] or url[-200:]
