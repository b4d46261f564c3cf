"""The detector `licences`: reads licence files, settles what packages are under, and holds it against a policy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from vallum_engine import VERSION
from vallum_engine.detector import Hit, Trigger
from vallum_engine.licenses.expression import Expression, Term, category, every
from vallum_engine.licenses.files import Reader, Said, is_licence, is_of_one
from vallum_engine.licenses.known import Category
from vallum_engine.licenses.notices import TAG, tagged
from vallum_engine.licenses.policy import Exemption, Outcome, Policy, Verdict
from vallum_engine.licenses.settle import UNTOLD, declared, differing, found, judged, settled
from vallum_engine.model.file import File
from vallum_engine.model.finding import Confidence, Finding, Kind, Location, PackageRef, Remediation
from vallum_engine.model.naming import normalised
from vallum_engine.model.package import Package
from vallum_engine.model.report import Exclusion, RuleSet
from vallum_engine.model.report import Verdict as Covered
from vallum_engine.values import replace

MOST_FILES = 100_000
"""Licence files and tagged files that are kept until the end of a scan; beyond, it is said."""
_DEV = "dev"


class LicenceDetector:
    """Serves one scan. Without a policy it finds nothing, and only settles what packages are under."""

    name = "licences"
    triggers: Sequence[Trigger] = (Trigger(TAG, own=True),)

    def __init__(self, policy: Policy | None = None, *, today: str = "", policy_name: str = "the policy") -> None:
        """`today` (`YYYY-MM-DD`) ends exceptions; `policy_name` is what steps call the file of rules."""
        self._policy = policy
        self._today = today
        self._policy_name = policy_name
        self._reader = Reader()
        self._beyond = 0
        self._cut: list[str] = []
        self._packages: Sequence[Package] = ()
        self._untold: dict[str, int] = {}
        """Files that list packages and tell the licence of none, and how many they list."""
        self.said: list[Said] = []
        """What each licence file says."""
        self.tagged: list[tuple[str, int, Expression]] = []
        """Path and line of SPDX's tags, and what they say."""

    def wants(self, path: str) -> bool:
        return is_licence(path)

    def detect(self, file: File, hits: Sequence[Hit]) -> Iterable[Finding]:
        """Read one file; the findings come from `conclude`."""
        if file.binary or file.lower:
            return ()
        if len(self.said) + len(self.tagged) >= MOST_FILES:
            self._beyond += 1
        elif is_licence(file.path):
            said = self._reader.read(file)
            self.said.append(said)
            if said.cut:
                self._cut.append(file.path)
        elif hits and (tags := tagged(file.data.decode("utf-8", "replace"))):
            self.tagged.append((file.path, tags[0][1], every(expression for expression, _ in tags)))
        return ()

    def told(self, packages: Sequence[Package]) -> Sequence[Package]:
        self._packages = settled(packages, self.said)
        listed = Counter(package.location.path for package in self._packages)
        telling = {package.location.path for package in self._packages if judged(package) != UNTOLD}
        self._untold = {path: count for path, count in listed.items() if path not in telling and not is_of_one(path)}
        return self._packages

    def conclude(self) -> Iterable[Finding]:
        if self._policy is None:
            return
        for package in self._packages:
            if self._is_judged(package, self._policy):
                yield from self._of_package(package, self._policy)
        own = {str(said.expression) for said in self.said if "/" not in said.path or said.path.startswith("LICENSES/")}
        for path, line, expression in self.tagged:
            if str(expression) not in own:
                yield from self._of_file(path, line, expression, self._policy)

    def rulesets(self) -> tuple[RuleSet, ...]:
        if self._policy is None:
            return ()
        rules = (*(rule.id for rule in self._policy.rules), self._policy.default.id)
        return (RuleSet(name=self.name, version=f"{VERSION}+{self._policy.version}", rules=tuple(sorted(rules))),)

    def exclusions(self) -> Sequence[Exclusion]:
        return list(self._exclusions())

    def packages(self) -> Sequence[Package]:
        return ()

    def _is_judged(self, package: Package, policy: Policy) -> bool:
        if _DEV in package.groups and not policy.development:
            return False
        return package.location.path not in self._untold

    def _exclusions(self) -> Iterator[Exclusion]:
        if self._beyond:
            why = f"{self._beyond:,} licence files and tagged files beyond the first {MOST_FILES:,}: not read"
            yield self._note("", why, covered=False)
        for path in self._cut:
            yield self._note(path, "more than a file of licences holds: only a part of it was read", covered=True)
        if self._policy is None:
            return
        for path, count in sorted(self._untold.items()):
            why = (
                f"the licences of {count:,} packages are told neither here nor by files that lie with them: not judged"
            )
            yield self._note(path, why, covered=not self._policy.untold)
        dev = 0 if self._policy.development else sum(_DEV in package.groups for package in self._packages)
        if dev:
            yield self._note("", f"{dev:,} packages that are there for development alone: not judged", covered=True)

    def _note(self, path: str, why: str, *, covered: bool) -> Exclusion:
        return Exclusion(path=path, ruleset=self.name, verdict=Covered.SKIPPED, why=why, covered=covered)

    def _of_package(self, package: Package, policy: Policy) -> Iterator[Finding]:
        expression = judged(package)
        outcome = policy.judge(expression)
        if outcome.verdict is Verdict.ALLOW:
            return
        said = str(expression)
        key = (package.ecosystem, normalised(package.ecosystem, package.name), package.version)
        holding, ended = policy.exempts(key, said, self._today)
        yield replace(
            self._finding(outcome, _named(package), expression, _differs(package), ended),
            locations=(package.location,),
            confidence=_confidence(package),
            identity=("licence/1", *key[:2], said, outcome.rule.id),
            evidence=package.licence[:200],
            package=_ref(package),
            reason=_exempted(holding) if holding else "",
        )

    def _of_file(self, path: str, line: int, expression: Expression, policy: Policy) -> Iterator[Finding]:
        outcome = policy.judge(expression)
        if outcome.verdict is not Verdict.ALLOW:
            yield replace(
                self._finding(outcome, path, expression, "Its head says so.", None),
                locations=(Location(path=path, line=line, end_line=line),),
                identity=("licence/1", "file", path, str(expression), outcome.rule.id),
            )

    def _finding(
        self, outcome: Outcome, what: str, expression: Expression, told: str, ended: Exemption | None
    ) -> Finding:
        verb = "forbids" if outcome.verdict is Verdict.DENY else "wants reviewed"
        message = [
            f"{what} {_is_under(expression)}, which {self._policy_name} {verb} (rule {outcome.rule.id}: {_asks(outcome.term)}).",
            outcome.rule.why,
            told,
            f"An exception for it ended on {ended.until} ({ended.reason})." if ended else "",
        ]
        return Finding(
            kind=Kind.LICENCE,
            ruleset=self.name,
            rule=outcome.rule.id,
            title=_title(outcome),
            severity=outcome.rule.severity,
            confidence=Confidence.HIGH,
            message=" ".join(part for part in message if part),
            locations=(),
            identity=(),
            remediation=Remediation(steps=_steps(outcome)),
            references=_references(outcome.term),
        )


