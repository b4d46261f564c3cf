"""A relay of the operator's, by SMTP: it knows no keys, so a mail of which nobody knows whether it was taken is not repeated."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings

from vallum_guard import connect
from vallum_guard.errors import GuardError
from vallum_guard.ledger import Departure
from vallum_web.mail.carriers import composed
from vallum_web.mail.outbox import Claimed
from vallum_web.mail.outcomes import Later, Outcome, Refused, Taken
from vallum_web.mail.relays import Place
from vallum_web.tenancy import egress

PURPOSE = "mail relay"
SECONDS = 20
_FOR_GOOD = 500
AGAIN = timedelta(minutes=15)


class _Relay(smtplib.SMTP):
    """Connects through the guard, and remembers whether a mail's content was begun."""

    def __init__(self, place: Place) -> None:
        self.begun = False
        self._place = place
        # By name: else the library asks the DNS for this machine's own.
        super().__init__(local_hostname=_domain(), timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - smtplib's signature
        route = egress.platform_route()
        route.gate(PURPOSE, host)
        found = connect.resolve(host, port, opening=route.opening, own=route.own, resolver=route.resolver)
        plain, self.address = connect.open_first(host, found, port, seconds=SECONDS)
        return connect.secure(plain, host, connect.tls_context()) if self._place.scheme == "smtps" else plain

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.begun = True
        return super().data(msg)


class Smtp:
    name = "smtp"
    window = timedelta()

    def __init__(self) -> None:
        self._place = Place.parse(settings.SMTP_URL)

    def hand_over(self, mail: Claimed) -> Outcome:
        place = self._place
        message = composed(mail)
        # The same for each attempt, so that who gets it twice can see it.
        message.extra_headers["Message-ID"] = f"<{mail.id}@{_domain()}>"
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own takes it
        relay = _Relay(place)
        outcome: Outcome = Later(why="the relay cannot be reached", doubtful=False)
        try:
            outcome = _outcome(lambda: _sent(relay, place, mail.to, content), relay)
        finally:
            relay.close()
            taken = isinstance(outcome, Taken)
            address = str(getattr(relay, "address", "") or "")
            size = len(content) if relay.begun else 0
            left = Departure(
                party_host=place.host, purpose=PURPOSE, address=address, sent_bytes=size, received_bytes=0, ok=taken
            )
            (egress.ledger(mail.org, mail.id) if mail.org else egress.platform_ledger)(left)
        return outcome


def _sent(relay: _Relay, place: Place, to: str, content: bytes) -> None:
    relay.connect(place.host, place.port)
    relay._host = place.host  # type: ignore[attr-defined]  # noqa: SLF001 - the name that STARTTLS proves; connect() forgets it
    if place.scheme == "smtp" and place.encrypts:
        relay.starttls(context=connect.tls_context())
    if place.user:
        relay.login(place.user, place.password)
    relay.sendmail(_sender(), [to], content)


_BROKEN = (smtplib.SMTPException, GuardError, ssl.SSLError, OSError)


def _outcome(send: Callable[[], None], relay: _Relay) -> Outcome:
    try:
        send()
    except smtplib.SMTPRecipientsRefused as error:
        return _by_code(min(code for code, _ in error.recipients.values()))
    except smtplib.SMTPDataError as error:
        return _by_code(error.smtp_code)
    except (smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError) as error:
        return _of_us(error)
    except _BROKEN:
        return Later(why="no answer" if relay.begun else "the relay cannot be reached", doubtful=relay.begun)
    except ValueError as error:
        return Refused(why=f"cannot be written: {type(error).__name__}")
    return Taken()


def _of_us(error: smtplib.SMTPException) -> Outcome:
    """Of the greeting, encryption, our name or our sender: no mail is to blame, and what is refused to one is to all."""
    code = getattr(error, "smtp_code", _FOR_GOOD)
    if code < _FOR_GOOD:
        return _by_code(code)
    return Later(why=f"the relay does not take our settings: {type(error).__name__}", doubtful=False, after=AGAIN)


def _by_code(code: int) -> Outcome:
    return Refused(why=f"refused: {code}") if code >= _FOR_GOOD else Later(why=f"the relay says {code}", doubtful=False)


def _sender() -> str:
    return str(settings.DEFAULT_FROM_EMAIL).rpartition("<")[2].rstrip(">")


def _domain() -> str:
    return _sender().rpartition("@")[2]
