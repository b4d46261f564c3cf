"""Why somebody was not let in, in words for them. What an administrator needs besides is the exception's own text."""

from enum import StrEnum


class Reason(StrEnum):
    """Also what the record says of a sign-in that failed."""

    EXPIRED = "expired"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    NOT_GENUINE = "not_genuine"
    REPLAYED = "replayed"
    STALE = "stale"
    OFF = "off"
    NO_ADDRESS = "no_address"
    UNVERIFIED = "unverified"
    FOREIGN_DOMAIN = "foreign_domain"
    OTHER_IDENTITY = "other_identity"
    REMOVED = "removed"
    INACTIVE = "inactive"
    NO_SEAT = "no_seat"
    OTHER_PERSON = "other_person"


WORDS = {
    Reason.EXPIRED: "This sign-in was begun too long ago, in another browser, or was finished already. Begin again.",
    Reason.DECLINED: "Your identity provider did not sign you in. Try again, or ask whoever looks after it.",
    Reason.UNREACHABLE: "Your identity provider did not answer as it should. Try again in a minute.",
    Reason.NOT_GENUINE: "What came back could not be proved to be your identity provider's word for you, so it was not believed. "
    "If it happens again, tell an owner of your organization.",
    Reason.REPLAYED: "This answer of your identity provider was used before, and counts once. Begin again.",
    Reason.STALE: "Your identity provider did not ask you to prove who you are just now. Sign out there, then try again.",
    Reason.OFF: "Single sign-on is switched off for your organization. Ask an owner.",
    Reason.NO_ADDRESS: "Your identity provider did not say which email address is yours. Ask whoever looks after it to send it.",
    Reason.UNVERIFIED: "Your identity provider does not say that your email address was verified. Ask whoever looks after it.",
    Reason.FOREIGN_DOMAIN: "Your email address is not in a domain of this organization, so its identity provider cannot speak for "
    "it. Ask an owner for an invitation instead; once you are a member, sign in first, then use single sign-on.",
    Reason.OTHER_IDENTITY: "The account of this email address is tied to another identity at your provider. "
    "Ask an owner of your organization to untie it.",
    Reason.REMOVED: "You are no longer a member of this organization. Only an invitation brings you back: ask an owner.",
    Reason.INACTIVE: "This account is closed.",
    Reason.NO_SEAT: "All seats of your organization are taken. Ask an owner.",
    Reason.OTHER_PERSON: "You are signed in as somebody else than your identity provider says. Sign out, then begin again.",
}


class SsoError(Exception):
    """Somebody is not let in, or a provider cannot be used."""

    reason = Reason.NOT_GENUINE


class UnreachableError(SsoError):
    """The provider did not answer, or not as the protocol wants."""

    reason = Reason.UNREACHABLE


class NotGenuineError(SsoError):
    """What was presented is not provably this provider's, for us, now."""


class ReplayedError(SsoError):
    """It was genuine once."""

    reason = Reason.REPLAYED


class UnaskedError(SsoError):
    """A genuine answer to a question that nobody asked here."""

    reason = Reason.EXPIRED


class RefusedError(SsoError):
    """Genuine, and still no way in."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(WORDS[reason])
        self.reason = reason


class UnusableError(SsoError):
    """What an administrator entered makes no provider; the text says what to do."""
