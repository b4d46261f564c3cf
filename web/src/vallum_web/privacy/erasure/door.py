"""The narrow door of whoever is being deleted: no session of an account, but the memory of a proof, for ten minutes.

It lies in the visitor's own session, which belongs to nobody; nothing but the pages of `privacy.centre.leaving` asks for it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from vallum_web.privacy.erasure import queries
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock

STAYS_OPEN: Final = timedelta(minutes=10)
"""As long as a proof lasts for whoever is signed in: a copy is fetched by who has just shown that it is them."""
_KEY: Final = "leaving"


def open_for(request: HttpRequest, deletion: Deletion) -> None:
    request.session.cycle_key()  # whoever planted the old one does not come along
    request.session[_KEY] = {"deletion": str(deletion.pk), "until": (clock.now() + STAYS_OPEN).isoformat()}


def whose(request: HttpRequest) -> Deletion | None:
    """Whose deletion was proved lately to be theirs."""
    known = request.session.get(_KEY)
    if not known or datetime.fromisoformat(known["until"]) <= clock.now():
        return None
    return queries.open_one(UUID(known["deletion"]))


def shut(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
