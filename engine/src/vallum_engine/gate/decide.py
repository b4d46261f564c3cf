"""The decision of a gate: pure, over facts that stand for many findings at once.

Nothing unknown is taken for harmless. A fact that nobody knows makes a finding one that *may* count; a gate passes when
nothing that may count breaks it, fails when what surely counts does, and cannot say otherwise. What is there is there
however little else was looked at: a gate that is broken fails, gaps or not.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from vallum_engine.gate.policy import Policy, WhenUnsure
from vallum_engine.model.finding import Confidence, Kind, Severity
from vallum_engine.values import immutable, made

EXPLOITABLE = frozenset({Kind.VULNERABILITY, Kind.MALWARE})
"""Kinds that a catalogue of what is exploited can speak of."""


class Verdict(StrEnum):
    """What a gate says; part of the API and of the command's JSON."""

    PASS = "pass"  # noqa: S105 - the name of a verdict
    FAIL = "fail"
    CANNOT_SAY = "cannot_say"


class Limit(StrEnum):
    """What a gate forbids, by the name of its condition."""

    SEVERITY = "max_severity"
    SECRET = "no_secret"  # noqa: S105 - the name of a condition
    EXPLOITED = "no_exploited"
    COUNT = "max_count"


class Unknown(StrEnum):
    """A fact that would decide whether a finding counts, and that nobody knows."""

    RISK = "risk"
    NEW = "new"
    DAYS = "days"
    EXPLOITED = "exploited"


@immutable
class Facts:
    """What a gate asks about a finding. None: not known here."""

    kind: Kind
    severity: Severity
    confidence: Confidence
    fixable: bool = True
    suppressed: bool = False
    risk: int | None = None
    exploited: bool | None = None
    new: bool | None = None
    days: int | None = None
    """For how many whole days it has been open."""


class Doubt(StrEnum):
    """Why a scan's silence proves nothing."""

    NEVER = "never_scanned"
    FAILED = "scan_failed"
    GAPS = "scan_has_gaps"
    OLD = "scan_too_old"
    BRANCH = "other_branch"


@immutable
class Standing:
    """How far the scan in question can speak."""

    doubts: Mapping[Doubt, str] = made(factory=dict)
    """Each with a sentence for a person."""
    age_days: int | None = None
    """Since the scan ended; None where there is no clock to ask."""
    no_baseline: str = ""
    """Why nobody knows what is new; empty where it is known, or not asked."""


@immutable
class Reason:
    """One sentence of an answer. `code` is a Limit, a Doubt, an Unknown, or `clear`."""

    code: str
    text: str
    count: int = 0
    """How many findings it is about."""


