"""Every read of exports, and of the findings that go into one: page by page, each finding at most once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, QuerySet
from django.urls import reverse

from vallum_engine.model.finding import Kind, Location
from vallum_web.accounts import queries as people
from vallum_web.assets.models import Asset
from vallum_web.findings import listing
from vallum_web.findings import queries as findings
from vallum_web.findings.filters import ME, NOBODY, Filters
from vallum_web.findings.models import Decision, Finding
from vallum_web.reports import words
from vallum_web.reports.formats.row import About, Row
from vallum_web.reports.models import Export, Part
from vallum_web.tenancy import keyset
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

PAGE = 1000
MOST_PLACES = 100
MOST_IN_A_REPORT = 5000
"""A report for people lists no more findings: 200 sheets of paper."""
MOST_ASSETS = 50
_ANY = UUID(int=0)
VULNERABLE = (Kind.VULNERABILITY.value, Kind.MALWARE.value)
VEX = (Export.Format.CYCLONEDX, Export.Format.OPENVEX)
WHOLE = {Export.Format.HTML: MOST_IN_A_REPORT, Export.Format.PDF: 2000}
"""Reports for people, which are written at once, and how many findings each lists."""
UNFINISHED = (Export.Status.QUEUED, Export.Status.RUNNING)


def exports(org: Org) -> QuerySet[Export]:
    rows: QuerySet[Export] = Export.objects.of(org)
    return rows


def page(org: Org, *, after: str = "", before: str = "") -> keyset.Page[Export]:
    return keyset.page([exports(org)], keyset.Order(), after=after, before=before)


def export(org: Org | UUID, key: UUID) -> Export:
    """Raises Export.DoesNotExist."""
    found: Export = Export.objects.of(org).get(pk=key)
    return found


def parts(org: Org | UUID, key: UUID) -> list[Part]:
    return list(Part.objects.of(org).filter(export=key).order_by("number"))


def of_each(org: Org, rows: Sequence[Export]) -> dict[UUID, list[Part]]:
    found: dict[UUID, list[Part]] = defaultdict(list)
    for part in Part.objects.of(org).filter(export__in=[row.pk for row in rows]).order_by("export_id", "number"):
        found[part.export_id].append(part)
    return found


def told(org: Org, rows: Iterable[Export]) -> dict[UUID, str]:
    """Each export's filters in words."""
    read = {row.pk: words.filters(row.query) for row in rows}
    choices = names(org, read.values())
    return {key: words.told(filters, choices) for key, filters in read.items()}


def names(org: Org, wanted: Iterable[Filters]) -> listing.Choices:
    """What filters name, by name: a query each for assets, people and teams, and only where one is named."""
    given = list(wanted)
    assets = {filters.asset for filters in given if filters.asset}
    persons = [UUID(f.assignee) for f in given if f.assignee and f.assignee not in (ME, NOBODY)]
    return listing.Choices(
        assets=dict(Asset.objects.of(org).filter(pk__in=assets).values_list("pk", "name")) if assets else {},
        people=people.names(persons) if persons else {},
        teams=findings.teams_of(org) if any(filters.team for filters in given) else {},
    )


