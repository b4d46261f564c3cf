"""`python -m dev.licences FOLDER`: FOLDER is the `node_modules` of three packages that carry SPDX's lists and texts.

`npm install --prefix X spdx-license-list@6.12.0 spdx-license-ids@3.0.24 spdx-exceptions@2.5.0` makes one.
"""

import json
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from vallum_engine.licenses import texts
from vallum_engine.licenses.known import TABLE

RULES = Path(__file__).with_name("categories.toml")
PERMISSIVE = "permissive"
_APPENDED = ("end of terms and conditions", "how to apply these terms")
"""What stands behind these words tells how to use the licence, and is left out of many copies."""
_GPL = "GNU GENERAL PUBLIC LICENSE"
"""SPDX has it behind the LGPL 3, which refers to it; elsewhere it lies in a file of its own."""


def ids(folder: Path) -> Iterator[str]:
    """Lines of `ids.tsv`: the kind, the id, what it asks (of an exception: what it makes of strong copyleft), and today's id."""
    rules = tomllib.loads(RULES.read_text("utf-8"))
    current = rules.pop("current")
    frees = rules.pop("exceptions")["frees"]
    given_up = set(_list(folder, "spdx-license-ids/deprecated.json"))
    for name in sorted({*_list(folder, "spdx-license-ids/index.json"), *given_up}):
        now = current.get(name) or (f"{name}-only" if name in given_up else name)
        yield "\t".join(("licence", name, category(name, rules), "" if now == name else now))
    for name in sorted(_list(folder, "spdx-exceptions/index.json")):
        yield "\t".join(("exception", name, "weak copyleft" if _among(name, frees) else "", ""))


def category(name: str, rules: Mapping[str, list[str]]) -> str:
    return next((said for said, patterns in rules.items() if _among(name, patterns)), PERMISSIVE)


def prints(folder: Path) -> Iterator[str]:
    """Lines of `texts.tsv`. Of licences with one text the first stands for all."""
    known = set(_list(folder, "spdx-license-ids/index.json")) - set(_list(folder, "spdx-license-ids/deprecated.json"))
    rows: dict[tuple[int, ...], str] = {}
    for path in sorted((folder / "spdx-license-list/licenses").glob("*.json"), key=lambda path: _order(path.stem)):
        text = _body(path.stem, json.loads(path.read_text("utf-8"))["licenseText"])
        row = tuple(texts.numbers(texts.words(text)))
        if path.stem in known and row:
            rows.setdefault(row, path.stem)
    shared = Counter(number for row in rows for number in set(row))
    for row, name in sorted(rows.items(), key=lambda item: item[1]):
        yield f"{name}\t{len(row)}\t{texts.pack(_sample(set(row), shared))}"


def _sample(row: set[int], shared: Mapping[int, int]) -> set[int]:
    lowest = sorted(row)
    if len(row) <= texts.WHOLE:
        return row
    rarest = sorted(lowest[texts.LOWEST :], key=lambda number: (shared[number], number))
    return {*lowest[: texts.LOWEST], *rarest[: texts.RAREST]}


def _body(name: str, text: str) -> str:
    """The licence without what tells how to apply it, and without what SPDX writes for what is to be filled in."""
    ends = [at for mark in _APPENDED if (at := text.lower().find(mark)) > len(text) // 2]
    if name.startswith("LGPL-3.0"):
        ends.append(text.index(_GPL))
    return re.sub(r"<[^<>\n]{1,60}>|\[[^\[\]\n]{1,60}\]", " ", text[: min(ends, default=len(text))])


def _order(name: str) -> tuple[bool, str]:
    """`-only` before `-or-later`, whose text is the same."""
    return "-or-later" in name, name


def _among(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _list(folder: Path, path: str) -> list[str]:
    found: list[str] = json.loads((folder / path).read_text("utf-8"))
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    for target, lines in ((TABLE, list(ids(folder))), (texts.TABLE, list(prints(folder)))):
        target.write_text("\n".join(lines) + "\n", "ascii")
        print(f"{target.name}: {len(lines):,} lines, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
