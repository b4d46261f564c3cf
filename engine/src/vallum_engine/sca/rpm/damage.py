"""How the readers of rpm's databases say that one cannot be read."""


class Damaged(ValueError):
    """What is wrong, in words for a person."""


def number(data: bytes, at: int, size: int, order: str = "little") -> int:
    """The unsigned number of `size` bytes at `at`. Raises Damaged beyond the end."""
    if at < 0 or at + size > len(data):
        raise Damaged("it is cut off")
    return int.from_bytes(data[at : at + size], "little" if order == "little" else "big")


def part(data: bytes, at: int, size: int) -> bytes:
    """The `size` bytes at `at`. Raises Damaged beyond the end."""
    if at < 0 or size < 0 or at + size > len(data):
        raise Damaged("it is cut off")
    return data[at : at + size]
