"""Bringing a repository's code to a folder where the scanner can read it. Nothing here opens a file of it."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from vallum_guard.git import Credential, Origin, clone
from vallum_web.repositories import services
from vallum_web.repositories.models import Repository
from vallum_web.scans.scanner import Job
from vallum_web.tenancy import blobs, egress
from vallum_web.tenancy.keyring import KeyringError
from vallum_web.tenancy.limits import answers, gate
from vallum_web.tenancy.limits.catalogue import named

log = logging.getLogger(__name__)
_AT_ONCE = 1 << 20


SCAN_PER_TARGET = named("ScanPerTarget")


class SourceGoneError(Exception):
    """There is nothing to scan; the message says what to do."""


class TooOftenError(SourceGoneError):
    """The repository was fetched often of late, by whomever: its host is not ours to wear out."""


def bring(repository: Repository, scratch: Path, *, progress: Callable[[str], object]) -> Job:
    """Clone, or copy the archive, into `scratch`. Raises GuardError (clone) or SourceGoneError (archive, folder or token)."""
    if repository.folder:
        folder = Path(repository.folder)
        if not folder.is_dir():
            raise SourceGoneError(f"{folder} is not there any more: bring it back, then scan again.")
        return Job(path=folder, trusted=True)
    if repository.archive:
        # By its bytes it is known for what it is; its own name is a stranger's, and may be longer than a disk takes.
        # This one says that it must be an archive: of another ending, what is none would be scanned as one file.
        place = scratch / "archive.zip"
        try:
            with blobs.opened(repository.org_id, repository.archive) as kept, place.open("xb") as plain:
                shutil.copyfileobj(kept, plain, _AT_ONCE)
        except FileNotFoundError as error:
            raise SourceGoneError("The uploaded archive is no longer kept: upload it again.") from error
        except KeyringError as error:
            log.exception("The archive of repository %s does not open", repository.pk)
            raise SourceGoneError("The uploaded archive does not open any more: upload it again.") from error
        return Job(path=place)
    _ask(repository.url)
    origin = Origin(url=repository.url, branch=repository.branch or None, credential=_proof(repository))
    folder = scratch / "repository"
    checkout = clone(origin, folder, route=egress.route(repository.org_id, repository.asset_id), progress=progress)
    facts = {"branch": checkout.branch, "commit": checkout.commit}
    return Job(path=folder, left_out=checkout.left_out, facts=facts)


def _ask(url: str) -> None:
    given = gate.take(SCAN_PER_TARGET, url.lower().removesuffix("/").removesuffix(".git"))
    if not given.allowed:
        wait = answers.in_words(given.retry_after)
        raise TooOftenError(f"This repository was fetched very often in the last hour: scan again in {wait}.")


def _proof(repository: Repository) -> Credential | None:
    try:
        return services.proof(repository)
    except KeyringError as error:
        log.exception("The token of repository %s does not open", repository.pk)
        raise SourceGoneError(
            "The token of this repository could not be opened, so it was not cloned: give the token again. Whoever runs the "
            "platform finds the reason in its log."
        ) from error
