"""Bringing a repository's code to a folder where the scanner can read it. Nothing here opens a file of it."""

import os
from collections.abc import Callable
from pathlib import Path

from vallum_guard.git import Origin, clone
from vallum_web.repositories.models import Repository
from vallum_web.scans.scanner import Job
from vallum_web.tenancy import blobs, egress


class SourceGoneError(Exception):
    """There is nothing to scan; the message says what to do."""


def bring(repository: Repository, scratch: Path, *, progress: Callable[[str], object]) -> Job:
    """Clone, or link the archive, into `scratch`. Raises GuardError (clone) or SourceGoneError (archive or folder)."""
    if repository.folder:
        folder = Path(repository.folder)
        if not folder.is_dir():
            raise SourceGoneError(f"{folder} is not there any more: bring it back, then scan again.")
        return Job(path=folder, trusted=True)
    if repository.archive:
        kept = blobs.path(repository.org_id, repository.archive)
        # By its bytes it is known for what it is; its name is a stranger's, and may be longer than a disk takes.
        place = scratch / "archive"
        if not kept.exists():
            raise SourceGoneError("The uploaded archive is no longer kept: upload it again.")
        os.link(kept, place)
        return Job(path=place)
    origin = Origin(url=repository.url, branch=repository.branch or None)
    folder = scratch / "repository"
    checkout = clone(origin, folder, route=egress.route(repository.org_id, repository.asset_id), progress=progress)
    facts = {"branch": checkout.branch, "commit": checkout.commit}
    return Job(path=folder, left_out=checkout.left_out, facts=facts)
