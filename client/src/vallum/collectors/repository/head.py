"""What is checked out in a folder, read from git's files without running git over them."""

import re
from collections.abc import Mapping
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"ref: (refs/heads/[^\x00-\x20~^:?*\[\\\x7f]{1,200})")
_PACKED_BYTES = 16 << 20


def checked_out(folder: Path) -> Mapping[str, str]:
    """`branch` and `commit` of a repository's work tree, as far as they can be told; nothing elsewhere."""
    git = folder / ".git"
    head = _text(git / "HEAD")
    if _COMMIT.fullmatch(head):
        return {"commit": head}
    named = _REF.fullmatch(head)
    if not named or ".." in named[1]:
        return {}
    commit = _text(git / named[1]) or _packed(git / "packed-refs", named[1])
    facts = {"branch": named[1].removeprefix("refs/heads/")}
    return facts | {"commit": commit} if _COMMIT.fullmatch(commit) else facts


def _packed(path: Path, ref: str) -> str:
    for line in _text(path, _PACKED_BYTES).splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return ""


def _text(path: Path, limit: int = 4096) -> str:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > limit:
            return ""
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
