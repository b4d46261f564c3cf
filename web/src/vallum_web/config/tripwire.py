"""The tripwire in the platform's own processes: what does not leave through the guard does not leave.

The database's connection is made in C, where nothing sees it; its name is looked up in Python first.
"""

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from vallum_guard import audit
from vallum_guard.addresses import NOTHING_OPENED
from vallum_web.tenancy import egress_registry

_DATABASES: Final = ("DATABASE_URL", "DATABASE_OWNER_URL", "KEYRING_URL")


def arm() -> None:
    """For the web and the worker process, before anything else of theirs runs. Raises BrokenRegistryError."""
    egress_registry.parties()
    audit.install(NOTHING_OPENED, names(os.environ))


def names(environment: Mapping[str, str]) -> set[str]:
    """Host names of this installation's databases, those of a comma list and of `?host=` among them."""
    found: set[str] = set()
    for variable in _DATABASES:
        parts = urlsplit(environment.get(variable, ""))
        places = [parts.netloc.rpartition("@")[2], *parse_qs(parts.query).get("host", [])]
        for place in ",".join(places).split(","):
            host = unquote(place.rpartition(":")[0] or place) if not place.startswith("[") else ""
            if host and not host.startswith("/"):
                found.add(host)
    return found
