"""Java, Kotlin, Groovy and Scala: import declarations, and names that code writes out in full.

Grammar: https://docs.oracle.com/javase/specs/jls/se21/html/jls-7.html#jls-7.5. Scala groups names in braces.
"""

import re

from vallum_engine.syntax.code import Code, Lines, bare

# Possessive are only groups whose turns cannot fail behind their first letter: before Python 3.11.5 what such a turn took stays taken.
_TOKEN = re.compile(
    rb"""//[^\n]*+
    | /\*.*?(?:\*/|\Z)
    | \"{3}[^"\\]*+(?>(?:(?:\\.?+|"(?!""))[^"\\]*+)*)(?:\"{3}|\Z)
    | "[^"\\\n]*+(?:\\.?+[^"\\\n]*+)*+"?+
    | '[^'\\\n]*+(?:\\.?+[^'\\\n]*+)*+'?+""",
    re.DOTALL | re.VERBOSE,
)
_GAP = rb"[ \t\r\n]*+"
_CHAIN = re.compile(
    rb"(?<![\w.$])(?>(?:(import|package)\b[ \t]++(?>(?:static[ \t]++)?))?)([a-z_]\w*+(?>(?:"
    + _GAP
    + rb"\."
    + _GAP
    + rb"[\w$`]++){1,30}))"
    rb"(?>(?:" + _GAP + rb"\." + _GAP + rb"(\*|\{[^{}]*+\}))?)"
)
_ONE = re.compile(rb"(?<![\w.$])import[ \t]++([a-z_]\w*+)[ \t]*+(?:\.[ \t]*+[*_{])")
_SELECTED = re.compile(rb"(?:^|[,{])\s*+([\w$]++)")
_LOADED = re.compile(
    rb"\b(Class\s*+\.\s*+forName|loadClass|ServiceLoader\s*+\.\s*+load(?:Installed)?)\s*+(?:<[^>(]*+>)?\(\s*+(?:(\")|([^\s)]))?"
)


def read(source: bytes) -> Code:
    """Names in full: those of import declarations, and chains of three names and more that begin in lower case."""
    stripped = bare(source, _TOKEN)
    found, code = Code(stripped, whole=stripped.whole), stripped.code
    lines = Lines(source)
    for match in _CHAIN.finditer(code):
        name = _plain(match[2])
        if match[1] == b"package" or (match[1] is None and name.count(".") < 2):
            continue
        line = lines.of(match.start(2))
        if match[3] and match[3].startswith(b"{"):
            for one in _SELECTED.finditer(match[3]):
                found.add(f"{name}.{one[1].decode('latin-1')}", line)
        else:
            found.add(name, line)
    for match in _ONE.finditer(code):
        found.add(match[1].decode("latin-1"), lines.of(match.start(1)))
    _loads(found)
    return found


def _plain(name: bytes) -> str:
    return b"".join(name.replace(b"`", b"").split()).decode("latin-1")


def _loads(found: Code) -> None:
    """Classes that are loaded by their names, or as whoever offers a service."""
    code = found.bare.code
    lines = Lines(code)
    for match in _LOADED.finditer(code):
        line = lines.of(match.start())
        if match[2] and not match[1].startswith(b"Service"):
            found.add(found.bare.text(match.start(2)).decode("latin-1"), line)
        else:
            found.computes(line)
