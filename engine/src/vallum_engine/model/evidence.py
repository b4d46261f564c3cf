"""What is shown of a secret: enough to recognise it, too little to use it."""

_EDGE = 4
_PART = 3


def redacted(value: bytes) -> str:
    """At most the first and the last four characters, and never more than a third of the value."""
    text = value.decode("utf-8", "replace")
    shown = len(text) // _PART
    head, tail = min(_EDGE, (shown + 1) // 2), min(_EDGE, shown // 2)
    return _printable(text[:head]) + "…" + _printable(text[len(text) - tail :])


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)
