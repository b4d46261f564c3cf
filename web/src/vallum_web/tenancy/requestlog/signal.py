"""What a browser asks for on behalf of whoever sits there, signed in or not."""

from typing import Protocol


class Headers(Protocol):
    def get(self, name: str, /) -> str | None: ...


def asks_not_to_be_followed(headers: Headers) -> bool:
    """Global Privacy Control (https://w3c.github.io/gpc/), and Do Not Track before it: only `1` means anything."""
    return headers.get("Sec-GPC") == "1" or headers.get("DNT") == "1"
