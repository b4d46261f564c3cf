"""Everything that can go wrong on the way out: one tree, each message says what happened, where, and what to do."""


class GuardError(Exception):
    """The guard refused, or the outside world did not answer as it must."""


class BadUrl(GuardError):
    """The address as written is not one we connect to."""


class BadOpening(GuardError):
    """An operator's opening (`cidr:port,…`) cannot be read."""


class Unresolvable(GuardError):
    """The name has no address, or the look-up failed (which refuses, as a wrong answer would)."""


class AddressDenied(GuardError):
    """The name leads to an address that is not on the public internet."""


class NotForeseen(GuardError):
    """Nothing may leave for this purpose, or not for that host: nobody has written down why it should."""


class RedirectRefused(GuardError):
    """The server sent us elsewhere, and nobody asked us to follow, or it did so too often."""


class TooLarge(GuardError):
    """More bytes or files than the limit allows."""


class TooSlow(GuardError):
    """The time allowed is over."""


class TransportFailed(GuardError):
    """Connection refused or lost, TLS not trusted, an answer that is not HTTP."""


class SandboxUnavailable(GuardError):
    """No isolation on this machine, or not enough for what was asked."""


class SandboxFailed(GuardError):
    """The isolation itself could not be set up; the command was not run."""


class GitUnusable(GuardError):
    """git is missing or has known holes."""


class CloneFailed(GuardError):
    """git gave up for a reason that is none of the more precise ones."""


class RepositoryNotFound(CloneFailed):
    """No such repository, or it needs a credential: hosts do not say which."""


class RepositoryEmpty(CloneFailed):
    """A repository without a single commit."""


class BranchMissing(CloneFailed):
    """The branch asked for does not exist there."""


class NoRepository(GuardError):
    """The folder is not the top of a git repository."""
