"""Every read of exports."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse

from vallum_web.accounts import queries as people
from vallum_web.assets.models import Asset
from vallum_web.findings import listing
from vallum_web.findings import queries as findings
from vallum_web.findings.files.row import About
from vallum_web.findings.files.selection import Selection
from vallum_web.findings.filters import ME, NOBODY, Filters
from vallum_web.reports import words
from vallum_web.reports.models import Export, Part
from vallum_web.tenancy import keyset
from vallum_web.tenancy.models import Org

MOST_IN_A_REPORT = 5000
"""A report for people lists no more findings: 200 sheets of paper."""
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
