"""What source code says of other code, and the code itself without its comments and texts."""

import re
from collections.abc import Callable, Iterator, Mapping

from vallum_engine.values import made, mutable

MOST_BYTES = 2 << 20
"""Of a file: people write none that is larger, and of what a machine wrote the imports stand elsewhere."""
MOST_IMPORTS = 20_000
MOST_TOKENS = 400_000
"""Comments and texts of a file."""
LONGEST_TEXT = 300
"""Bytes of a text that could name a package."""

_BLANK = bytes(10 if letter == 10 else 32 for letter in range(256))
_NO_TEXT = b"#/"
_WORD = re.compile(rb"[\w@./+:$-]++", re.ASCII)


@mutable
class Bare:
    """Source code in which an expression that looks for code finds code.

    `code` is as long as the source, each letter at its place. Comments are blank, and so are texts but for their first
    letter: `"`, or "`" where the text has holes that are filled at run time.
    """

    source: bytes
    code: bytes = b""
    texts: dict[int, int] = made(factory=dict)
    """Where each text begins, with its quote, and where it ends."""
    specifiers: set[int] = made(factory=set)
    """Which of the texts say what to import."""
    whole: bool = True
    """False where there was too much of it: what comes after is blank."""

    def text(self, start: int) -> bytes:
        """What stands in the text that begins here, without its quotes and as it is written."""
        written = self.source[start : self.texts[start]]
        quote = written[:1]
        size = 3 if len(written) > 5 and written[:3] == quote * 3 else 1
        inner = written[size:]
        return inner[:-size] if inner.endswith(quote * size) else inner

    def words(self) -> Iterator[tuple[str, int]]:
        """The texts that are one word, as a name of code is, and where each begins; those that imports name are none."""
        for start, end in self.texts.items():
            if (
                end - start <= LONGEST_TEXT
                and start not in self.specifiers
                and _WORD.fullmatch(inner := self.text(start))
            ):
                yield inner.decode("latin-1"), start


@mutable
class Code:
    """What one file of source code says of other code. Lines count from 1."""

    bare: Bare
    imports: list[tuple[str, int]] = made(factory=list)
    """Names in full, as the language has them, with their lines. What the file names relative to itself is left out."""
    computed: int = 0
    """The first line that loads code whose name is worked out at run time; 0 where none does."""
    whole: bool = True
    """False where there is more than is read of a file."""
    apart: bool = False
    """Whether the file says of itself that it is in no build."""

    def add(self, name: str, line: int) -> None:
        if len(self.imports) < MOST_IMPORTS:
            self.imports.append((name, line))
        else:
            self.whole = False

    def computes(self, line: int) -> None:
        self.computed = self.computed or line


class Lines:
    """Line numbers of places that are asked for in order."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._at = 0
        self._line = 1

    def of(self, place: int) -> int:
        if place < self._at:
            self._at, self._line = 0, 1
        self._line += self._source.count(b"\n", self._at, place)
        self._at = place
        return self._line


def blank(text: bytes) -> bytes:
    """Spaces, and the same line ends."""
    return text.translate(_BLANK)


def bare(source: bytes, token: re.Pattern[bytes]) -> Bare:
    """The code between the tokens: what begins with `#` or a slash is blank, and anything else is a text."""
    found = Bare(source)
    parts: list[bytes] = []
    at = 0
    for count, match in enumerate(token.finditer(source)):
        start, end = match.span()
        if count == MOST_TOKENS:
            found.whole = False
            parts.append(blank(source[at:]))
            at = len(source)
            break
        parts.append(source[at:start])
        if source[start] in _NO_TEXT:
            parts.append(blank(source[start:end]))
        else:
            parts += (b'"', blank(source[start + 1 : end]))
            found.texts[start] = end
        at = end
    parts.append(source[at:])
    found.code = b"".join(parts)
    return found


Reader = Callable[[bytes], Code]

LANGUAGES: Mapping[str, str] = {
    "astro": "javascript",
    "cjs": "javascript",
    "cts": "javascript",
    "go": "golang",
    "groovy": "java",
    "java": "java",
    "js": "javascript",
    "jsx": "javascript",
    "kt": "java",
    "mjs": "javascript",
    "mts": "javascript",
    "py": "python",
    "pyw": "python",
    "pyx": "python",
    "scala": "java",
    "svelte": "javascript",
    "ts": "javascript",
    "tsx": "javascript",
    "vue": "javascript",
}
"""By the ending of a file's name the module here that has `read(source)`."""


def language_of(path: str) -> str:
    """The reader for this path, or an empty string."""
    _, dot, ending = path.rpartition(".")
    return LANGUAGES.get(ending, "") if dot else ""
