"""What an asset is worth to its organization, and who can reach it: ranks, because risk grows with each of them."""

from enum import IntEnum


class Importance(IntEnum):
    """How much it hurts when the asset is hurt. Kept as the number; said and taken as the word."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        return self.name.lower()


class Exposure(IntEnum):
    """From where the asset can be reached. Not knowing stands between the two: it is neither a fault nor an excuse."""

    INTERNAL = 0
    UNKNOWN = 1
    INTERNET = 2

    @property
    def word(self) -> str:
        return self.name.lower()
