"""Bundler: `Gemfile.lock` and `gems.locked`, read line by line as Bundler itself does.

The margin names a section, two spaces in stand its options, four spaces in its gems and six what each gem asks for
(https://github.com/rubygems/rubygems, bundler/lib/bundler/lockfile_parser.rb). A gem for several platforms stands once
for each and counts once. Left out: gems that lie in a folder of the project (`PATH`), but they say what is direct; below a
folder `vendor` they are copies of others' gems and count.
"""

import re
from collections.abc import Iterator, Sequence

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph, Key
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Asking, Entry, Gap, broken, text_of
from vallum_engine.values import made, mutable

TODO = "Write the lockfile anew with `bundle lock`."
_SOURCES = frozenset({"GEM", "GIT", "PATH", "PLUGIN SOURCE"})
_SECTION = re.compile(r"[A-Z][A-Z ]*")
_PINNED = re.compile(r"([^\s()]+) \(([^-()\s]+)(?:-[^()\s]*)?\)")
_NAMED = re.compile(r"([^\s()!]+)(?: \([^()]*\))?(!?)")
_PROJECT = "project"
_OPTION, _GEM, _WANT = 2, 4, 6
"""Spaces before the lines of a section."""


@mutable
class _Gem:
    name: str
    version: str
    line: int
    own: bool
    commit: str = ""
    wants: list[str] = made(factory=list)


@mutable
class _Lock:
    gems: list[_Gem] = made(factory=list)
    asked: set[str] | None = None
    """What the Gemfile names; None where the section is missing."""
    odd: list[int] = made(factory=list)


def extract(file: File) -> Iterator[Entry]:
    """Yield every gem that is not the project's own. Raises BrokenData."""
    lock = _read(file)
    direct = _direct(lock)
    seen: set[tuple[str, str]] = set()
    for gem in lock.gems:
        if gem.own or (gem.name, gem.version) in seen:
            continue
        seen.add((gem.name, gem.version))
        yield Package(
            ecosystem="RubyGems",
            name=gem.name,
            version=gem.version,
            location=Location(path=file.path, line=gem.line, end_line=gem.line),
            direct=None if direct is None else gem.name in direct,
            commit=gem.commit,
        )
    yield from (Gap(line=line, readable=False) for line in lock.odd)


def _direct(lock: _Lock) -> set[str] | None:
    if lock.asked is None:
        return None
    return lock.asked.union(*(gem.wants for gem in lock.gems if gem.own))


def _read(file: File) -> _Lock:
    lock = _Lock()
    section, options = "", dict[str, str]()
    for number, raw in enumerate(text_of(file, TODO).split("\n"), 1):
        line = raw.rstrip()
        text = line.lstrip(" ")
        if not text:
            continue
        depth = len(line) - len(text)
        if not depth:
            if not _SECTION.fullmatch(line):
                raise broken(number, "no section of a Gemfile.lock begins like this", TODO)
            section, options = line, {}
            if section == "DEPENDENCIES":
                lock.asked = set()
        elif section in _SOURCES:
            if depth == _OPTION:
                name, _, value = text.partition(": ")
                options[name] = value
            own = section == "PATH" and "vendor" not in options.get("remote", "").split("/")
            _source(lock, text, depth, _Gem("", "", number, own, options.get("revision", "")))
        elif section == "DEPENDENCIES" and lock.asked is not None and (found := _NAMED.fullmatch(text)):
            lock.asked.add(found[1])
    return lock


def _source(lock: _Lock, text: str, depth: int, gem: _Gem) -> None:
    """A line of a section of gems; `gem` is what it would be the gem of."""
    if depth == _GEM:
        if found := _PINNED.fullmatch(text):
            gem.name, gem.version = found[1], found[2]
            lock.gems.append(gem)
        else:
            lock.odd.append(gem.line)
    elif depth == _WANT and lock.gems and (found := _NAMED.fullmatch(text)):
        lock.gems[-1].wants.append(found[1])


def graph(file: File, asking: Sequence[Asking] = ()) -> Graph:
    """Who asks for whom, by name. Gems in a folder of the project are projects beside it.

    The lockfile says what is asked for; the Gemfile and the gemspec beside it what of it is to develop with.
    """
    lock = _read(file)
    only = {name for own in asking for name in own.develops_with} - {name for own in asking for name, _ in own.wants}
    asked = sorted(lock.asked or ())
    answers: dict[Key, list[Key]] = {}
    wants: dict[Key, list[Key]] = {_PROJECT: [name for name in asked if name not in only]}
    names: dict[Key, tuple[str, str]] = {_PROJECT: ("", "")}
    for gem in lock.gems:
        key = (gem.name, gem.version)
        if key not in names:
            names[key] = (gem.name, "" if gem.own else gem.version)
            answers.setdefault(gem.name, []).append(key)
        wants.setdefault(key, []).extend(gem.wants)
    return Graph(
        names=names,
        wants=wants,
        answers=answers,
        roots=[_PROJECT, *dict.fromkeys((gem.name, gem.version) for gem in lock.gems if gem.own)],
        dev={_PROJECT: [name for name in asked if name in only]} if asking else None,
        whole=lock.asked is not None,
    )
