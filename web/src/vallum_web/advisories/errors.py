class FeedError(Exception):
    """A feed could not be brought up to date; the message says why. What was known before stays."""


class UnusableError(FeedError):
    """What came is not the feed that it should be."""


class UnreachableError(FeedError):
    """Nothing came."""
