"""What is checked out in a folder, read from git's files without running git over them."""

import os
import re
import stat
from collections.abc import Mapping

_COMMIT = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_REF = r"ref: (refs/heads/[^\x00-\x20~^:?*\[\\\x7f]{1,200})"
_PACKED_BYTES = 16 << 20


def checked_out(folder: str) -> Mapping[str, str]:
    """`branch` and `commit` of a repository's work tree, as far as they can be told; nothing elsewhere."""
    git = f"{folder}/.git"
    head = _text(f"{git}/HEAD")
    if not head:
        return {}
    if re.fullmatch(_COMMIT, head):
        return {"commit": head}
    named = re.fullmatch(_REF, head)
    if not named or ".." in named[1]:
        return {}
    commit = _text(f"{git}/{named[1]}") or _packed(f"{git}/packed-refs", named[1])
    facts = {"branch": named[1].removeprefix("refs/heads/")}
    return facts | {"commit": commit} if re.fullmatch(_COMMIT, commit) else facts


def _packed(path: str, ref: str) -> str:
    for line in _text(path, _PACKED_BYTES).splitlines():
        commit, _, name = line.partition(" ")
        if name == ref:
            return commit
    return ""


def _text(path: str, limit: int = 4096) -> str:
    try:
        met = os.lstat(path)
        if not stat.S_ISREG(met.st_mode) or met.st_size > limit:
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except (OSError, ValueError):
        return ""
