"""One clock: a test travels 400 days by moving it, and only where nobody reads another. The engine reads none at all.

`embedded` starts processes and judges certificates by the machine's time, and stands below the clock.
"""

from collections.abc import Iterator

from dev.lint.rule import Rule, of_web, shipped
from dev.lint.source import Source

THE_CLOCK = "web/src/vallum_web/tenancy/clock.py"
OTHERS = frozenset({
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "django.db.models.functions.Now",
    "django.utils.timezone.localdate",
    "django.utils.timezone.now",
    "time.time",
    "time.time_ns",
})  # fmt: skip


def _where(source: Source) -> bool:
    if of_web(source):
        return source.path != THE_CLOCK and source.parts[3] != "embedded"
    return shipped(source) and source.parts[0] == "engine"


def check(source: Source) -> Iterator[tuple[int, str]]:
    yield from ((line, f"{name} is another clock") for line, name in source.names if name in OTHERS)


RULE = Rule(
    name="one-clock", todo="use tenancy.clock.now(), or take the time as a parameter", where=_where, check=check
)
