"""What is tried on the record before it holds: asked while somebody waits, so it gives up in time."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from psycopg.errors import QueryCanceled

from vallum_web.tenancy.models import Org
from vallum_web.tenancy.scope import scope

LONGEST = "20s"


class TooManyToTryError(Exception):
    """There are too many findings to try it on them while somebody waits."""


@contextmanager
def trying(org: Org) -> Iterator[CursorWrapper]:
    """A cursor in the organization's scope. Raises TooManyToTryError when a question takes longer than `LONGEST`."""
    try:
        with scope(org.pk), connection.cursor() as cursor:
            cursor.execute(f"set local statement_timeout = '{LONGEST}'")
            yield cursor
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooManyToTryError from error
        raise
