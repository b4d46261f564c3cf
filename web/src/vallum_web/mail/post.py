"""The postman: takes mails from the outbox and hands them over, until it is told to stop. Any number may run; any may die."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error, connections

from vallum_web.mail import outbox
from vallum_web.mail.carriers import Carrier, Console
from vallum_web.mail.outbox import Claimed, Terms
from vallum_web.mail.outcomes import Later, Outcome
from vallum_web.mail.resend import SECONDS, Resend
from vallum_web.mail.smtp import Smtp
from vallum_web.tenancy.keyring import KeyringError

log = logging.getLogger(__name__)
IDLE = 1.0
TROUBLED = 5.0
CARRIERS: dict[str, Callable[[], Carrier]] = {"resend": Resend, "smtp": Smtp, "console": Console}


@dataclass(slots=True, kw_only=True)
class Postman:
    """`rate`: mails a second, as the provider allows."""

    carrier: Carrier
    terms: Terms
    rate: float
    stop: threading.Event = field(default_factory=threading.Event)

    def serve(self) -> None:
        """Until `stop` is set. What goes wrong with the database is tried again: the mails wait there."""
        while not self.stop.is_set():
            try:
                idle = 0.0 if self.round() else IDLE
            except (Error, KeyringError, sqlite3.Error) as error:
                log.warning(
                    "The outbox cannot be read (%s): the next look is in %s seconds.", type(error).__name__, TROUBLED
                )
                idle = TROUBLED
            finally:
                connections.close_all()
            self.stop.wait(idle)

    def round(self) -> int:
        """One lease: how many mails it held."""
        began = time.monotonic()
        mails = outbox.claim(self.terms)
        enough = self.terms.lease.total_seconds() - 2 * SECONDS
        for mail in mails:
            if self.stop.is_set() or time.monotonic() - began > enough > 0:
                outbox.give_back(mail)
                continue
            outbox.settle(mail, self._handed_over(mail), self.terms)
            self.stop.wait(1 / self.rate)
        return len(mails)

    def _handed_over(self, mail: Claimed) -> Outcome:
        try:
            return self.carrier.hand_over(mail)
        except Exception as error:  # noqa: BLE001 - whatever one mail does to a library, the others have to be sent
            # Its name alone: what such an error says may name the recipient.
            log.error("A mail could not be handed over: %s.", type(error).__name__)  # noqa: TRY400 - as above
            return Later(why=f"a fault of ours: {type(error).__name__}", doubtful=True)


def hired() -> Postman | None:
    """As the operator's settings have it; None where mails are kept."""
    if settings.MAIL not in CARRIERS:
        return None
    carrier = CARRIERS[settings.MAIL]()
    return Postman(carrier=carrier, terms=Terms(transport=carrier.name, window=carrier.window), rate=settings.MAIL_RATE)
