"""Every read of the record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from vallum_web.accounts import queries as people
from vallum_web.advisories import queries as advisories
from vallum_web.advisories.models import Threat
from vallum_web.assets.models import Asset
from vallum_web.findings.filters import ANY, ME, NO_PACKAGE, NOBODY, Filters
from vallum_web.findings.models import Bulk, Comment, Decision, Finding, Identity, Occurrence, View, Words
from vallum_web.findings.words import tsquery
from vallum_web.scans import queries as scans
from vallum_web.scans.models import Coverage, Scan
from vallum_web.tenancy import clock, keyset
from vallum_web.tenancy.keys import first_of
from vallum_web.tenancy.models import Event, Org
from vallum_web.tenancy.scope import current_user

CAP = 10_000
_WITHIN = {"overdue": timedelta(0), "week": timedelta(days=7)}
PAGE = 50
SEARCH_LIMIT = 5000
"""What the database's search function returns at most; migration 0002."""
MOST_PLACES = 500
MOST_EVENTS = 200
MOST_COMMENTS = 100
MOST_CHOICES = 500
# Parts of a row that a list does not show.
UNLISTED = ("data", "message", "fingerprint")


def matching(org: Org | UUID, filters: Filters) -> QuerySet[Finding]:
    """The findings that `filters` leaves, in no order."""
    rows: QuerySet[Finding] = Finding.objects.of(org)
    if filters.status != ANY:
        rows = rows.filter(status=filters.status)
    if filters.severities:
        rows = rows.filter(severity__in=[Finding.Severity[name.upper()] for name in filters.severities])
    if filters.confidences:
        rows = rows.filter(confidence__in=[Finding.Confidence[name.upper()] for name in filters.confidences])
    if filters.kinds:
        rows = rows.filter(kind__in=filters.kinds)
    if filters.asset:
        rows = rows.filter(asset=filters.asset)
    if filters.rule:
        rows = rows.filter(rule=filters.rule)
    if filters.liveness:
        rows = rows.filter(liveness=filters.liveness)
    return _holding(_worked(rows, filters), filters.text) if filters.text else _worked(rows, filters)


def _worked(rows: QuerySet[Finding], filters: Filters) -> QuerySet[Finding]:
    """Whose they are, by when they should have ended, and whether somebody exploits them already."""
    if filters.assignee == NOBODY:
        rows = rows.filter(assignee=None)
    elif filters.assignee:
        person = current_user() if filters.assignee == ME else UUID(filters.assignee)
        rows = rows.filter(assignee=person) if person else rows.none()
    if filters.team:
        rows = rows.filter(team=filters.team)
    if filters.due:
        rows = rows.filter(due_at__isnull=False)
    if filters.due in _WITHIN:
        rows = rows.filter(due_at__lt=clock.now() + _WITHIN[filters.due])
    if filters.fix:
        rows = rows.filter(fix=filters.fix)
    if filters.package:
        rows = rows.filter(package="" if filters.package == NO_PACKAGE else filters.package)
    if filters.change:
        rows = _since(rows, filters)
    return rows.filter(exploited=True) if filters.exploited else rows


def _since(rows: QuerySet[Finding], filters: Filters) -> QuerySet[Finding]:
    """What happened since a moment, each from an index of its own; keys sort by when they were made."""
    since = filters.from_moment
    if since is None:
        return rows
    if filters.change == "reopened":
        return rows.filter(reopened_at__isnull=False, reopened_at__gte=since)
    if filters.change == "resolved":
        return rows.filter(status=Finding.Status.RESOLVED, resolved_at__gte=since)
    return rows.filter(pk__gte=first_of(since))


