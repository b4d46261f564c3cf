"""What can go wrong with keys and with what is sealed under them. No message holds a value or a key."""


class KeyringError(Exception):
    """The root of them."""


class KeyFileError(KeyringError):
    """The key-encryption key is missing, damaged, readable by others, or another one than the keyring was made with."""


class StoreError(KeyringError):
    """The place where keys are kept cannot be reached, used, or trusted."""


class ForgottenError(KeyringError):
    """The owner's keys were destroyed on purpose: nothing of theirs opens, and nothing new is sealed for them."""


class NoSuchKeyError(KeyringError):
    """The keyring has no key of this version for this owner."""


class NotOursError(KeyringError):
    """A text does not open here: it was sealed for another place or owner, or it is damaged."""


class UndeclaredError(KeyringError):
    """A value was to be sealed for a place that is no SealedField: a rotation would not find it, and its key would go."""


class OutsideScopeError(KeyringError):
    """A value was to be sealed outside its organization's scope, where a rotation could overtake it."""


class PlaintextError(KeyringError):
    """Something that is not sealed was to be stored in a SealedField."""
