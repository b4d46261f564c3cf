"""Whether the secrets that a scan found still work: each one's issuer is asked, on request only, and within limits.

A value stays in this process: it goes to the one host that its rule names, by the guard, and into no message, no report and
no log. Nothing follows a redirect. What a host was asked is one row for that host.
"""

import dataclasses
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

from vallum import egress
from vallum.progress import Progress
from vallum_engine.detector import Detector
from vallum_engine.identity import fingerprint
from vallum_engine.model.finding import Finding
from vallum_engine.model.report import Report
from vallum_engine.model.verification import Liveness, Verification
from vallum_engine.secrets import liveness
from vallum_engine.secrets.confirm import Match
from vallum_engine.secrets.detector import SecretsDetector
from vallum_engine.secrets.liveness import Answer
from vallum_engine.secrets.rule import Check
from vallum_engine.values import immutable, replace, unshown
from vallum_guard import errors, http
from vallum_guard.ledger import Departure

PURPOSE = "ask whether a secret still works"
_MOST = 10_000
_WHY: Sequence[tuple[type[errors.GuardError], str]] = (
    (errors.TooSlow, "did not answer in time"),
    (errors.Unresolvable, "was not found by its name"),
    (errors.AddressDenied, "is not on the public internet"),
    (errors.NotForeseen, "is no host that a rule names"),
    (errors.TooLarge, "answered more than is read"),
    (errors.BadUrl, "cannot be sent this value"),
)
"""In our own words: those of an error may hold an address, and that the secret."""


@immutable
class Limits:
    """What asking may cost."""

    seconds: float = 60.0
    """For everything."""
    each: float = 10.0
    """For one question, in seconds."""
    questions: int = 500
    hosts: int = 4
    """How many are asked at the same time; of each one after the other."""
    pause: float = 0.5
    """Seconds between two questions to one host."""
    wait: float = 10.0
    """The longest `Retry-After` that is waited for, in seconds, once."""
    failures: int = 3
    """After so many in a row a host is left alone."""
    body_bytes: int = 64 << 10


@immutable
class _Case:
    fingerprint: str
    check: Check
    value: bytes = unshown()
    pair: bytes = unshown()


class Witness:
    """Keeps what a detector found, for as long as the scan lasts: findings themselves hold no value."""

    def __init__(self) -> None:
        self._cases: dict[str, _Case] = {}
        self.left_out = 0

    def watch(self, detectors: Iterable[Detector]) -> None:
        """See what they find."""
        for each in detectors:
            if isinstance(each, SecretsDetector):
                each.witness = self._note

    def cases(self, findings: Iterable[Finding]) -> list[_Case]:
        """Those of these findings whose issuer can be asked."""
        return [case for finding in findings if (case := self._cases.get(finding.fingerprint))]

    def _note(self, identity: tuple[str, ...], match: Match) -> None:
        if match.rule.verify is None:
            return
        if len(self._cases) >= _MOST:
            self.left_out += 1
            return
        name = fingerprint(identity)
        self._cases[name] = _Case(fingerprint=name, check=match.rule.verify, value=match.value, pair=match.pair_value)


def verified(report: Report, witness: Witness, shown: Progress, limits: Limits | None = None) -> Report:
    """The report, in which each finding whose issuer was asked says what came of it."""
    asked: dict[str, list[_Case]] = {}
    for case in witness.cases(report.findings):
        asked.setdefault(liveness.host(case.check), []).append(case)
    if not asked:
        return report
    shown.phase("asking issuers")
    work = _Work(frozenset(asked), limits or Limits())
    with ThreadPoolExecutor(max_workers=work.limits.hosts) as pool:
        try:
            told = {name: each for part in pool.map(work.host, asked.values()) for name, each in part.items()}
        except BaseException:
            work.stop.set()  # a person's Ctrl-C must not wait for the hosts
            raise
    for host in sorted(asked):
        shown.tell(_row(host, asked[host], told, work.departures))
    return replace(
        report,
        findings=tuple(replace(each, verification=told.get(each.fingerprint)) for each in report.findings),
    )


class _Work:
    """The questions of one scan."""

    def __init__(self, hosts: frozenset[str], limits: Limits) -> None:
        self.limits = limits
        self.stop = Event()
        self.departures: list[Departure] = []
        self._until = time.monotonic() + limits.seconds
        self._questions = Semaphore(limits.questions)

        def gate(_purpose: str, host: str) -> None:
            if host not in hosts:
                raise errors.NotForeseen(f"No rule names {host}.")

        # The same way out, for these hosts alone, and recorded.
        self._route = dataclasses.replace(egress.route(), gate=gate, ledger=self.departures.append)

    def host(self, cases: Sequence[_Case]) -> Mapping[str, Verification]:
        """The answers of one host, asked about one secret after the other."""
        found: dict[str, Verification] = {}
        failures = 0
        for number, case in enumerate(cases):
            if failures >= self.limits.failures:
                answer = Answer(Liveness.UNKNOWN, f"failed {failures} times in a row, and was left alone")
            else:
                if number:
                    self.stop.wait(self.limits.pause)
                answer, reached = self._case(case)
                failures = 0 if reached else failures + 1
            found[case.fingerprint] = Verification(
                result=answer.result, host=liveness.host(case.check), reason=answer.reason, at=_now()
            )
        return found

    def _case(self, case: _Case) -> tuple[Answer, bool]:
        """What came of one question, and whether the host was reached."""
        question = liveness.ask(case.check, case.value, case.pair)
        if question is None:
            return Answer(Liveness.UNKNOWN, "knows no values of this kind at the address that we know"), True
        for again in (True, False):
            left = self._until - time.monotonic()
            if left <= 0 or self.stop.is_set():
                return Answer(Liveness.UNKNOWN, "was not asked: the time allowed was over"), True
            if not self._questions.acquire(blocking=False):
                return Answer(Liveness.UNKNOWN, "was not asked: the number of questions allowed was over"), True
            try:
                response = http.fetch(
                    http.Request(
                        url=question.url,
                        purpose=PURPOSE,
                        method=question.method,
                        headers=question.headers,
                        body=question.body,
                    ),
                    route=self._route,
                    limits=http.Limits(seconds=min(left, self.limits.each), body_bytes=self.limits.body_bytes),
                )
            except errors.GuardError as error:
                why = next((why for kind, why in _WHY if isinstance(error, kind)), "could not be spoken with")
                return Answer(Liveness.UNKNOWN, why), False
            wait = _seconds(response.headers.get("retry-after", ""))
            if response.status != 429 or not again or wait > min(self.limits.wait, left):
                break
            self.stop.wait(wait)
        return liveness.judge(case.check, response.status, response.body), response.status != 429


def _seconds(text: str) -> float:
    """Of a `Retry-After`; one second where it names a date or nothing."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 8 else 1.0


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _row(host: str, cases: Sequence[_Case], told: Mapping[str, Verification], departures: Iterable[Departure]) -> str:
    results = Counter(told[case.fingerprint].result for case in cases)
    counts = ", ".join(f"{results[result]:,} {result.value}" for result in Liveness if results[result])
    sent = [each for each in departures if each.party_host == host]
    size = sum(each.sent_bytes for each in sent)
    about, requests = _number(len(cases), "secret"), _number(len(sent), "request")
    return f"Asked {host} about {about} ({requests}, {size:,} bytes sent): {counts}."


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
