"""Which versions are no releases yet, as each ecosystem writes them; and which of several to move to.

The patterns are compiled when there is a choice to make, which most scans have not.
"""

import re
from collections.abc import Callable, Mapping, Sequence

Early = Callable[[str], bool]

_WORDS = r"(?i)(?<![a-z])(?:a|alpha|b|beta|c|canary|cr|dev|ea|m|milestone|next|nightly|pre|preview|rc|snapshot)[.-]?\d*(?![a-z\d])"
_SEMANTIC = r"^v?\d+(?:\.\d+)*-"
_EARLY: Mapping[str, str] = {
    "Go": r"-(?:alpha|beta|pre|rc)",
    "Hex": _SEMANTIC,
    "Julia": _SEMANTIC,
    "Maven": _WORDS,
    "NuGet": _SEMANTIC,
    "Packagist": _WORDS,
    "Pub": _SEMANTIC,
    "PyPI": r"(?i)\d[._-]?(?:a|alpha|b|beta|c|dev|pre|preview|rc)[._-]?\d*(?:$|[+._-])",
    "RubyGems": r"(?i)[a-z]",
    "crates.io": _SEMANTIC,
    "npm": _SEMANTIC,
}
"""What tells one by its letters. Go's versions of a commit are as good as any there."""
_FIRST = re.compile(r"\D*(\d*)")


def early(ecosystem: str, ours: str) -> Early | None:
    """Whether a version is no release yet; None where it does not matter, as to whom has such a version already."""
    pattern = _EARLY.get(ecosystem)
    if pattern is None or re.search(pattern, ours):
        return None
    return lambda version: re.search(pattern, version) is not None


def preferred(free: Sequence[str], is_early: Early | None) -> str:
    """Of versions in their order the lowest; before one that is no release yet, a release that begins with the same number."""
    first = free[0]
    if is_early is None or not is_early(first):
        return first
    number = _number(first)
    return next((other for other in free if _number(other) == number and not is_early(other)), first)


def _number(version: str) -> str:
    found = _FIRST.match(version)
    return found[1] if found else ""