_EXCEPT = "Or allow it: an [[exception]] in your policy, with a reason and a last day."


def _steps(outcome: Outcome) -> tuple[str, ...]:
    if outcome.term.category is Category.UNKNOWN:
        return ("Read the licence that lies with it, and ask its authors to declare it as an SPDX expression.", _EXCEPT)
    if outcome.verdict is Verdict.REVIEW:
        return ("Let somebody who decides on licences look at how it is used.", _EXCEPT)
    return ("Use another package in its place, or buy or ask for another licence.", _EXCEPT)


def _title(outcome: Outcome) -> str:
    """Without the package, which stands before it."""
    if outcome.term == UNTOLD:
        return "No licence is told"
    end = "is not allowed" if outcome.verdict is Verdict.DENY else "is to be reviewed"
    return f"{_cut_short(str(outcome.term))} {end}"


def _is_under(expression: Expression) -> str:
    return "tells no licence" if expression == UNTOLD else f"is under {_cut_short(str(expression))}"


def _named(package: Package) -> str:
    return f"{package.name} {package.version}".strip()


def _ref(package: Package) -> PackageRef:
    return replace(package.ref, direct=package.direct, dev=True if _DEV in package.groups else None)


def _differs(package: Package) -> str:
    own, lies = declared(package), found(package)
    if own is None and lies is None:
        return "It declares none, and no licence file lies with it."
    if own is None:
        return "Its metadata declares none: the licence files that lie with it say so."
    if more := differing(package):
        also = _cut_short(" AND ".join(map(str, more)))
        return (
            f"Its metadata declares {_cut_short(package.licence_expression)}, and its licence files also hold {also}."
        )
    return ""


def _confidence(package: Package) -> Confidence:
    own, lies = declared(package), found(package)
    if own is None and lies is None:
        return Confidence.LOW
    return Confidence.HIGH if own is not None and not differing(package) else Confidence.MEDIUM


def _exempted(exception: Exemption) -> str:
    return exception.reason + (f" (until {exception.until})" if exception.until else "")


def _asks(term: Term) -> str:
    if term == UNTOLD:
        return "none is told"
    return f"{_cut_short(str(term))} is {'of an unknown kind' if term.category is Category.UNKNOWN else category(term)}"


def _cut_short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"


def _references(term: Term) -> tuple[str, ...]:
    known = not term.id.startswith(("LicenseRef-", "DocumentRef-")) and term.id not in ("NOASSERTION", "NONE")
    return (f"https://spdx.org/licenses/{term.id}.html",) if known else ()
