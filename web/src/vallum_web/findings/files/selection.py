"""The findings of a file: page by page in an order that never changes, each finding at most once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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
from vallum_web.findings import queries as findings
from vallum_web.findings.files.row import Row
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Decision, Finding
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

PAGE = 1000
MOST_PLACES = 100
MOST_ASSETS = 50
NOBODY = "a former member"
_ANY = UUID(int=0)
VULNERABLE = (Kind.VULNERABILITY.value, Kind.MALWARE.value)


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
                assignee=assignees.get(row.assignee, NOBODY) if row.assignee else "",
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
