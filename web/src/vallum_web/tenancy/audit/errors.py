"""What can go wrong with the audit log. Nothing of it is passed over: an act that cannot be recorded does not happen."""


class AuditError(RuntimeError):
    """The root of this package's errors."""


class NotRecordedError(AuditError):
    """The entry could not be written, so the act it is about was undone."""
