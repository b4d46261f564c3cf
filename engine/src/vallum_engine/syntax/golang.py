"""Go: import declarations. Import paths are constants, so that nothing is loaded by a name but plug-ins.

Grammar: https://go.dev/ref/spec#Import_declarations. Build constraints: https://pkg.go.dev/cmd/go#hdr-Build_constraints.
"""

import re

from vallum_engine.syntax.code import Code, Lines, bare

_TOKEN = re.compile(
    rb"""//[^\n]*+
    | /\*.*?(?:\*/|\Z)
    | "[^"\\\n]*+(?:\\.?+[^"\\\n]*+)*+"?+
    | `[^`]*+`?+
    | '[^'\\\n]*+(?:\\.?+[^'\\\n]*+)*+'?+""",
    re.DOTALL | re.VERBOSE,
)
# Atomic, not possessive: python.py says why.
_IMPORT = re.compile(rb"(?:^|;)[ \t]*+import\b\s*+(?:(\()[^)]*+|(?>(?:[\w.]+[ \t]+|\.[ \t]*+)?)\")", re.MULTILINE)
_PLUGIN = re.compile(rb"\bplugin\.Open\s*+\(")
_NO_BUILD = re.compile(rb"^//(?:go:build[ \t]+|[ \t]*\+build[ \t]+)(?:ignore|tools?)[ \t]*\r?$", re.MULTILINE)
_PACKAGE = re.compile(rb"^package\b", re.MULTILINE)
_QUOTE = re.compile(rb'"')


def read(source: bytes) -> Code:
    """Every import path, in the order of its lines; `C` is none."""
    stripped = bare(source, _TOKEN)
    found, code = Code(stripped, whole=stripped.whole), stripped.code
    head = _PACKAGE.search(code)
    found.apart = bool(_NO_BUILD.search(source, 0, head.start() if head else len(source)))
    lines = Lines(source)
    for match in _IMPORT.finditer(code):
        for quote in _QUOTE.finditer(code, match.start(), match.end()):
            path = stripped.text(quote.start()).decode("latin-1")
            if path and path != "C" and not path.startswith("."):
                found.add(path, lines.of(quote.start()))
    if (opened := _PLUGIN.search(code)) is not None:
        found.computes(Lines(source).of(opened.start()))
    return found
