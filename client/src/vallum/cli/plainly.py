"""The command line of `vallum scan` as most people and hooks write it, read without argparse.

Nothing is judged here: what is not plain, or not right, is left to argparse, which says what is wrong with it.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from vallum.detectors import LICENCES, NAMES
from vallum_engine.model.finding import Severity

Given = Any
"""What was said of each option, by its name: ours, or argparse's namespace."""

_UNSAID: dict[str, Any] = {
    "place": ".",
    "only": NAMES,
    "format": "table",
    "progress": "auto",
    "fail_on": None,
    **dict.fromkeys(("asset", "author", "baseline", "branch", "ignores", "left_out_from", "licence_policy"), ""),
    **dict.fromkeys(("output", "platform", "range", "upload"), ""),
    **dict.fromkeys(("left_out", "product", "rules", "vex"), ()),
    **dict.fromkeys(("max_bytes", "max_file_bytes", "max_files", "processes"), 0),
}
_FLAGS = ("history", "ignore_unfixed", "no_archives", "no_cache", "no_ignore", "offline", "repository_rules", "staged")
_FLAGS_BY_OPTION = {f"--{name.replace('_', '-')}": name for name in (*_FLAGS, "verify")}
_TEXTS = {"--format": ("json", "sarif", "table"), "--fail-on": tuple(Severity), "--output": (), "--only": ()}
"""Options of one text, and which texts they take; none for any."""


def read(arguments: Sequence[str]) -> Given | None:
    """What was asked; None where argparse has to be."""
    given = {**_UNSAID, **dict.fromkeys(_FLAGS_BY_OPTION.values(), False)}
    words, places = iter(arguments), []
    for word in words:
        if word in _FLAGS_BY_OPTION:
            given[_FLAGS_BY_OPTION[word]] = True
        elif word in _TEXTS:
            text = next(words, "-")
            if text.startswith("-") or (_TEXTS[word] and text not in _TEXTS[word]):
                return None
            given[word[2:].replace("-", "_")] = text
        elif word.startswith("-"):
            return None
        else:
            places.append(word)
    given["place"] = places[0] if places else "."
    if given["only"] is not NAMES:
        given["only"] = tuple(str(given["only"]).split(","))
    known = set(given["only"]) <= {*NAMES, LICENCES}
    return SimpleNamespace(**given) if known and len(places) < 2 else None