def abandoned(org: UUID) -> list[Export]:
    """Exports that wait or are written while the queue holds no job for them; asked inside a scope."""
    rows = list(Export.objects.of(org).filter(status__in=UNFINISHED))
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select args->>'export' from procrastinate_jobs where status in ('todo', 'doing') and args->>'org' = %s",
            [str(org)],
        )
        alive = {key for (key,) in cursor.fetchall()}
    return [row for row in rows if str(row.pk) not in alive]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The findings of an export: what the filters leave, up to the newest when it began, as its format takes them."""

    org: Org
    filters: Filters
    vulnerabilities: bool
    last: UUID | None = None

    def rows(self) -> QuerySet[Finding]:
        found: QuerySet[Finding] = findings.matching(self.org, self.filters)
        if self.vulnerabilities:
            found = found.filter(kind__in=VULNERABLE)
        return found.filter(pk__lte=self.last) if self.last else found

    def measure(self) -> tuple[int, UUID | None, int]:
        """How many there are, the newest of them, and how many more the filters leave that the format does not take."""
        with scope(self.org.pk):
            last = self.rows().order_by("-pk").values_list("pk", flat=True).first()
            total = self.rows().count()
            every = findings.matching(self.org, self.filters).count() if self.vulnerabilities else total
            return total, last, every - total

    def page(self, after: UUID | None) -> list[Row]:
        """The next findings in the order of their ids, which never change: none is met twice, whatever scans do meanwhile."""
        # A search is one question: asked again, it may answer with other findings of those beyond its limit.
        if self.filters.text and after:
            return []
        size = findings.SEARCH_LIMIT if self.filters.text else PAGE
        with scope(self.org.pk):
            rows = self.rows().filter(pk__gt=after) if after else self.rows()
            return self.told(list(rows.order_by("pk")[:size]))

    def worst(self, most: int) -> list[Row]:
        """The first of the worklist, in its own order."""
        with scope(self.org.pk):
            order, sign = self.filters.order, "-" if self.filters.order.falling else ""
            named = [sign + (f"{name}_id" if name == "asset" else name) for name in order.fields]
            return self.told(list(self.rows().order_by(*named)[:most]))

    def told(self, rows: Sequence[Finding]) -> list[Row]:
        # One query for the names and one reversal for the addresses: both would cost as much as all the rest, row by row.
        names = dict(Asset.objects.of(self.org).filter(pk__in={row.asset_id for row in rows}).values_list("pk", "name"))
        before, after = reverse("findings:finding", args=[self.org.slug, _ANY]).split(str(_ANY))
        places, more = _places(self.org.pk, rows)
        decisions = _decisions(self.org.pk, rows)
        assignees = people.names({row.assignee for row in rows if row.assignee})
        return [
            Row(
                finding=row,
                asset=names.get(row.asset_id, ""),
                url=f"{settings.PUBLIC_URL}{before}{row.pk}{after}",
                places=places.get(row.pk, ()),
                more_places=more.get(row.pk, 0),
                decision=decisions.get(row.pk),
                assignee=assignees.get(row.assignee, words.NOBODY) if row.assignee else "",
            )
            for row in rows
        ]

    def rules(self) -> Iterator[Finding]:
        """Streamed by a cursor of the server's: as many as there are, and never all at once."""
        with scope(self.org.pk):
            rows = self.rows().order_by("rule", "-severity", "-pk").distinct("rule")
            yield from rows.iterator(chunk_size=PAGE)

    def packages(self) -> Iterator[tuple[UUID, str, Mapping[str, Any]]]:
        with scope(self.org.pk):
            parts = tuple(f"data__package__{name}" for name in ("purl", "name", "version"))
            rows = self.rows().order_by("asset_id", *parts).values_list("asset_id", "asset__name", *parts).distinct()
            for asset, called, purl, name, version in rows.iterator(chunk_size=PAGE):
                yield asset, called, {"purl": purl, "name": name, "version": version}

    def summary(self) -> "Summary":
        with scope(self.org.pk):
            severities = dict(self.rows().order_by().values_list("severity").annotate(n=Count("pk")))
            named = self.rows().order_by().values_list("asset__name").annotate(n=Count("pk"), worst=Max("severity"))
            assets = named.order_by("-worst", "-n", "asset__name")
            return Summary(
                total=sum(severities.values()),
                severities={label: severities.get(value, 0) for value, label in Finding.Severity.choices},
                assets=[(name, number) for name, number, _ in assets[:MOST_ASSETS]],
                more_assets=max(assets.count() - MOST_ASSETS, 0),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What stands at the head of a report."""

    total: int
    severities: Mapping[str, int]
    """Worst first, as the worklist names them."""
    assets: Sequence[tuple[str, int]]
    more_assets: int


def org(key: UUID) -> Org:
    """Raises Org.DoesNotExist; asked inside its scope."""
    found: Org = Org.objects.get(pk=key)
    return found


def selection(org: Org, row: Export) -> Selection:
    vulnerabilities = row.format in VEX
    return Selection(org=org, filters=words.filters(row.query), vulnerabilities=vulnerabilities, last=row.last)


def about(org: Org, row: Export) -> About:
    """What the file says of itself; asked inside a scope."""
    base = settings.PUBLIC_URL + reverse("findings:worklist", args=[org.slug])
    return About(
        id=row.pk,
        org=org.name,
        at=row.started_at or row.asked_at,
        query=row.query,
        words=told(org, [row])[row.pk],
        url=base + words.filters(row.query).query(),
        rows=row.rows,
        note=row.note,
    )


# What several tools name alike is one place.
_PLACES = """
select finding_id, path, line, end_line, places from (
  select *, row_number() over (partition by finding_id order by path, line, end_line) as number,
    count(*) over (partition by finding_id) as places
  from (select distinct finding_id, path, line, greatest(line, end_line) as end_line from findings_occurrence
    where org_id = %s and finding_id = any(%s) and gone_scan_id is null) seen) numbered
where number <= %s order by finding_id, number
"""


def _places(org: UUID, rows: Sequence[Finding]) -> tuple[dict[UUID, list[Location]], dict[UUID, int]]:
    """Where each is seen now, and how many places there are beyond the limit."""
    places: dict[UUID, list[Location]] = defaultdict(list)
    more: dict[UUID, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_PLACES, [org, [row.pk for row in rows], MOST_PLACES])
        for finding, path, line, end_line, number in cursor.fetchall():
            places[finding].append(Location(path=path, line=line, end_line=end_line))
            more[finding] = max(number - MOST_PLACES, 0)
    return places, more


def _decisions(org: UUID, rows: Sequence[Finding]) -> dict[UUID, Decision]:
    """The newest decision in force of each that is hidden."""
    hidden = [row.pk for row in rows if row.status == Finding.Status.SUPPRESSED]
    if not hidden:
        return {}
    found = findings.in_force(org).filter(finding__in=hidden).order_by("pk")
    return {decision.finding_id: decision for decision in found}
