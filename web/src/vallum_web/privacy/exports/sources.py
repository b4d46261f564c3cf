"""What an archive is made of: tables, and of an organization its findings as SARIF and its packages as CycloneDX."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

import orjson

from vallum_engine.sbom.cyclonedx_vex import component, head
from vallum_web.accounts.models import User
from vallum_web.accounts.queries import my_orgs
from vallum_web.assets.models import Asset
from vallum_web.findings.files.row import About, opened
from vallum_web.findings.files.sarif import Sarif
from vallum_web.findings.files.selection import Selection
from vallum_web.findings.filters import ANY, Filters
from vallum_web.privacy.exports import shapes, tables
from vallum_web.privacy.exports.models import Archive, OrgExport, PersonExport
from vallum_web.privacy.exports.tables import Table
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import person, scope

TABLE, SARIF, SBOM = "table", "sarif", "sbom"


class Outlet(Protocol):
    """One of the files that a source becomes."""

    @property
    def folder(self) -> str: ...

    @property
    def suffix(self) -> str: ...

    def head(self) -> bytes: ...

    def line(self, row: Any, *, first: bool) -> bytes: ...

    def tail(self) -> Iterable[bytes]: ...


class Source(Protocol):
    """Rows in the order of keys that never change, and the files that hold them."""

    @property
    def name(self) -> str: ...

    @property
    def outlets(self) -> Sequence[Outlet]: ...

    def page(self, after: str | None) -> Sequence[tuple[str, Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfTable:
    table: Table
    shape: shapes.Shape
    folder: str
    suffix: str

    def head(self) -> bytes:
        return self.shape.head(self.table)

    def line(self, row: Mapping[str, Any], *, first: bool) -> bytes:
        return self.shape.line(self.table, row, first=first)

    def tail(self) -> Iterator[bytes]:
        yield self.shape.tail()


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of one table that are of one person, or of one organization."""

    name: str
    table: Table
    owner: UUID
    org: UUID | None
    forms: Sequence[shapes.Shape]

    @property
    def outlets(self) -> Sequence[Outlet]:
        return [_OfTable(table=self.table, shape=each, folder=each.suffix, suffix=each.suffix) for each in self.forms]

    def page(self, after: str | None) -> Sequence[tuple[str, Any]]:
        with self._room():
            return self.table.page(self.owner, after)

    def _room(self) -> AbstractContextManager[None]:
        if self.org is None:
            return person(self.owner)
        return scope(self.org, user=None if self.org == self.owner else self.owner)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found on one asset, whatever became of it, as SARIF."""

    name: str
    about: About
    selection: Selection
    folder: str = "findings"
    suffix: str = "sarif"

    @property
    def outlets(self) -> Sequence[Outlet]:
        return [self]

    def page(self, after: str | None) -> Sequence[tuple[str, Any]]:
        rows = self.selection.page(UUID(after) if after else None)
        return [(str(row.finding.pk), row) for row in rows]

    def head(self) -> bytes:
        return Sarif().head(self.about)

    def line(self, row: Any, *, first: bool) -> bytes:
        return (b"" if first else Sarif.between) + Sarif().line(row)

    def tail(self) -> Iterator[bytes]:
        return Sarif().tail(self.about, self.selection)


@dataclass(frozen=True, kw_only=True)
class Packages:
    """The packages of one asset as far as the record knows them, which is: those that findings name."""

    name: str
    about: About
    asset: Asset
    selection: Selection
    folder: str = "packages"
    suffix: str = "cdx.json"

    @property
    def outlets(self) -> Sequence[Outlet]:
        return [self]

    @cached_property
    def _known(self) -> Sequence[tuple[str, Any]]:
        told = {
            str(package.get("purl") or f"{package['name']}@{package.get('version') or ''}"): package
            for _, _, package in self.selection.packages()
            if package.get("name")
        }
        return sorted(told.items())

    def page(self, after: str | None) -> Sequence[tuple[str, Any]]:
        return [(ref, (ref, package)) for ref, package in self._known if after is None or ref > after][: tables.PAGE]

    def head(self) -> bytes:
        subject = {"type": "application", "bom-ref": str(self.asset.pk), "name": self.asset.name}
        told = {"name": "vallum:scope", "value": "packages that findings name"}
        metadata = {
            "timestamp": self.about.at.isoformat(timespec="seconds"),
            "component": subject,
            "properties": [told],
        }
        return opened(head(identifier=f"urn:uuid:{self.asset.pk}", metadata=metadata)) + b'"components":[\n'

    def line(self, row: Any, *, first: bool) -> bytes:
        return (b"" if first else b",\n") + orjson.dumps(component(*row))

    def tail(self) -> Iterator[bytes]:
        yield b"\n]}\n"


def plan(row: Archive) -> list[list[str]]:
    """What is to be written, in order; kept with the first part, so that every attempt writes the same."""
    if isinstance(row, PersonExport):
        return _persons_plan(row.person)
    found = [[TABLE, label, str(row.owner)] for label in tables.of_organization()]
    with scope(row.owner):
        assets = [str(key) for key in Asset.objects.of(row.owner).order_by("pk").values_list("pk", flat=True)]
    return found + [[kind, asset, str(row.owner)] for asset in assets for kind in (SARIF, SBOM)]


def _persons_plan(key: UUID) -> list[list[str]]:
    """What belongs to organizations is looked for in each that the person is in."""
    user = User.objects.filter(pk=key).first()
    orgs = [str(org.id) for org in my_orgs(user)] if user else []
    return [
        [TABLE, label, org]
        for label, table in tables.of_person().items()
        for org in (orgs if table.is_tenants else [""])
    ]


def read(row: Archive, step: Sequence[str]) -> Source:
    """The source that one step of the plan names."""
    kind, what, org = step
    if kind == TABLE:
        return _rows(row, what, UUID(org) if org else None)
    with scope(UUID(org)):
        tenant = Org.objects.get()
        asset = Asset.objects.of(tenant).filter(pk=what).first() or Asset(pk=UUID(what), org=tenant)
    name = f"{_safe(asset.name)}-{str(asset.pk)[-12:]}"
    filters = Filters(status=ANY, asset=asset.pk)
    of_packages = kind == SBOM
    selection = Selection(org=tenant, filters=filters, vulnerabilities=of_packages)
    about = About(
        id=asset.pk, org=tenant.name, at=row.asked_at, query="", words=f"everything found on {asset.name}", url=""
    )
    if of_packages:
        return Packages(name=name, about=about, asset=asset, selection=selection)
    return Findings(name=name, about=about, selection=selection)


def _rows(row: Archive, label: str, org: UUID | None) -> Rows:
    mine = isinstance(row, PersonExport)
    table = (tables.of_person() if mine else tables.of_organization()).get(label) or Table(label=label, fields=())
    return Rows(
        name=f"{label}-{str(org)[-12:]}" if mine and org else label,
        table=table,
        owner=row.owner,
        org=org,
        forms=shapes.PERSONS if mine else shapes.ORGANIZATIONS,
    )


def _safe(name: str) -> str:
    """Of an asset's name what a file may be called on every machine."""
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "-" for sign in name)
    return kept.strip("-")[:60] or "asset"


def named(row: Archive) -> str:
    """What the archive is of, in a word for its file's name and its first page."""
    if isinstance(row, OrgExport):
        with scope(row.owner):
            return str(Org.objects.get().slug)
    return "personal"
