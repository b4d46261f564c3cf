"""Runs inside the sandbox after a clone, without network: writes the work tree, but for files that were left behind.

Only plain git commands; it answers with one JSON object on stdout. Submodules are left behind as well: as `path/`.
"""

import json
import subprocess
import sys
from collections.abc import Container, Iterable
from typing import Final

_GIT: Final = ("git", *sys.argv[1:])
_SUBMODULE: Final = b"160000"


def _git(*arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
    return subprocess.run((*_GIT, *arguments), input=stdin, stdout=subprocess.PIPE, check=check).stdout


def main() -> None:
    branch = _git("symbolic-ref", "--quiet", "--short", "HEAD", check=False).decode("utf-8", "replace").strip()
    commit = _git("rev-parse", "--quiet", "--verify", "HEAD^{commit}", check=False).decode().strip()
    left_out: list[str] = []
    if commit:
        missing = _missing()
        _git("read-tree", "HEAD")
        entries = _entries()
        left_out = [*_skip(entries, missing), *(f"{_text(path)}/" for mode, _, path in entries if mode == _SUBMODULE)]
        _git("checkout-index", "--all", "--force", "--quiet")
    answer = {"branch": branch, "commit": commit, "left_out": sorted(left_out)}
    sys.stdout.write(json.dumps(answer))


def _missing() -> set[str]:
    """Objects that the blob filter kept from coming."""
    listing = _git("rev-list", "--objects", "--missing=print", "--max-count=1", "HEAD")
    return {line[1:].decode() for line in listing.splitlines() if line.startswith(b"?")}


def _entries() -> list[tuple[bytes, str, bytes]]:
    """Mode, object and path of all that the commit holds."""
    found = []
    for entry in _git("ls-files", "--stage", "-z").split(b"\0"):
        facts, _, path = entry.partition(b"\t")
        if path:
            mode, name, _ = facts.split()
            found.append((mode, name.decode(), path))
    return found


def _skip(entries: Iterable[tuple[bytes, str, bytes]], missing: Container[str]) -> list[str]:
    """Marks the paths of missing objects as not to be written. Submodules have no object here either, and are no file."""
    paths = [path for mode, name, path in entries if mode != _SUBMODULE and name in missing]
    if paths:
        _git("update-index", "--skip-worktree", "-z", "--stdin", stdin=b"\0".join(paths) + b"\0")
    return [_text(path) for path in paths]


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


if __name__ == "__main__":
    main()
