"""The egress ledger: one row for everything that left for a third party, and what an operator has opened."""

import os
from collections.abc import Callable
from uuid import UUID

from django.db import connection

from vallum_guard import dns
from vallum_guard.addresses import Opening
from vallum_guard.http import Route
from vallum_guard.ledger import Departure as Left
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope


def ledger(org: UUID, subject: UUID | None = None) -> Callable[[Left], None]:
    """Writes each departure as a row of `org`, at once: a crash afterwards does not unsay it."""

    def record(left: Left) -> None:
        with scope(org):
            Departure.objects.create(
                org_id=org,
                party=left.party_host,
                purpose=left.purpose,
                address=left.address or "",
                sent=left.sent_bytes,
                received=left.received_bytes,
                ok=left.ok,
                subject=subject,
            )
        if not connection.in_atomic_block:
            # The guard's proxy calls from threads of its own, which end without giving their connection back to the pool.
            connection.close()

    return record


def opening() -> Opening:
    """`VALLUM_EGRESS_ALLOW`: private addresses that the operator lets be reached. Metadata addresses never are."""
    return Opening.parse(os.environ.get("VALLUM_EGRESS_ALLOW", ""))


def route(org: UUID, subject: UUID | None = None) -> Route:
    return Route(opening=opening(), ledger=ledger(org, subject), proxy=os.environ.get("VALLUM_HTTPS_PROXY") or None)


def nameservers() -> tuple[dns.Server, ...] | None:
    """`VALLUM_NAMESERVERS`: whom to ask for texts in DNS, such as `9.9.9.9:53`; None is whom the system asks."""
    return dns.read_servers(os.environ.get("VALLUM_NAMESERVERS", "")) or None
