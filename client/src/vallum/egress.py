"""How this command's connections leave: by the guard, with what the operator opened."""

import os

from vallum.errors import Misuse
from vallum_guard.addresses import Opening
from vallum_guard.errors import BadOpening
from vallum_guard.http import Route


def route() -> Route:
    """The way out as `VALLUM_EGRESS_ALLOW` and `VALLUM_HTTPS_PROXY` set it."""
    try:
        opening = Opening.parse(os.environ.get("VALLUM_EGRESS_ALLOW", ""))
    except BadOpening as error:
        raise Misuse(f"VALLUM_EGRESS_ALLOW: {error}") from error
    return Route(opening=opening, proxy=os.environ.get("VALLUM_HTTPS_PROXY") or None)
