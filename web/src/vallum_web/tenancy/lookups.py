"""Names known before a tenant is: a handful of SECURITY DEFINER functions answer them, and nothing else can."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import looking_back


@dataclass(frozen=True, slots=True, kw_only=True)
class MyOrg:
    """One of the present person's organizations."""

    id: UUID
    slug: str
    name: str
    role: str
    sso: bool = False
    """It lets this person in by single sign-on alone."""


def slug_taken(slug: str, *, but: UUID | None = None) -> bool:
    """Whether the address is an organization's, or was within 90 days. Its own former ones are free to `but`.

    One that is being deleted has its address still: it may be had back.
    """
    with looking_back(), connection.cursor() as cursor:
        cursor.execute("select lookup_slug_taken(%s, %s, %s)", [slug, but, clock.now()])
        return bool(cursor.fetchone()[0])


def former_slug(slug: str) -> UUID | None:
    """Whose address this was, until 90 days after it became another."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_former_slug(%s, %s)", [slug, clock.now()])
        row = cursor.fetchone()
        return row[0] if row else None


def invitation(digest: bytes) -> tuple[UUID, UUID] | None:
    """The organization and the id of the invitation whose link has this SHA-256 digest."""
    with connection.cursor() as cursor:
        cursor.execute("select org_id, id from lookup_invitation(%s)", [digest])
        row = cursor.fetchone()
        return (row[0], row[1]) if row else None


def org_with(slug: str) -> UUID | None:
    """The organization at this address: for operators alone."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_org_with(%s)", [slug])
        row = cursor.fetchone()
        return row[0] if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffOrg:
    """An organization that the person may read as an operator, until `ends_at`."""

    id: UUID
    slug: str
    name: str
    access: UUID
    ends_at: datetime


def staff_orgs(user: UUID) -> list[StaffOrg]:
    """What this operator has open; nothing for anybody else."""
    with connection.cursor() as cursor:
        cursor.execute("select org_id, slug, name, access, ends_at from lookup_staff(%s, %s)", [user, clock.now()])
        return [
            StaffOrg(id=row[0], slug=row[1], name=row[2], access=row[3], ends_at=row[4]) for row in cursor.fetchall()
        ]


def my_orgs() -> list[MyOrg]:
    """The organizations of the person whose `scope.person` this runs in, by name."""
    with connection.cursor() as cursor:
        cursor.execute("select org_id, slug, name, role, sso from lookup_my_orgs() order by name, slug")
        return [
            MyOrg(id=key, slug=slug, name=name, role=role, sso=sso) for key, slug, name, role, sso in cursor.fetchall()
        ]


def sso(wanted: str, *, by_domain: bool) -> tuple[UUID, UUID] | None:
    """The organization and the identity provider in use, of a proved domain or of an organization's address."""
    with connection.cursor() as cursor:
        cursor.execute("select org_id, id from lookup_sso(%s, %s)", [wanted, by_domain])
        row = cursor.fetchone()
        return (row[0], row[1]) if row else None


def provider(key: UUID) -> UUID | None:
    """Whose this identity provider is."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_provider(%s)", [key])
        row = cursor.fetchone()
        return row[0] if row else None


def my_sso() -> list[tuple[UUID, UUID]]:
    """The organizations and providers that may open the present person's account: they know them, and proved their domain."""
    with connection.cursor() as cursor:
        cursor.execute("select org_id, id from lookup_my_sso() order by id")
        return [(row[0], row[1]) for row in cursor.fetchall()]


def token(digest: bytes) -> tuple[UUID, UUID] | None:
    """The organization and the id of the API token with this SHA-256 digest."""
    with connection.cursor() as cursor:
        cursor.execute("select org_id, id from lookup_token(%s)", [digest])
        row = cursor.fetchone()
        return (row[0], row[1]) if row else None


def unfinished() -> list[UUID]:
    """The organizations in which a scan waits or runs."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_unfinished()")
        return [row[0] for row in cursor.fetchall()]


def all_orgs() -> list[UUID]:
    """Every organization's id, for jobs that visit each in a scope of its own."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_all_orgs()")
        return [row[0] for row in cursor.fetchall()]


def followed() -> list[UUID]:
    """The organizations in which somebody wants to be told of what happens."""
    with connection.cursor() as cursor:
        cursor.execute("select lookup_followed()")
        return [row[0] for row in cursor.fetchall()]


def limits_of(org: UUID) -> list[tuple[str, int, int, int]]:
    """The organization's own limits: name, count, seconds, burst. Asked before its scope is open, where limits are."""
    with connection.cursor() as cursor:
        cursor.execute("select name, count, seconds, burst from lookup_limits_of(%s)", [org])
        return list(cursor.fetchall())
