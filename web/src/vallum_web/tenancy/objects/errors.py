"""What can go wrong with a storage. Each message says which one, what happened, and what to do."""


class StorageError(Exception):
    """It cannot be reached, or refuses."""


class MissingObjectError(StorageError):
    """Something that should lie there does not."""
