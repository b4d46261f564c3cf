"""What reading a foreign report raises."""

from vallum_engine.errors import EngineError


class UnknownFormat(EngineError):
    """The content is no report that any parser knows."""


class BrokenReport(EngineError):
    """The report is damaged, truncated, hostile, or over a limit."""
