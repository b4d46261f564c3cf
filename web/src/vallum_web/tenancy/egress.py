"""The egress ledger: one row for everything that left for a third party, and what an operator has opened."""

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection

from vallum_guard import dns
from vallum_guard.addresses import Network, Opening, read_networks
from vallum_guard.errors import NotForeseen
from vallum_guard.http import Route
from vallum_guard.ledger import Departure as Left
from vallum_guard.urls import literal_address
from vallum_web.tenancy import egress_registry
from vallum_web.tenancy.models import Departure, PlatformDeparture
from vallum_web.tenancy.processors import queries as processors
from vallum_web.tenancy.scope import scope


def ledger(org: UUID, subject: UUID | None = None) -> Callable[[Left], None]:
    """Writes each departure as a row of `org`, at once: a crash afterwards does not unsay it."""

    def record(left: Left) -> None:
        opened_here = connection.connection is None
        with scope(org):
            Departure.objects.create(org_id=org, subject=subject, **_facts(left))
        if opened_here:
            # The guard's proxy calls from threads of its own, which end without giving their connection back to the pool.
            # One that was open before stays: its session may hold a lock, as billing's does.
            connection.close()

    return record


def platform_ledger(left: Left) -> None:
    """Writes what left for everybody and nobody in particular, at once as well."""
    PlatformDeparture.objects.create(**_facts(left))


def _facts(left: Left) -> dict[str, Any]:
    foreseen = egress_registry.by_purpose().get(left.purpose)
    return {
        "entry": foreseen.id if foreseen else "",
        "party": left.party_host,
        "purpose": left.purpose,
        "address": left.address or "",
        "sent": left.sent_bytes,
        "received": left.received_bytes,
        "ok": left.ok,
    }


def opening() -> Opening:
    """`VALLUM_EGRESS_ALLOW`: private addresses that the operator lets be reached. Metadata addresses never are."""
    return Opening.parse(os.environ.get("VALLUM_EGRESS_ALLOW", ""))


def own() -> tuple[Network, ...]:
    """`VALLUM_OWN_ADDRESSES`: the platform's public addresses, where a translation keeps the machine from knowing them."""
    return read_networks(os.environ.get("VALLUM_OWN_ADDRESSES", ""))


def gate(purpose: str, host: str) -> None:
    """Nothing leaves unless the registry foresees it, and nothing leaves for the platform itself.

    A sub-processor gets nothing before its day, and outside of the EU nothing without a contract that holds.
    """
    egress_registry.admit(purpose, host)
    processors.admit(egress_registry.by_purpose()[purpose])
    if host == urlsplit(settings.PUBLIC_URL).hostname and literal_address(host) is None and not settings.LOOPBACK:
        raise NotForeseen(f"{host} is this platform itself.")


def route(org: UUID, subject: UUID | None = None) -> Route:
    """The way out for one organization: judged by the guard, foreseen by the registry, written into the ledger."""
    return _route(ledger(org, subject))


def platform_route() -> Route:
    """The way out for what the platform fetches for everybody: judged and foreseen alike, in a ledger of its own."""
    return _route(platform_ledger)


def _route(record: Callable[[Left], None]) -> Route:
    proxy = os.environ.get("VALLUM_HTTPS_PROXY") or None
    return Route(opening=opening(), own=own(), gate=gate, ledger=record, proxy=proxy)


def nameservers() -> tuple[dns.Server, ...] | None:
    """`VALLUM_NAMESERVERS`: whom to ask for texts in DNS, such as `9.9.9.9:53`; None is whom the system asks."""
    return dns.read_servers(os.environ.get("VALLUM_NAMESERVERS", "")) or None


def platform_texts(name: str, *, purpose: str) -> tuple[str, ...]:
    """As `texts`, for what the platform asks for itself."""
    gate(purpose, name)
    return dns.txt(name, servers=nameservers(), purpose=purpose, ledger=platform_ledger)


def texts(org: UUID, name: str, *, purpose: str, subject: UUID | None = None) -> tuple[str, ...]:
    """What is published in DNS under this name: the question leaves, so it is foreseen and written down like the rest."""
    gate(purpose, name)
    return dns.txt(name, servers=nameservers(), purpose=purpose, ledger=ledger(org, subject))
