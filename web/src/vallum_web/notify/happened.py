"""What happened, as rules ask: counted step by step from the event log and the due dates, narrowed.

The same is asked for what is told and for the preview of it, so that a preview is what would have been sent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.urls import reverse

from vallum_web.assets.models import Asset
from vallum_web.findings.models import Finding
from vallum_web.notify import narrowing
from vallum_web.notify.models import Occasion
from vallum_web.notify.narrowing import Narrowed
from vallum_web.scans.models import Scan
from vallum_web.tenancy import events
from vallum_web.tenancy.models import Event, Org

SOON = timedelta(days=2)
MOST = 500
"""Steps of one kind that are looked at, the newest."""
REACH = 50_000
"""Events that a preview looks back over, at most."""
OF_FINDINGS = {
    Occasion.OPENED: "opened",
    Occasion.REOPENED: "came back",
    Occasion.RESOLVED: "resolved",
    Occasion.SUPPRESSED: "suppressed",
}
OF_DATES = {Occasion.DUE_SOON: "due within two days", Occasion.OVERDUE: "overdue"}
_EVALUATED = "gate.evaluated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Events of the transactions after `after`, up to `upto`; dates from `since` until before `until`."""

    after: int
    upto: int
    since: datetime
    until: datetime
    recent: bool = False
    """Of events, too, those since `since` alone: for looking back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Of one occasion what one transaction did, or what came due; `text` where it needs words of its own."""

    occasion: str
    at: datetime
    count: int = 1
    transaction: int = 0
    dates: tuple[datetime, datetime] | None = None
    """Of what came due: the dates, from and until before."""
    text: str = ""
    path: str = ""
    """Where it can be looked at, if not in the worklist."""


def lately(org: Org, since: datetime, until: datetime) -> Span:
    """For looking back from now on."""
    upto = events.settled()
    rows = Event.objects.of(org).filter(transaction__lte=upto).order_by("-transaction").values_list("transaction")
    farthest = next(iter(rows[REACH : REACH + 1]), (0,))[0]
    return Span(after=farthest, upto=upto, since=since, until=until, recent=True)


def steps(org: Org, rule: Narrowed, span: Span) -> list[Step]:
    """In the order in which they happened."""
    found = [*_of_findings(org, rule, span), *_of_dates(org, rule, span)]
    if Occasion.GATE_FAILED in rule.occasions:
        found += _of_gates(org, rule, span)
    if Occasion.SCAN_FAILED in rule.occasions:
        found += _of_scans(org, rule, span)
    return sorted(found, key=lambda step: (step.at, step.transaction, step.occasion))


def lines(org: Org, rule: Narrowed, told: Sequence[Step], most: int) -> list[str]:
    """What they were about, in words, the riskiest first. No path and no code: this goes into mails."""
    which = Q(pk__in=())
    for step in told:
        if step.dates:
            which |= _dated(step.occasion, *step.dates)
    told_of = [step.transaction for step in told if step.occasion in OF_FINDINGS]
    if told_of:
        kinds = {step.occasion for step in told if step.occasion in OF_FINDINGS}
        wrote = Event.objects.of(org).filter(transaction__in=told_of, kind__in=kinds)
        which |= Q(pk__in=wrote.values("subject"))
    rows = narrowing.findings(rule, Finding.objects.of(org)).filter(which).select_related("asset")
    said = [_words(row) for row in rows.order_by("-risk", "-severity", "-id")[:most]]
    return [*said, *(step.text for step in told if step.text)][:most]


def sentence(told: Sequence[Step]) -> str:
    """`12 findings opened, 3 resolved, 1 gate failed`."""
    counts: dict[str, int] = {}
    for step in told:
        counts[step.occasion] = counts.get(step.occasion, 0) + step.count
    parts, has_noun = [], False
    for occasion, verb in {**OF_FINDINGS, **OF_DATES}.items():
        if count := counts.get(occasion):
            noun = "" if has_noun else " finding" if count == 1 else " findings"
            parts.append(f"{count:,}{noun} {verb}")
            has_noun = True
    for occasion, noun in ((Occasion.GATE_FAILED, "gate"), (Occasion.SCAN_FAILED, "scan")):
        if count := counts.get(occasion):
            parts.append(f"{count:,} {noun}{'s' if count > 1 else ''} failed")
    return ", ".join(parts)