def _holding(rows: QuerySet[Finding], text: str) -> QuerySet[Finding]:
    """Text search runs in the definer's function: under a policy `@@` may not use its index."""
    words = tsquery(text)
    return rows.filter(pk__in=RawSQL("select search_findings(%s)", [words])) if words else rows.none()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search gave, to be asked for more than once."""

    keys: str
    """Of findings, as the database writes an array of them: thousands, which nobody here looks into."""
    cut: bool
    """Whether it stopped at `SEARCH_LIMIT`."""


def worklist(
    org: Org,
    filters: Filters,
    *,
    after: str = "",
    before: str = "",
    size: int = PAGE,
    found: Found | None = None,
) -> keyset.Page[Finding]:
    """One page of findings with their assets. `found`: what the search gave, where it was asked already."""

    # Assets in a query of their own: joined, the planner may walk them first and sort every finding of the organization.
    def page(branches: Sequence[QuerySet[Finding]], among: Q | None = None) -> keyset.Page[Finding]:
        listed = [branch.prefetch_related("asset").defer(*UNLISTED) for branch in branches]
        return keyset.page(listed, filters.order, after=after, before=before, size=size, among=among)

    # Every index of an order begins with the status: a list of any status is three lists merged.
    statuses = Finding.Status.values if filters.status == ANY else [filters.status]
    walks = [matching(org, filters.but(text="", status=status)) for status in statuses]
    if not filters.text:
        return page(walks)
    if found is None or found.cut:
        # What many hold, a walk in the list's own order mostly meets soon: a page that it fills leaves no match out.
        walked = page(walks, _holds(filters.text))
        if len(walked.rows) == size:
            return walked
    if found is None:
        return page([matching(org, filters)])
    return page([matching(org, filters.but(text="")).filter(pk__in=RawSQL("select unnest(%s::uuid[])", [found.keys]))])


def _holds(text: str) -> Q:
    """Whether a finding holds the words, asked of each: with the query as a value, for a function would be run for each too."""
    with connection.cursor() as cursor:
        cursor.execute("select findings_query(%s)::text", [tsquery(text)])
        holds = RawSQL("words @@ %s::tsquery", [cursor.fetchone()[0]], BooleanField())
    return Q(Exists(Words.objects.filter(holds, pk=OuterRef("pk"))))


def capped(sets: Sequence[QuerySet[Finding]], cap: int = CAP) -> list[int]:
    """The size of each set, counted no further than `cap + 1`, in one query."""
    parts: list[str] = []
    values: list[Any] = []
    for rows in sets:
        if rows.query.is_empty():
            parts.append("select 0")
            continue
        sql, own = rows.order_by().values("pk")[: cap + 1].query.sql_with_params()
        parts.append(f"select count(*) from ({sql}) counted")  # noqa: S608 - SQL of the query set; values are parameters
        values.extend(own)
    with connection.cursor() as cursor:
        cursor.execute("select " + ", ".join(f"({part})" for part in parts), values)
        return [int(number) for number in cursor.fetchone()]


def search_cut(filters: Filters) -> bool:
    """Whether the search stops at its limit; asked inside a scope."""
    if not filters.text:
        return False
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from search_findings(%s)", [tsquery(filters.text)])
        return int(cursor.fetchone()[0]) >= SEARCH_LIMIT


def finding(org: Org, key: UUID) -> Finding:
    """Raises Finding.DoesNotExist."""
    found: Finding = Finding.objects.of(org).select_related("asset", "team").get(pk=key)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One rule set that sees a finding, or saw it, and in how many places it does now."""

    ruleset: str
    rule: str
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """All that is known of one finding."""

    finding: Finding
    places: Sequence[Occurrence]
    more_places: bool
    sources: Sequence[Source]
    identities: Sequence[Identity]
    """Why other fingerprints are this finding, the newest first."""
    last_seen: Scan | None
    threat: Threat | None
    """What the feeds know of its CVE."""
    decisions: Sequence[Decision]
    comments: Sequence[Comment]
    """The newest first, as the events."""
    more_comments: int
    events: Sequence[Event]
    more_events: int
    names: Mapping[UUID, str]


