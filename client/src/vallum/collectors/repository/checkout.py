"""A repository of others: cloned by the guard into a folder of ours, scanned, thrown away."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from vallum import egress
from vallum.errors import Misuse, Unreachable
from vallum_engine.values import immutable
from vallum_guard import git
from vallum_guard.errors import BadUrl, GuardError
from vallum_guard.removal import remove_quietly


@immutable
class Clone:
    """A work tree on this machine, for as long as it is needed."""

    root: str
    target: Mapping[str, str]
    left_out: tuple[str, ...]
    """Files that the server kept because of their size, and submodules (`path/`)."""


@contextlib.contextmanager
def cloned(url: str, branch: str, *, history: bool = False, say: Callable[[str], None]) -> Iterator[Clone]:
    """Clone into a private folder that goes with the block; with its history, or its newest commit alone.

    Raises Misuse for an address that is none.
    """
    token = os.environ.get("VALLUM_GIT_TOKEN", "").strip()
    credential = git.Credential(token=token) if token else None
    origin = git.Origin(url=url, branch=branch or None, credential=credential, history=history)
    route = egress.route()
    try:
        target = origin.validate(opening=route.opening)
    except BadUrl as error:
        raise Misuse(str(error)) from error
    except GuardError as error:
        raise Unreachable(f"Nothing was scanned: {error}") from error
    with tempfile.TemporaryDirectory(prefix="vallum-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "tree"
        try:
            checkout = git.clone(origin, place, route=route)
        except GuardError as error:
            raise Unreachable(f"Nothing was scanned: {error}") from error
        say(f"{target.url} at {checkout.commit[:12]} ({checkout.branch}), isolation: {checkout.mechanism.value}")
        name = target.path.rstrip("/").rpartition("/")[2].removesuffix(".git")
        facts = {"name": name, "url": target.url, "branch": checkout.branch, "commit": checkout.commit}
        try:
            yield Clone(root=str(place), target=facts, left_out=checkout.left_out)
        finally:
            remove_quietly(place)
