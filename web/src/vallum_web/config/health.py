"""Is it alive, and can it serve? Two questions for whoever watches the process; neither says who asks or why."""

import logging

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vallum_web.tenancy.keyring import KeyringError, keys

log = logging.getLogger(__name__)
PLAIN = "text/plain; charset=utf-8"


@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nothing of the database, so that a lost one restarts no web process."""
    return HttpResponse("ok\n", content_type=PLAIN)


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """The database answers, every migration of this code is applied, and the keys are at hand."""
    try:
        loader = MigrationLoader(connection)
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type=PLAIN)
    missing = loader.disk_migrations.keys() - loader.applied_migrations.keys()
    if missing:
        return HttpResponse(f"{len(missing)} migrations are not applied\n", status=503, content_type=PLAIN)
    try:
        keys.check()
    except (KeyringError, OSError):
        log.exception("The keys cannot be used")
        return HttpResponse("the keys cannot be used: see the log\n", status=503, content_type=PLAIN)
    return HttpResponse("ok\n", content_type=PLAIN)