def _words(row: Finding) -> str:
    return f"{Finding.Severity(row.severity).label}: {row.title} in {row.asset.name}"


def _events(org: Org, kinds: Sequence[str], span: Span) -> QuerySet[Event]:
    rows = Event.objects.of(org).filter(transaction__gt=span.after, transaction__lte=span.upto, kind__in=kinds)
    return rows.filter(at__gte=span.since) if span.recent else rows


def _of_findings(org: Org, rule: Narrowed, span: Span) -> Iterator[Step]:
    kinds = [occasion for occasion in rule.occasions if occasion in OF_FINDINGS]
    if not kinds:
        return
    fit = narrowing.findings(rule, Finding.objects.of(org))
    rows = _events(org, kinds, span).filter(subject__in=fit.values("pk")).values_list("transaction", "kind")
    counted = rows.annotate(at=Max("at"), count=Count("pk")).order_by("-transaction", "kind")[:MOST]
    for transaction, kind, at, count in counted:
        yield Step(occasion=kind, at=at, count=count, transaction=transaction)


def _dated(occasion: str, since: datetime, until: datetime) -> Q:
    ahead = SOON if occasion == Occasion.DUE_SOON else timedelta()
    return Q(due_at__gte=since + ahead, due_at__lt=until + ahead)


def _of_dates(org: Org, rule: Narrowed, span: Span) -> Iterator[Step]:
    """As the dates stand: what comes due is no event. Looking back, each date is a step; else all are one."""
    open_ones = narrowing.findings(rule, Finding.objects.of(org)).filter(status=Finding.Status.OPEN)
    for occasion in OF_DATES:
        if occasion not in rule.occasions:
            continue
        rows = open_ones.filter(_dated(occasion, span.since, span.until))
        if not span.recent:
            if count := rows.count():
                yield Step(occasion=occasion, at=span.until, count=count, dates=(span.since, span.until))
            continue
        ahead = SOON if occasion == Occasion.DUE_SOON else timedelta()
        for due_at, count in rows.values_list("due_at").annotate(Count("pk")).order_by("-due_at")[:MOST]:
            at = due_at - ahead
            yield Step(occasion=occasion, at=at, count=count, dates=(at, at + timedelta(microseconds=1)))


def _of_gates(org: Org, rule: Narrowed, span: Span) -> Iterator[Step]:
    rows = list(_events(org, [_EVALUATED], span).filter(data__verdict="fail").order_by("-transaction", "-id")[:MOST])
    about = Asset.objects.of(org).filter(narrowing.assets(rule), pk__in={row.data["asset"] for row in rows})
    names = {str(key): name for key, name in about.values_list("pk", "name")}
    for row in rows:
        if name := names.get(row.data["asset"]):
            text = f"The gate {row.data.get('name', '')} failed for {name}"
            yield _worded(Occasion.GATE_FAILED, row, text, reverse("gates:gate", args=[org.slug, row.subject]))


def _of_scans(org: Org, rule: Narrowed, span: Span) -> Iterator[Step]:
    rows = list(_events(org, [Occasion.SCAN_FAILED], span).order_by("-transaction", "-id")[:MOST])
    scans = Scan.objects.of(org).filter(narrowing.assets(rule, "asset__"), pk__in={row.subject for row in rows})
    names: dict[Any, str] = dict(scans.values_list("pk", "asset__name"))
    for row in rows:
        if name := names.get(row.subject):
            text = f"A scan of {name} failed"
            yield _worded(Occasion.SCAN_FAILED, row, text, reverse("scans:scan", args=[org.slug, row.subject]))


def _worded(occasion: str, event: Event, text: str, path: str) -> Step:
    return Step(occasion=occasion, at=event.at, transaction=event.transaction, text=text, path=path)
