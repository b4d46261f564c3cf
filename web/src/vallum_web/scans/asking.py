"""Live checks: an organization's switch, and the way out to the issuers of secrets while it is on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from django.db import connection

from vallum_guard.errors import NotForeseen, TransportFailed
from vallum_guard.http import Route
from vallum_guard.ledger import Departure
from vallum_web.scans import command
from vallum_web.scans.models import Scan
from vallum_web.tenancy import egress, egress_registry, tombstones
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.limits import gate
from vallum_web.tenancy.limits.catalogue import named
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

PURPOSE = "live check"
ELSEWHERE = "(no issuer)"
"""In the ledger: any other host, which was refused. Whoever names them may name a million."""
LIVE_CHECK_PER_TARGET = named("LiveCheckPerTarget")
LIVE_CHECK_PER_ORG = named("LiveCheckPerOrg")


def hosts() -> frozenset[str]:
    """The hosts that may be asked at all: those that the packaged rules name."""
    return frozenset(egress_registry.by_purpose()[PURPOSE].hosts)


def wanted(org: UUID) -> bool:
    with scope(org):
        return Org.objects.filter(pk=org, live_checks=True).exists()


def switch(org: Org, by: UUID | None, *, on: bool) -> None:
    """From now on issuers are asked, or no longer; a scan that is asking stops at its next question."""
    with scope(org.pk, user=by):
        if Org.objects.filter(pk=org.pk, live_checks=not on).update(live_checks=on):
            emit("org.live_checks", org.pk, on=on)
            if not on:
                tombstones.record("live_checks", org.pk, reason="switched_off", org=org.pk)


def able(org: UUID) -> str:
    """What a scan that begins now can do, one of `Scan.Asking`; empty where nobody wants it."""
    if not wanted(org):
        return ""
    return Scan.Asking.ON.value if command.reaches_out() else Scan.Asking.UNABLE.value


@contextmanager
def way_out(scan: Scan, asks: str) -> Iterator[Route | None]:
    """To the issuers, for as long as the switch is on; None where `asks`, what `able` said, is anything but on.

    The ledger gets a row for each host at the end, however it ends.
    """
    if asks != Scan.Asking.ON:
        yield None
        return

    def admit(purpose: str, host: str) -> None:
        egress.gate(purpose, host)
        try:
            _may_ask(scan.org_id, host)
        finally:
            _give_back()

    tally = _Tally()
    try:
        yield replace(egress.route(scan.org_id, scan.asset_id), gate=admit, ledger=tally.add)
    finally:
        write = egress.ledger(scan.org_id, scan.asset_id)
        for row in tally.rows():
            write(row)


def _may_ask(org: UUID, host: str) -> None:
    if not wanted(org):
        raise NotForeseen("Live checks were switched off meanwhile.")
    # The organization's own first: what it is refused, it takes from nobody.
    asked = ((LIVE_CHECK_PER_ORG, f"{org}\0{host}"), (LIVE_CHECK_PER_TARGET, host))
    if not all(gate.take(limit, key).allowed for limit, key in asked):
        raise TransportFailed(f"{host} was asked very often in the last hour.")


def _give_back() -> None:
    """The guard's proxy asks from threads of its own, which end without giving their connection back to the pool."""
    if not connection.in_atomic_block:
        connection.close()


class _Tally:
    """Sums departures by host; the proxy's threads add to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[str, Departure] = {}

    def add(self, left: Departure) -> None:
        host = left.party_host if left.party_host in hosts() else ELSEWHERE
        with self._lock:
            before = self._rows.get(host)
            self._rows[host] = replace(
                left,
                party_host=host,
                address=left.address or (before.address if before else None),
                sent_bytes=left.sent_bytes + (before.sent_bytes if before else 0),
                received_bytes=left.received_bytes + (before.received_bytes if before else 0),
                ok=left.ok and (before is None or before.ok),
            )

    def rows(self) -> list[Departure]:
        with self._lock:
            return [self._rows[host] for host in sorted(self._rows)]
