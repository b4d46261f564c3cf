"""Where a storage that speaks S3 lies, as a setting says it."""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from vallum_web.embedded.address import is_loopback

SCHEME: Final = "s3://"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Which one, where, and whose."""

    name: str
    prefix: str
    endpoint: str
    region: str
    keys: tuple[str, str]

    @classmethod
    def parse(cls, place: str, *, access: str, secret: str) -> Self | None:
        """Of `s3://BUCKET/PREFIX?endpoint=https://…&region=…`; None where something of it is missing."""
        parts = urlsplit(place)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if not parts.netloc or not query.get("endpoint", "").startswith("http") or not (access and secret):
            return None
        return cls(
            name=parts.netloc,
            prefix=f"{parts.path.strip('/')}/".lstrip("/"),
            endpoint=query["endpoint"],
            region=query.get("region", "us-east-1"),
            keys=(access, secret),
        )

    @property
    def is_here(self) -> bool:
        """On this machine, by its address: what takes the machine takes what lies there."""
        return is_loopback(urlsplit(self.endpoint).hostname or "")

    def __repr__(self) -> str:
        return f"Bucket({self.name}/{self.prefix} at {self.endpoint})"  # never its keys: reprs end up in logs
