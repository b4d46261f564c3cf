"""Ruby's manifests, read for what stands there in plain strings: `*.gemspec`, `Gemfile` and `gems.rb`.

They are programs: what they work out is not seen. Only one exact version is a version; a range is listed with none.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, text_of

TODO = "Save it as UTF-8 text."
_WISH = re.compile(r"\s*(?:[\w.]*\.add_(runtime_|development_|)dependency|(gem))[ (]")
# The length is bounded: openings without an end would each be looked for to the end of the line.
_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'|%[qQ]?<([^>]{0,200})>")
_GROUP = re.compile(r"(\s*)group\b([^#]*)\bdo\s*(?:#.*)?")
_INLINE = re.compile(r"\b(?:group|groups)(?::|\s*=>)\s*(\[[^\]]*\]|:\w+)")
_SYMBOL = re.compile(r":(\w+)")
_RANGE = re.compile(r"(?:[=~<>!]{1,2}\s*)?\d[\w.]*")
_EXACT = re.compile(r"(?:=\s*)?(\d[\w.]*)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_DEV = frozenset({"development", "test", "ci", "lint", "docs"})


def extract(file: File) -> Iterator[Entry]:
    """Yield every gem that is asked for. Raises BrokenData only for what is no text: a program has no frame."""
    # A block `group … do` ends with the first `end` that stands as far in.
    indent, block = "", frozenset[str]()
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.rstrip()
        if opened := _GROUP.fullmatch(line):
            indent, block = opened[1], frozenset(_SYMBOL.findall(opened[2]))
        elif block and line == f"{indent}end":
            block = frozenset()
        elif wish := _WISH.match(line):
            strings = ["".join(parts) for parts in _STRING.findall(line[wish.end() - 1 :].partition(" #")[0])]
            if strings and _NAME.fullmatch(strings[0]):
                inline = _INLINE.search(line)
                groups = frozenset(_SYMBOL.findall(inline[1])) if inline else block
                dev = wish[1] == "development_" or (bool(groups) and groups <= _DEV)
                # Options (`require: "x"`, `git: "…"`) come as strings too, and are no range.
                asked = ", ".join(text.strip() for text in strings[1:] if _RANGE.fullmatch(text.strip())) or "*"
                yield _package(file, number, strings[0], asked, groups=("dev",) if dev else ())


def _package(file: File, line: int, name: str, asked: str, *, groups: tuple[str, ...]) -> Package:
    exact = _EXACT.fullmatch(asked)
    return Package(
        ecosystem="RubyGems",
        name=name,
        version=exact[1] if exact else "",
        location=Location(path=file.path, line=line, end_line=line),
        direct=True,
        groups=groups,
        requested=asked,
    )
