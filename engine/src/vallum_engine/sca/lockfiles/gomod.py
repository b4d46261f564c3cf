"""Go: `go.mod`, with `replace` and `exclude` applied, and the toolchain as the package `stdlib`.

From Go 1.17 on the file names every module that is built in (https://go.dev/ref/mod#go-mod-file-go); before, and where it
says no version, which is taken for 1.16, it names what the module imports itself, and `go.sum` beside it the others. A module
replaced by a folder is left out.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.graph import Graph
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Partial, broken, text_of
from vallum_engine.values import made, mutable

TODO = "Let `go mod tidy` write it anew."
_RELEASE = re.compile(r"(?:go)?(\d+\.\d+(?:\.\d+)?(?:(?:alpha|beta|rc)\d+)?)", re.ASCII)
_WHOLE_FROM = (1, 17)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`|([^\s"`]+)')
_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"`]+)", re.MULTILINE)
_BLOCKS = {"require", "replace", "exclude", "retract", "tool", "ignore", "godebug", "module", "toolchain", "go"}


@mutable
class _Module:
    required: list[tuple[str, str, int, bool]] = made(factory=list)
    replaced: dict[tuple[str, str], tuple[str, str, int]] = made(factory=dict)
    excluded: set[tuple[str, str]] = made(factory=set)
    go: tuple[str, int] = ("", 0)
    toolchain: tuple[str, int] = ("", 0)


def extract(file: File) -> Iterator[Entry]:
    """Yield every required module, then the standard library. Raises BrokenData."""
    module = _read(text_of(file, TODO))
    seen: set[tuple[str, str]] = set()
    for name, version, line, direct in module.required:
        if (name, version) in module.excluded:
            continue
        target = module.replaced.get((name, version)) or module.replaced.get((name, "")) or (name, version, line)
        if target[:2] in seen or not target[1]:
            continue
        seen.add(target[:2])
        yield _package(file, target[0], target[1].removeprefix("v"), line=target[2], direct=direct)
    if module.required and not _names_all(module.go[0]):
        yield Partial(
            why="which modules others bring is not known: before Go 1.17 go.mod names none of them, and no go.sum lies "
            "beside it. `go mod tidy` writes it"
        )
    version, line = module.toolchain if module.toolchain[0] else module.go
    if version:
        yield _package(file, "stdlib", version, line=line, direct=True)


def _names_all(go: str) -> bool:
    major, _, minor = (go or "1.16").partition(".")
    return (int(major), int(re.split(r"\D", minor, maxsplit=1)[0])) >= _WHOLE_FROM


def _package(file: File, name: str, version: str, *, line: int, direct: bool) -> Package:
    location = Location(path=file.path, line=line, end_line=line)
    return Package(ecosystem="Go", name=name, version=version, location=location, direct=direct)


def _read(text: str) -> _Module:
    module = _Module()
    block = ""
    for number, line in enumerate(text.split("\n"), 1):
        code, _, comment = line.partition("//") if "//" in line else (line, "", "")
        words = [a or b or c for a, b, c in _WORD.findall(code)]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                _statement(module, [block, *words], comment, line=number)
        elif words[0] not in _BLOCKS:
            raise broken(number, f"{words[0]!r} is no directive of go.mod", TODO)
        elif words[1:] == ["("]:
            block = words[0]
        else:
            _statement(module, words, comment, line=number)
    if block:
        raise broken(number, f"the block {block!r} is not closed", TODO)
    return module


def _statement(module: _Module, words: list[str], comment: str, *, line: int) -> None:
    match words:
        case ["require", name, version]:
            module.required.append((name, version, line, not comment.strip().startswith("indirect")))
        case ["require", *_]:
            raise broken(line, "a requirement without a version", TODO)
        case ["replace", *rest] if "=>" in rest:
            old, new = rest[: rest.index("=>")], rest[rest.index("=>") + 1 :]
            if old and new:
                key = (old[0], old[1] if len(old) > 1 else "")
                module.replaced[key] = (new[0], new[1] if len(new) > 1 else "", line)
        case ["exclude", name, version]:
            module.excluded.add((name, version))
        case ["go", version]:
            module.go = (released(version), line)
        case ["toolchain", version] if version != "default":
            module.toolchain = (released(version), line)
        case _:
            pass


def released(text: str) -> str:
    """The release of Go that a toolchain's name begins with (`go1.21.3-fork`); empty for what names none."""
    found = _RELEASE.match(text)
    return found[1] if found else ""


def graph(file: File) -> Graph:
    """What the module asks for itself. Of what stands there as `// indirect`, nobody says who asked."""
    packages = dict(enumerate(entry for entry in extract(file) if isinstance(entry, Package)))
    module = _MODULE.search(text_of(file, TODO))
    return Graph(
        names={"": (module[1] if module else "", ""), **{n: (p.name, p.version) for n, p in packages.items()}},
        wants={"": [number for number, package in packages.items() if package.direct]},
        roots=("",),
    )
