"""What import-linter cannot name: modules inside a foreign package, and the standard library as a whole.

The engine is pure, so it may not open a connection. The guard is the one way out, so it must be small enough to read:
the standard library and nothing else.
"""

import sys
from collections.abc import Iterator

from dev.lint.rule import Rule, python, shipped
from dev.lint.source import Source, matches

CONNECTING = (
    "asyncio", "django", "ftplib", "http.client", "http.server", "httpx", "imaplib", "poplib", "requests", "smtplib",
    "socket", "socketserver", "ssl", "urllib.request", "urllib3", "webbrowser", "xmlrpc",
)  # fmt: skip


def pure(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in source.modules:
        if matches(name, *CONNECTING):
            yield line, f"{name} in the engine"


def small(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in source.modules:
        top = name.partition(".")[0]
        if top and top != "vallum_guard" and top not in sys.stdlib_module_names:
            yield line, f"{top} in the guard"


def unmocked(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in source.modules:
        if matches(name, "unittest.mock", "mock", "pytest_mock"):
            yield line, f"{name} is imported"


RULES = (
    Rule(
        name="pure-engine",
        todo="let the caller fetch, and take the bytes",
        where=lambda source: shipped(source) and source.parts[0] == "engine",
        check=pure,
    ),
    Rule(
        name="small-guard",
        todo="use the standard library",
        where=lambda source: shipped(source) and source.parts[0] == "guard",
        check=small,
    ),
    Rule(
        name="no-mocks",
        todo="run the real thing, or a small server that speaks its protocol",
        where=python,
        check=unmocked,
    ),
)