def detail(org: Org, key: UUID) -> Detail:
    """Raises Finding.DoesNotExist."""
    row = finding(org, key)
    places = list(
        Occurrence.objects.of(org)
        .filter(finding=row)
        .select_related("first_scan", "gone_scan")
        .defer(*(f"{scan}__{name}" for scan in ("first_scan", "gone_scan") for name in scans.UNLISTED))
        # Open places first, then those that ended last.
        .order_by(F("gone_scan_id").desc(nulls_first=True), "path", "line")[: MOST_PLACES + 1]
    )
    decisions = list(Decision.objects.of(org).filter(finding=row).order_by("-id"))
    history = Event.objects.of(org).filter(subject=row.pk)
    events = list(history.order_by("-at", "-id")[:MOST_EVENTS])
    talk = Comment.objects.of(org).filter(finding=row)
    said = list(talk.order_by("-id")[:MOST_COMMENTS])
    persons = {person for decision in decisions for person in (decision.by, decision.lifted_by) if person}
    return Detail(
        finding=row,
        places=places[:MOST_PLACES],
        more_places=len(places) > MOST_PLACES,
        sources=_sources(org, row),
        identities=list(Identity.objects.of(org).filter(finding=row, undone_at=None).order_by("-id")[:MOST_EVENTS]),
        last_seen=_last_seen(org, row, places),
        threat=advisories.threats([row.cve]).get(row.cve) if row.cve else None,
        decisions=decisions,
        comments=said,
        more_comments=talk.count() - MOST_COMMENTS if len(said) == MOST_COMMENTS else 0,
        events=events,
        more_events=history.count() - MOST_EVENTS if len(events) == MOST_EVENTS else 0,
        names=people.names(persons | {remark.by for remark in said} | _named(row, events)),
    )


def _named(row: Finding, events: Sequence[Event]) -> set[UUID]:
    """Everybody of whom a finding or its history speaks."""
    given = {UUID(event.data["assignee"]) for event in events if event.data.get("assignee")}
    return given | {event.actor for event in events if event.actor} | ({row.assignee} if row.assignee else set())


def _sources(org: Org, row: Finding) -> list[Source]:
    counted = Occurrence.objects.of(org).filter(finding=row).values("ruleset", "rule")
    counted = counted.annotate(places=Count("pk", filter=Q(gone_scan=None))).order_by("-places", "ruleset", "rule")
    return [Source(**source) for source in counted[:MOST_EVENTS]]


def places(org: Org, key: UUID, *, after: str = "", size: int = MOST_PLACES) -> keyset.Page[Occurrence]:
    """Every place of a finding, the oldest first. Raises Finding.DoesNotExist."""
    row = finding(org, key)
    order = keyset.Order(fields=("id",), falling=False)
    return keyset.page([Occurrence.objects.of(org).filter(finding=row)], order, after=after, size=size)


def comments(org: Org, key: UUID, *, after: str = "") -> keyset.Page[Comment]:
    """What is said of a finding, the newest first. Raises Finding.DoesNotExist."""
    row = finding(org, key)
    order = keyset.Order(fields=("id",), falling=True)
    return keyset.page([Comment.objects.of(org).filter(finding=row)], order, after=after, size=MOST_COMMENTS)


def one_comment(org: Org, key: UUID, comment: UUID) -> Comment:
    """Raises Comment.DoesNotExist."""
    found: Comment = Comment.objects.of(org).get(pk=comment, finding=key)
    return found


def _last_seen(org: Org, row: Finding, places: Sequence[Occurrence]) -> Scan | None:
    """The last scan that looked where the finding is and did not see it gone."""
    ended = [place.gone_scan for place in places if place.gone_scan]
    if row.status == Finding.Status.RESOLVED and ended:
        before: Scan | None = _looked(org, row).filter(pk__lt=max(scan.pk for scan in ended)).first()
    else:
        before = _looked(org, row).first()
    first = max((place.first_scan for place in places), key=lambda scan: scan.pk, default=None)
    return max((scan for scan in (before, first) if scan), key=lambda scan: scan.pk, default=None)


