"""What a storage holds, as both kinds of storage say it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Shape(StrEnum):
    """As what bytes can lie in a storage, and outlive what was promised of them."""

    OBJECT = "object"
    VERSION = "earlier version"
    MARKER = "delete marker"
    UPLOAD = "unfinished upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Something that lies there, and since when by the storage's own clock."""

    name: str
    size: int
    at: datetime
    shape: Shape = Shape.OBJECT
    version: str = ""
