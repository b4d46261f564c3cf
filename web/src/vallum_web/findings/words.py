"""A person's search text as a query of PostgreSQL's text search, in which nothing of theirs is syntax."""

import re

MOST_WORDS = 8
_PARTS = re.compile(r"\w+")


def tsquery(text: str) -> str:
    """All words, each as the beginning of one; empty when the text holds no word. Of a word's parts the last one is a beginning.

    A word goes in whole, as the parser that indexed the text would cut it (`CVE-2021-44228`, `4.17.21`), or else in its
    parts, because a path is indexed as a whole and in parts.
    """
    words = [word for word in text.split() if _PARTS.search(word)][:MOST_WORDS]
    return " & ".join(
        _prefix(word) if _PARTS.fullmatch(word) else f"({_prefix(word)} | ({_parts(word)}))" for word in words
    )


def _parts(word: str) -> str:
    *whole, last = _PARTS.findall(word)
    return " & ".join([*(_quoted(part) for part in whole), _prefix(last)])


def _prefix(word: str) -> str:
    return f"{_quoted(word)}:*"


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
