"""Python: `import` and `from` statements, and what `import_module` and its like are given.

Grammar: https://docs.python.org/3/reference/simple_stmts.html#import. A name taken from a package may be a module of it, so that
`from google.cloud import storage` imports `google.cloud` and `google.cloud.storage`.
"""

import re
from collections.abc import Iterator

from vallum_engine.syntax.code import Code, Lines, bare

# Possessive are only groups whose turns cannot fail behind their first letter: before Python 3.11.5 what such a turn took stays taken.
_TOKEN = re.compile(
    rb"""\#[^\n]*+
    | \"{3}[^"\\]*+(?>(?:(?:\\.?+|"(?!""))[^"\\]*+)*)(?:\"{3}|\Z)
    | '{3}[^'\\]*+(?>(?:(?:\\.?+|'(?!''))[^'\\]*+)*)(?:'{3}|\Z)
    | "[^"\\\n]*+(?:\\.?+[^"\\\n]*+)*+"?+
    | '[^'\\\n]*+(?:\\.?+[^'\\\n]*+)*+'?+""",
    re.DOTALL | re.VERBOSE,
)
_GAP = rb"(?:[ \t\f]|\\\n|\\\r\n)*+"
_DOTTED = rb"\w+(?>(?:" + _GAP + rb"\." + _GAP + rb"\w+)*)"
_REST = rb"[^\n;\\]*+(?>(?:\\\r?\n[^\n;\\]*+)*)"
_STATEMENT = re.compile(
    rb"[ \t\f]*+(?:import(?=[\s\\])(?P<modules>" + _REST + rb")"
    rb"|from(?=[\s\\.])(?P<of>(?:\.|[ \t\f]|\\\n|\\\r\n)*+" + _DOTTED + rb")" + _GAP + rb"import(?=[\s\\(*])"
    rb"(?P<names>" + _GAP + rb"\([^)]*+|" + _REST + rb"))"
)
_PARTED = re.compile(rb"[;:]")
_IMPORT = re.compile(rb"import(?<!\wimport)\b")
_CONTINUED = re.compile(rb"\\\r?\n\Z")
_NAME = re.compile(rb"(?:^|,)[\s\\(]*+(" + _DOTTED + rb")")
_CALL = re.compile(
    rb"\b(?:import_module|__import__|import_string|run_module|resolve_name|find_spec|(entry_points|iter_entry_points"
    rb"|load_entry_point|ExtensionManager|DriverManager))\s*+\(\s*+(?:([rRbBuU]?)(\")|([fF][rR]?|[rR][fF])(\")|([^\s\")]))?"
)
_LOADERS = (b"import_", b"__import", b"run_module", b"resolve_name", b"find_spec", b"entry_point", b"Manager")
_ROUND = re.compile(rb"[ \t\r\n]*+(?:[+%]|\.\s*+(?:format|join|replace)\b)")
_TYPES_ONLY = re.compile(rb"^([ \t]*+)(?:el)?if[ \t]+(?:\w+\.)?TYPE_CHECKING[ \t]*+:[ \t]*+(.*)$", re.MULTILINE)
_INDENT = re.compile(rb"[ \t]*+")
_BYTE_ORDER = b"\xef\xbb\xbf"
_OWN = (b"__package__", b"__name__")


def read(source: bytes) -> Code:
    """Every module that the source names, in the order of its lines."""
    if source.startswith(_BYTE_ORDER):
        source = b"   " + source[3:]
    stripped = bare(source, _TOKEN)
    code, found = stripped.code, Code(stripped, whole=stripped.whole)
    if b"TYPE_CHECKING" in code:
        code = _without_types(code)
    lines = Lines(source)
    for match in _statements(code):
        start = match.start("modules") if match["modules"] is not None else match.start("of")
        line = lines.of(start)
        if match["modules"] is not None:
            for name in _names(match["modules"]):
                found.add(name, line)
            continue
        module = _plain(match["of"])
        if module.startswith("."):
            continue
        found.add(module, line)
        for name in _names(match["names"]):
            found.add(f"{module}.{name}", line)
    _calls(code, found)
    return found


def _statements(code: bytes) -> Iterator[re.Match[bytes]]:
    """The statements that import: each begins a line, or follows a colon or a semicolon."""
    done = 0
    for word in _IMPORT.finditer(code):
        place = word.start()
        if place < done:
            continue
        line = _line_of(code, done, place)
        marks = _PARTED.finditer(code, max(line, done), place)
        begins = [*([line] if line >= 0 else []), *(mark.end() for mark in marks)]
        found = next((match for at in begins if (match := _STATEMENT.match(code, at)) and match.end() > place), None)
        done = found.end() if found else place
        if found:
            yield found


def _line_of(code: bytes, done: int, place: int) -> int:
    """Where the line begins that `place` is in, with those that it continues; -1 where that is before `done`."""
    end = code.rfind(b"\n", done, place)
    while end >= 0 and _CONTINUED.search(code, max(end - 2, done), end + 1):
        end = code.rfind(b"\n", done, end)
    return end + 1 if end >= 0 else 0 if done == 0 else -1


def _names(listed: bytes) -> list[str]:
    return [_plain(name[1]) for name in _NAME.finditer(listed)]


def _plain(name: bytes) -> str:
    return b"".join(name.replace(b"\\", b" ").split()).decode("latin-1")


def _calls(code: bytes, found: Code) -> None:
    """What functions load by a name that they are given: known where it is written there."""
    if not any(word in code for word in _LOADERS):
        return
    lines = Lines(code)
    for match in _CALL.finditer(code):
        line = lines.of(match.start())
        at = match.start(3) if match[3] else match.start(5)
        if match[1] or not (match[3] or match[5]):
            if match[1] or (match[6] and not code.startswith(_OWN, match.start(6))):
                found.computes(line)
            continue
        name = found.bare.text(at).decode("latin-1")
        holes = match[5] or _ROUND.match(code, found.bare.texts[at])
        known = name.partition("{")[0] if match[5] else name
        if holes and "." not in known.lstrip("."):
            found.computes(line)
        elif known and not known.startswith("."):
            found.add(known.rstrip(".").replace(":", "."), line)


def _without_types(code: bytes) -> bytes:
    """Blank what stands under `if TYPE_CHECKING:`, which no interpreter runs."""
    parts: list[bytes] = []
    at = 0
    for match in _TYPES_ONLY.finditer(code):
        if match.start() < at:
            continue
        end = match.end()
        if not match[2].strip():
            end = _block_end(code, match.end() + 1, len(match[1]))
        parts += (code[at : match.start()], re.sub(rb"[^\n]", b" ", code[match.start() : end]))
        at = end
    return b"".join((*parts, code[at:]))


def _block_end(code: bytes, at: int, depth: int) -> int:
    """Where the lines end that are indented further than `depth`, blank ones between them included."""
    while at < len(code):
        stop = code.find(b"\n", at)
        stop = len(code) if stop < 0 else stop
        line = code[at:stop]
        if line.strip() and len(_INDENT.match(line)[0]) <= depth:  # type: ignore[index]  # it matches everything
            return at
        at = stop + 1
    return len(code)
