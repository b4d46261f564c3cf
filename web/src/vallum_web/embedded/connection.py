"""Connections to a database whose address an operator wrote: every failure is one sentence, and no password is in it."""

import contextlib
import re
from collections.abc import Iterator, Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from vallum_web.embedded.errors import DatabaseError

PATIENCE = 10  # seconds for each address that a host's name stands for
APP, OWNER = "DATABASE_URL", "DATABASE_OWNER_URL"
HIDDEN = "***"
SCHEMES = ("postgresql://", "postgres://")
# What else stands there is a piece of a password that holds @ / or : as they are: no message may show it.
_PLAUSIBLE = {
    "host": re.compile(r"(?:/[^,@]*|@?[\w.:%-]*)(?:,(?:/[^,@]*|@?[\w.:%-]*))*"),
    "port": re.compile(r"[\d,]*"),
    "dbname": re.compile(r"[^@]*"),
}

Connection = psycopg.Connection[tuple[object, ...]]


@contextlib.contextmanager
def connected(url: str, setting: str) -> Iterator[Connection]:
    """A connection for the time of the block, committed at its end. Whatever psycopg raises becomes a DatabaseError."""
    options = _read(url, setting)
    try:
        with psycopg.connect(url, connect_timeout=int(options.get("connect_timeout", PATIENCE))) as connection:
            yield connection
    except psycopg.Error as error:
        raise DatabaseError(_sentence(error, options, setting)) from None  # its own text may hold what ours hides


def refuse_unreachable(url: str, setting: str) -> None:
    """For what comes before a program that would end in a traceback."""
    with connected(url, setting):
        pass


def _read(url: str, setting: str) -> Mapping[str, str]:
    with contextlib.suppress(psycopg.Error):  # its text repeats pieces of the address
        options = {name: str(value) for name, value in conninfo_to_dict(url).items()}
        numeric = options.get("connect_timeout", "0").isdecimal()
        if url.startswith(SCHEMES) and numeric and all(_fits(name, options.get(name, "")) for name in _PLAUSIBLE):
            return options
    raise DatabaseError(
        f"{setting} cannot be read. It looks like postgresql://ROLE:PASSWORD@HOST:5432/NAME, and in the password "
        "the characters % / : ? @ are written as %25 %2F %3A %3F %40."
    )


def _fits(name: str, value: str) -> bool:
    return _PLAUSIBLE[name].fullmatch(value) is not None


def _sentence(error: psycopg.Error, options: Mapping[str, str], setting: str) -> str:
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    if password := options.get("password"):
        said = said.replace(password, HIDDEN)
    host = options.get("host") or options.get("hostaddr") or "the usual socket"
    return (
        f"The database at {host} ({setting}) cannot be used: {said}. "
        f"Check that it runs and lets this machine in, and the role, password and name in {setting}."
    )
