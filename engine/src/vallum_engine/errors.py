"""What the engine raises: one tree, caught at the doors."""


class EngineError(Exception):
    """Something the caller can tell a person: what happened, where, what to do."""


class UnknownWireVersion(EngineError):
    """The bytes are a report of a version this reader does not speak."""


class BrokenWire(EngineError):
    """The bytes are not a whole report: truncated, malformed, or over a limit."""


class UnreadableSource(EngineError):
    """The thing to scan cannot be opened or is not what it says it is."""


class BrokenData(EngineError):
    """Rules or advisory data that cannot be used."""


class NothingToState(EngineError):
    """There is no vulnerability, and the format has no document without one."""


class NotAReport(EngineError):
    """The bytes are no JSON report of ours, or not a whole one."""


class Overrun(Exception):
    """Several processes together met a limit, and only one can say at which file: scan again in one, with new detectors.

    No EngineError: of such a one a scan makes a line of its report, and this one ends the scan.
    """