@immutable
class Answer:
    """What a gate says, why, and of how many findings."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    counts: Mapping[str, int]
    """`present`, `counted`, `unsure`, `offending`, and `suppressed`: which would count if nobody had hidden them."""


def counts(policy: Policy, facts: Facts) -> bool | None:
    """Whether the gate looks at such a finding at all; None: it depends on what nobody knows."""
    return False if facts.suppressed and not policy.count_suppressed else _would_count(policy, facts)


def breaks(policy: Policy, facts: Facts) -> Mapping[Limit, bool | None]:
    """The limits that one such finding breaks by itself if it counts; None: it depends on what nobody knows."""
    found: dict[Limit, bool | None] = {}
    if policy.max_severity and facts.severity.rank > policy.max_severity.rank:
        found[Limit.SEVERITY] = True
    if policy.no_secret and facts.kind is Kind.SECRET:
        found[Limit.SECRET] = True
    if policy.no_exploited and facts.kind in EXPLOITABLE and facts.exploited is not False:
        found[Limit.EXPLOITED] = facts.exploited
    return found


def offends(policy: Policy, facts: Facts, answer: "Answer") -> bool:
    """Whether such a finding is one to show for this answer: it breaks a limit, or is one of too many, or may be."""
    if answer.verdict is Verdict.PASS or counts(policy, facts) is False:
        return False
    codes = {reason.code for reason in answer.reasons}
    too_many = Limit.COUNT in codes or (policy.max_count is not None and Verdict.FAIL is not answer.verdict)
    return too_many or bool(breaks(policy, facts))


def decide(policy: Policy, groups: Iterable[tuple[Facts, int]], standing: Standing) -> Answer:
    """Weigh findings, given as facts and how many share them, against a policy."""
    tally = _Tally()
    for facts, number in groups:
        tally.add(policy, facts, number)
    broken, open_questions = _limits(policy, tally)
    too_many = any(reason.code == Limit.COUNT for reason in broken)
    doubts = _doubts(policy, standing)
    unknown = _unknown(tally, standing) if open_questions else ()
    if broken:
        verdict = Verdict.FAIL
    elif doubts or unknown:
        verdict = Verdict.FAIL if policy.when_unsure is WhenUnsure.FAIL else Verdict.CANNOT_SAY
    else:
        verdict = Verdict.PASS
    clear = (Reason(code="clear", text=_clear(tally), count=tally.counted),) if not broken else ()
    return Answer(
        verdict=verdict,
        reasons=(*broken, *doubts, *unknown, *(clear if verdict is Verdict.PASS else ())),
        counts={
            "present": tally.present,
            "counted": tally.counted,
            "unsure": tally.unsure,
            "offending": tally.counted if too_many else tally.offending,
            "suppressed": tally.suppressed,
        },
    )


class _Tally:
    def __init__(self) -> None:
        self.present = self.counted = self.unsure = self.offending = self.suppressed = 0
        self.sure: dict[Limit, int] = {}
        self.maybe: dict[Limit, int] = {}
        self.unknown: dict[Unknown, int] = {}

    def add(self, policy: Policy, facts: Facts, number: int) -> None:
        self.present += number
        if facts.suppressed and not policy.count_suppressed:
            self.suppressed += number if _would_count(policy, facts) is not False else 0
            return
        counted = _would_count(policy, facts)
        if counted is False:
            return
        self.counted += number if counted else 0
        self.unsure += 0 if counted else number
        limits = breaks(policy, facts)
        for limit, broken in limits.items():
            into = self.sure if counted and broken else self.maybe
            into[limit] = into.get(limit, 0) + number
        self.offending += number if counted and any(limits.values()) else 0
        asked = () if counted else _missing(policy, facts)
        for fact in (*asked, *((Unknown.EXPLOITED,) if limits.get(Limit.EXPLOITED, True) is None else ())):
            self.unknown[fact] = self.unknown.get(fact, 0) + number


def _would_count(policy: Policy, facts: Facts) -> bool | None:
    known = (
        (not policy.kinds or facts.kind in policy.kinds)
        and facts.confidence.rank >= policy.min_confidence.rank
        and (facts.fixable or not policy.fixable_only)
        and (policy.min_risk == 0 or facts.risk is None or facts.risk >= policy.min_risk)
        and (policy.new_since is None or facts.new is not False)
        and (policy.min_days == 0 or facts.days is None or facts.days >= policy.min_days)
    )
    if not known:
        return False
    return None if _missing(policy, facts) else True


def _missing(policy: Policy, facts: Facts) -> tuple[Unknown, ...]:
    asked = (
        (Unknown.RISK, policy.min_risk > 0 and facts.risk is None),
        (Unknown.NEW, policy.new_since is not None and facts.new is None),
        (Unknown.DAYS, policy.min_days > 0 and facts.days is None),
    )
    return tuple(fact for fact, missing in asked if missing)


def _limits(policy: Policy, tally: _Tally) -> tuple[tuple[Reason, ...], bool]:
    """What is surely broken, and whether anything else may be."""
    broken = [
        Reason(code=limit, text=_broken(policy, limit, tally.sure[limit]), count=tally.sure[limit])
        for limit in (Limit.SEVERITY, Limit.SECRET, Limit.EXPLOITED)
        if tally.sure.get(limit)
    ]
    most = policy.max_count
    if most is not None and tally.counted > most:
        broken.append(Reason(code=Limit.COUNT, text=_too_many(tally.counted, most), count=tally.counted))
    too_many = most is not None and tally.counted + tally.unsure > most
    return tuple(broken), bool(tally.maybe) or too_many


def _doubts(policy: Policy, standing: Standing) -> tuple[Reason, ...]:
    found = [Reason(code=doubt, text=text) for doubt, text in standing.doubts.items()]
    if policy.max_age_days is not None and (standing.age_days or 0) > policy.max_age_days:
        old = _number(standing.age_days or 0, "day")
        text = f"The scan is {old} old, and the gate believes none older than {policy.max_age_days:,}: scan again."
        found.append(Reason(code=Doubt.OLD, text=text))
    return tuple(found)


def _unknown(tally: _Tally, standing: Standing) -> tuple[Reason, ...]:
    why = {
        Unknown.RISK: "Risk is not known here, and the gate asks for it: ask the platform.",
        Unknown.NEW: standing.no_baseline or "There is nothing to compare with, so that nobody knows what is new.",
        Unknown.DAYS: "How long a finding has been open is not known here, and the gate asks for it: ask the platform.",
        Unknown.EXPLOITED: "What is known to be exploited is not known here: bring the platform's threat feeds up to date.",
    }
    return tuple(
        Reason(code=fact, text=why[fact], count=tally.unknown[fact]) for fact in Unknown if fact in tally.unknown
    )


def _broken(policy: Policy, limit: Limit, count: int) -> str:
    if limit is Limit.SEVERITY:
        return f"{_number(count, 'finding')} worse than {policy.max_severity}."
    if limit is Limit.SECRET:
        return f"{_number(count, 'secret')}, and none is allowed."
    return f"{_number(count, 'finding')} known to be exploited, and none is allowed."


def _too_many(count: int, most: int) -> str:
    allowed = f"at most {most:,} may" if most else "none may"
    return f"{_number(count, 'finding')} {'counts' if count == 1 else 'count'}, and {allowed}."


def _clear(tally: _Tally) -> str:
    if not tally.counted:
        return "No finding counts."
    return f"{_number(tally.counted, 'finding')} {'counts' if tally.counted == 1 else 'count'}, and none of them breaks the gate."


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
