"""Which content is text, and which is read though it is none."""

READ_BINARY = frozenset({"bun.lockb", "Packages", "Packages.db", "rpmdb.sqlite"})
"""Names of binary files that a detector reads: rpm's databases, and Bun's old lockfile, to say that it cannot be read."""

_HEAD = 8192
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")


_LEGIBLE = bytes((*range(32, 127), 9, 10, 13))
_SHARE = 20


def is_binary(data: bytes) -> bool:
    """Whether a NUL in the first 8 KiB says that this is no text.

    UTF-16 is text, with a byte order mark or without, and so is UTF-32 with one.
    """
    head = data[:_HEAD]
    return (
        b"\0" in head
        and not data.startswith(_BOMS)
        and not (_narrow(head[0::2], head[1::2]) or _narrow(head[1::2], head[0::2]))
    )


def _narrow(letters: bytes, zeros: bytes) -> bool:
    """Whether one half of the bytes are letters of Latin script and the other half zeros, but for a few."""
    return (
        len(letters) >= _SHARE
        and zeros.count(0) * _SHARE >= len(zeros) * (_SHARE - 1)
        and len(letters.translate(None, _LEGIBLE)) * _SHARE <= len(letters)
    )
