"""Whether the operator's settings for mail are whole. Pure."""

import math
from dataclasses import dataclass
from email.utils import parseaddr

from vallum_web.mail import signature
from vallum_web.mail.relays import NoRelayError, Place

WAYS = ("resend", "smtp", "console", "keep")


class UnfitError(RuntimeError):
    """A setting that is missing or does not fit; the message names it and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the operator gave."""

    mail: str
    rate: float
    key: str
    secret: str
    url: str
    relay: str
    sender: str
    is_demo: bool
    """The demo, on a loopback address."""

    def __repr__(self) -> str:
        return f"Given(mail={self.mail!r})"  # keys end up in logs by their reprs


def demand(given: Given) -> None:
    """Raises UnfitError."""
    if given.mail not in WAYS:
        raise UnfitError(f"VALLUM_MAIL is {given.mail!r}: it is one of {', '.join(WAYS)}.")
    if not (math.isfinite(given.rate) and given.rate > 0):
        raise UnfitError("VALLUM_MAIL_RATE is how many mails leave in a second: a number above 0.")
    address = parseaddr(given.sender)[1]
    if given.mail != "keep" and (not address.rpartition("@")[0] or not given.sender.isprintable()):
        raise UnfitError("VALLUM_MAIL_FROM is no sender: write Vallum <mail@your-domain.example>.")
    if given.url and not given.is_demo:
        raise UnfitError(
            "VALLUM_RESEND_URL leads mails elsewhere than to Resend: it is for the demo on a loopback address alone."
        )
    if given.mail == "smtp":
        try:
            Place.parse(given.relay)
        except NoRelayError as error:
            raise UnfitError(str(error)) from error
    if given.mail != "resend":
        return
    if not given.key:
        raise UnfitError("VALLUM_MAIL is resend, and VALLUM_RESEND_KEY is empty.")
    try:
        signature.key_of(given.secret)
    except signature.NotGenuine as error:
        raise UnfitError(
            "VALLUM_RESEND_WEBHOOK_SECRET is empty or no signing secret (whsec_…): without it anybody could say that mails "
            "came back. Resend shows it beside the webhook of /hooks/resend/."
        ) from error
