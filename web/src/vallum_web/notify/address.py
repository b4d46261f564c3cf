"""Where a webhook may lead, said when it is saved; the guard judges again at each sending."""

import os
from contextlib import suppress

from vallum_guard import connect, oneway, urls
from vallum_guard.errors import TooSlow, Unresolvable
from vallum_web.notify.models import Webhook
from vallum_web.tenancy import egress

_SECONDS = 3.0


def place(url: str, shape: str) -> urls.Target:
    """Raises GuardError."""
    opening = egress.opening()
    if shape == Webhook.Shape.SYSLOG:
        return urls.service(url, port=oneway.SYSLOG_PORT, opening=oneway.opened(opening))
    return urls.parse(url, opening=opening)


def check(url: str, shape: str) -> str:
    """The host, as it is shown. A webhook's shape is also the purpose for which things leave.

    Raises GuardError for an address that nothing would be sent to.
    A name that does not resolve yet is no reason: it may come, and the log will say so until then.
    """
    opening = egress.opening()
    target = place(url, shape)
    if shape == Webhook.Shape.SYSLOG:
        opening = oneway.opened(opening)
    egress.gate(shape, target.host)
    # The operator's proxy resolves by itself, and is the one that knows.
    if not os.environ.get("VALLUM_HTTPS_PROXY"):
        with suppress(Unresolvable, TooSlow):
            connect.resolve(target.host, target.port, opening=opening, own=egress.own(), seconds=_SECONDS)
    return target.authority
