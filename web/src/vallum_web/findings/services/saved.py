"""Lists that people come back to: kept for oneself, or shared with the organization."""

from uuid import UUID

from django.db import connection

from vallum_web.findings.filters import Filters
from vallum_web.findings.models import View
from vallum_web.tenancy.events import emit
from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

MOST_OWN = 50
MOST_SHARED = 100


class ViewRefusedError(ValueError):
    """A view that cannot be kept; the message says why, for whoever wanted it."""


def save_view(org: Org, by: UUID, name: str, filters: Filters, *, shared: bool) -> View:
    """Keep filters under a name. Raises ViewRefusedError for a name that is taken, and where there are too many."""
    with scope(org.pk, user=by):
        # Counted and kept by one at a time: two at once would both be the last that fits.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"views {org.pk}"])
        _fits(org, by, name, shared=shared)
        view: View = View.objects.create(
            org=org, name=name, query=filters.query().removeprefix("?"), by=by, shared=shared
        )
        emit("view.saved", view.pk, **_told(view))
        return view


def _fits(org: Org, by: UUID, name: str, *, shared: bool) -> None:
    """Raises ViewRefusedError."""
    beside = View.objects.of(org).filter(shared=True) if shared else View.objects.of(org).filter(shared=False, by=by)
    if beside.filter(name=name).exists():
        raise ViewRefusedError(f"There is a view called {name}: choose another name, or delete that one first.")
    if shared and beside.count() >= MOST_SHARED:
        raise ViewRefusedError(f"{MOST_SHARED} views are shared already: delete one first.")
    if not shared and beside.count() >= MOST_OWN:
        raise ViewRefusedError(f"You have {MOST_OWN} views already: delete one first.")


def delete_view(org: Org, view: UUID, by: UUID) -> None:
    """One's own, shared or not. Raises View.DoesNotExist, for those of others too."""
    with scope(org.pk, user=by):
        _delete(View.objects.of(org).select_for_update().get(pk=view, by=by))


def delete_shared_view(org: Org, view: UUID, by: UUID) -> None:
    """One that is shared, whoever's it is. Raises View.DoesNotExist, for what others keep for themselves too."""
    with scope(org.pk, user=by):
        _delete(View.objects.of(org).select_for_update().get(pk=view, shared=True))


def _delete(view: View) -> None:
    emit("view.deleted", view.pk, **_told(view))
    view.delete()


def _told(view: View) -> dict[str, str | bool]:
    """What the organization's log says of it: how somebody calls what they keep for themselves is theirs."""
    return {"shared": True, "name": view.name} if view.shared else {"shared": False}
