"""What can go wrong with backups. Each message says what happened, where, and what to do; none holds a key."""


class BackupError(Exception):
    """The root of them."""


class PlaceError(BackupError):
    """The place where backups are kept cannot be read, written or understood."""


class MissingError(PlaceError):
    """Something that should lie there does not."""


class DamagedError(BackupError):
    """A backup is not what was written."""


class KitError(BackupError):
    """The recovery kit is absent, unread, of other keys, or was not confirmed."""


class SourceError(BackupError):
    """The database cannot be backed up as it should: nothing was kept."""


class RestoreError(BackupError):
    """A restore cannot begin, or cannot end."""
