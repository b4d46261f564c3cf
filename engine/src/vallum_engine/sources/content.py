"""Names as they may be shown, and which content is text."""

_HEAD = 8192
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def printable(name: str) -> str:
    r"""The name with whatever cannot be shown (bytes that are no UTF-8, control and bidi characters) as `\xff`, `\u202e`."""
    if name.isprintable():
        return name
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in shown)


def is_binary(data: bytes) -> bool:
    """Whether a NUL in the first 8 KiB says that this is no text. UTF-16 and UTF-32 with a byte order mark are text."""
    return b"\0" in data[:_HEAD] and not data.startswith(_BOMS)
