"""What a gate asks, as data: a JSON object with a version, read strictly, so that a misspelt condition is never a missing one."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from vallum_engine.errors import EngineError
from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.values import immutable

VERSION = 1
MOST_COUNT = 1_000_000
MOST_DAYS = 3650


class BadPolicy(EngineError):
    """The data is no policy of a gate; says which part, and what it may be."""


class Since(StrEnum):
    """What a finding has to be newer than."""

    PREVIOUS = "previous"
    """The last complete scan before the one in question."""
    SCAN = "scan"
    DATE = "date"


class WhenUnsure(StrEnum):
    """What becomes of a gate that cannot say."""

    CANNOT_SAY = "cannot_say"
    FAIL = "fail"


@immutable
class Baseline:
    """What to compare with: `value` is a scan's id or a day in ISO's notation, and empty for the previous scan."""

    since: Since
    value: str = ""


@immutable
class Policy:
    """Which findings count (all conditions of the second group at once), and what of them is allowed (the first group)."""

    max_severity: Severity | None = None
    """The worst that is allowed; None: any."""
    no_secret: bool = False
    no_exploited: bool = False
    """No vulnerability that is known to be exploited (KEV)."""
    max_count: int | None = None
    """How many may count; None: any number."""

    kinds: frozenset[Kind] = frozenset()
    """Empty: all kinds."""
    min_confidence: Confidence = Confidence.LOW
    min_risk: int = 0
    fixable_only: bool = False
    """A vulnerability counts only where a version without it is known."""
    new_since: Baseline | None = None
    """Only what was not there at the baseline; None: whatever is there."""
    min_days: int = 0
    """Only what has been open for so many days: a time of grace."""
    count_suppressed: bool = False

    max_age_days: int | None = 7
    """A scan older than this says nothing about today; None: however old."""
    when_unsure: WhenUnsure = WhenUnsure.CANNOT_SAY

    @property
    def forbids_something(self) -> bool:
        worst = self.max_severity not in {None, Severity.CRITICAL}
        return worst or self.no_secret or self.no_exploited or self.max_count is not None


def parse(data: Mapping[str, Any]) -> Policy:
    """Raises BadPolicy for an unknown version, an unknown name, a value of the wrong sort, and a gate that forbids nothing."""
    if not isinstance(data, Mapping):
        raise BadPolicy("A gate's policy is a JSON object.")
    if data.get("version") != VERSION or type(data.get("version")) is not int:
        raise BadPolicy(
            f"version: {_said(data.get('version'))} is not {VERSION}, the version of policies that is read."
        )
    unknown = sorted(str(name) for name in data if name != "version" and name not in _READERS)
    if unknown:
        raise BadPolicy(f"{unknown[0]}: no condition has this name; there are {', '.join(_READERS)}.")
    policy = Policy(**{name: _READERS[name](name, value) for name, value in data.items() if name != "version"})
    if not policy.forbids_something:
        raise BadPolicy(
            "The gate forbids nothing: set max_severity (critical allows all), no_secret, no_exploited or max_count."
        )
    return policy


def plain(policy: Policy) -> dict[str, Any]:
    """The policy as data, every condition named; `parse` gives the same policy back."""
    since = policy.new_since
    return {
        "version": VERSION,
        "max_severity": policy.max_severity and policy.max_severity.value,
        "no_secret": policy.no_secret,
        "no_exploited": policy.no_exploited,
        "max_count": policy.max_count,
        "kinds": sorted(kind.value for kind in policy.kinds),
        "min_confidence": policy.min_confidence.value,
        "min_risk": policy.min_risk,
        "fixable_only": policy.fixable_only,
        "new_since": since and {"since": since.since.value, "value": since.value},
        "min_days": policy.min_days,
        "count_suppressed": policy.count_suppressed,
        "max_age_days": policy.max_age_days,
        "when_unsure": policy.when_unsure.value,
    }


def _said(value: object) -> str:
    return repr(value)[:60]


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadPolicy(f"{name}: {_said(value)} is neither true nor false.")
    return value


def _word(sort: type[StrEnum]) -> Callable[[str, object], Any]:
    def read(name: str, value: object) -> StrEnum:
        try:
            return sort(value)  # type: ignore[arg-type]  # what is no text is no word of it either
        except ValueError:
            raise BadPolicy(f"{name}: {_said(value)} is none of {', '.join(sort)}.") from None

    return read


def _number(least: int, most: int) -> Callable[[str, object], int]:
    def read(name: str, value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise BadPolicy(f"{name}: {_said(value)} is no whole number from {least:,} to {most:,}.")
        return value

    return read


def _unless_null(reader: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    return lambda name, value: None if value is None else reader(name, value)


def _kinds(name: str, value: object) -> frozenset[Kind]:
    if not isinstance(value, list | tuple):
        raise BadPolicy(f"{name}: {_said(value)} is no list of kinds.")
    return frozenset(_word(Kind)(name, item) for item in value)


def _baseline(name: str, value: object) -> Baseline:
    if not isinstance(value, Mapping) or not set(value) <= {"since", "value"}:
        raise BadPolicy(f'{name}: {_said(value)} is not of the shape {{"since": "previous"}}.')
    since: Since = _word(Since)(f"{name}.since", value.get("since"))
    text = value.get("value", "")
    if not isinstance(text, str):
        raise BadPolicy(f"{name}.value: {_said(text)} is no text.")
    return Baseline(since=since, value=_point(name, since, text.strip()))


def _point(name: str, since: Since, text: str) -> str:
    try:
        if since is Since.SCAN:
            return str(UUID(text))
        if since is Since.DATE:
            return date.fromisoformat(text).isoformat()
    except ValueError:
        wanted = "a scan's id" if since is Since.SCAN else "a day such as 2026-01-31"
        raise BadPolicy(f"{name}.value: {_said(text)} is not {wanted}.") from None
    if text:
        raise BadPolicy(f"{name}.value: the previous scan needs none.")
    return ""


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    "max_severity": _unless_null(_word(Severity)),
    "no_secret": _flag,
    "no_exploited": _flag,
    "max_count": _unless_null(_number(0, MOST_COUNT)),
    "kinds": _kinds,
    "min_confidence": _word(Confidence),
    "min_risk": _number(0, 100),
    "fixable_only": _flag,
    "new_since": _unless_null(_baseline),
    "min_days": _number(0, MOST_DAYS),
    "count_suppressed": _flag,
    "max_age_days": _unless_null(_number(0, MOST_DAYS)),
    "when_unsure": _word(WhenUnsure),
}
