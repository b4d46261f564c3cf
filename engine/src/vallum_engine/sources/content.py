"""Which content is text, and which is read though it is none."""

READ_BINARY = frozenset({"Packages", "Packages.db", "rpmdb.sqlite"})
"""Names of binary files that a detector reads: rpm's databases."""

_HEAD = 8192
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


def is_binary(data: bytes) -> bool:
    """Whether a NUL in the first 8 KiB says that this is no text. UTF-16 and UTF-32 with a byte order mark are text."""
    return b"\0" in data[:_HEAD] and not data.startswith(_BOMS)
