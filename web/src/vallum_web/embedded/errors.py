"""What can go wrong before the platform runs. Each message says what happened, where, and what to do."""


class EmbeddedError(Exception):
    """Start-up cannot go on."""


class HomeError(EmbeddedError):
    """The state folder is not ours to use."""


class AlreadyRunningError(HomeError):
    """Another process holds the state folder."""


class AccountError(EmbeddedError):
    """No unprivileged account for PostgreSQL to run as."""


class BinariesError(EmbeddedError):
    """No PostgreSQL that can serve these data."""


class DatabaseError(EmbeddedError):
    """The database did not start, or did not stop."""


class CertificateError(EmbeddedError):
    """No certificate, and so no address but loopback."""


class SupervisorError(EmbeddedError):
    """A part of the platform did not come up."""
