"""What the command raises: one tree, caught where the command ends."""


class ClientError(Exception):
    """Something that kept the command from doing its work; says what, where, and what to do."""


class Misuse(ClientError):
    """The command line asks for something that cannot be: nothing was tried."""


class Unreachable(ClientError):
    """The outside world did not give what the command needs."""


class Untrusted(ClientError):
    """A place of ours on this machine that somebody else could write to."""