def _looked(org: Org, row: Finding) -> QuerySet[Scan]:
    """Scans whose word counts for the finding's rule and path, the newest first."""
    folders = [row.path[: at + 1] for at, letter in enumerate(row.path) if letter == "/"]
    sets = row.ruleset.split("/")
    wider = ["/".join(sets[: n + 1]) for n in range(len(sets))]
    lines = Coverage.objects.of(org).filter(scan=OuterRef("pk"))
    ran = lines.filter(verdict=Coverage.Verdict.RAN, ruleset=row.ruleset)
    gap = lines.filter(Q(ruleset__in=["", *wider]), covered=False, path__in=["", row.path, *folders])
    looked: QuerySet[Scan] = Scan.objects.of(org).filter(
        Exists(ran),
        ~Exists(gap),
        asset=row.asset_id,
        complete=True,
        status__in=(Scan.Status.DONE, Scan.Status.INCOMPLETE),
    )
    return looked.defer(*scans.UNLISTED).order_by("-id")


def newest(org: Org, limit: int = 10) -> list[Finding]:
    """What was opened last and is still open."""
    rows: QuerySet[Finding] = Finding.objects.of(org).filter(status=Finding.Status.OPEN)
    return list(rows.prefetch_related("asset").defer(*UNLISTED).order_by("-id")[:limit])


def worst_of(org: Org, asset: Asset, limit: int = 10) -> list[Finding]:
    rows: QuerySet[Finding] = Finding.objects.of(org).filter(asset=asset, status=Finding.Status.OPEN)
    return list(rows.prefetch_related("asset").defer(*UNLISTED).order_by("-risk", "-id")[:limit])


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a list is worth: the last scan with an end, and how far the assets in question were looked at."""

    last: Scan | None
    standing: scans.Standing


def looked(org: Org, asset: UUID | None) -> Looked:
    return Looked(last=scans.last_finished(org, asset), standing=scans.standing(org, asset))


def choices(org: Org, filters: Filters) -> dict[UUID, str]:
    """The assets to choose from, by name; the one chosen is always among them."""
    rows = Asset.objects.of(org).filter(retired_at=None).order_by("name", "id")
    found = dict(rows.values_list("pk", "name")[:MOST_CHOICES])
    if filters.asset and filters.asset not in found:
        found |= dict(Asset.objects.of(org).filter(pk=filters.asset).values_list("pk", "name"))
    return found


def bulk(org: Org, key: UUID) -> Bulk:
    """Raises Bulk.DoesNotExist."""
    found: Bulk = Bulk.objects.of(org).get(pk=key)
    return found


def views(org: Org, person: UUID) -> list[View]:
    """Somebody's own saved views and those that are shared, by name."""
    rows: QuerySet[View] = View.objects.of(org)
    return list(rows.filter(Q(by=person) | Q(shared=True)).order_by("name", "id"))


def people_of(org: Org) -> dict[UUID, str]:
    """The members to whom findings can be given, by name."""
    named = people.names([member.user_id for member in people.members(org)[:MOST_CHOICES]])
    return dict(sorted(named.items(), key=lambda item: item[1].lower()))


def teams_of(org: Org) -> dict[UUID, str]:
    return dict(people.teams(org).order_by("name").values_list("pk", "name")[:MOST_CHOICES])


def more_choices(org: Org, shown: Mapping[UUID, str]) -> int:
    """How many assets there are beside those to choose from."""
    return max(0, Asset.objects.of(org).filter(retired_at=None).count() - len(shown))


def in_force(org: UUID) -> QuerySet[Decision]:
    """The decisions that hide something today."""
    rows: QuerySet[Decision] = Decision.objects.of(org).filter(lifted_at=None)
    return rows.exclude(until__lt=clock.now().date())
