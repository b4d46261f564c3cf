"""Where a relay is, from `VALLUM_SMTP_URL`. Pure."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}


class NoRelayError(ValueError):
    """The address cannot be read; the message says how one looks, and nothing of what was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`encrypts`: by STARTTLS, where the scheme is not smtps."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    encrypts: bool

    def __repr__(self) -> str:
        return f"Place(host={self.host!r}, port={self.port})"  # never the password: reprs end up in logs

    @classmethod
    def parse(cls, url: str) -> Self:
        """Reads `smtp://name:password@host:587`, `smtps://…:465` and `smtp://…:25?tls=off`. Raises NoRelayError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _PORTS or not parts.hostname or port == 0:
            raise NoRelayError(
                "VALLUM_SMTP_URL is no address of a relay: write smtp://name:password@host:587 or smtps://…:465."
            )
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            encrypts=parts.query != "tls=off",
        )
