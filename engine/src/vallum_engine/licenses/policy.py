"""Rules on licences: what may be used, what a person must look at, what may not be used. Read from TOML, applied to expressions."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vallum_engine.digests import blake2b
from vallum_engine.errors import BrokenData
from vallum_engine.licenses.expression import All, Expression, Term, licence
from vallum_engine.licenses.known import Category
from vallum_engine.model.finding import Severity
from vallum_engine.values import immutable

PACKAGED = Path(__file__).with_name("policy.toml")
DEFAULT_RULE = "default"
MOST_RULES = 1000
MOST_EXCEPTIONS = 10_000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Verdict(StrEnum):
    """What a rule says, from the best to the worst."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"

    @property
    def rank(self) -> int:
        return list(Verdict).index(self)


@immutable
class Rule:
    """One rule. It speaks for a licence that it names, or whose category it names."""

    id: str
    verdict: Verdict
    severity: Severity
    licences: tuple[str, ...] = ()
    """Ids with `*` for any letters, in lower case, an exception behind ` with `; `+`, `-only` and `-or-later` are parts of them."""
    categories: tuple[Category, ...] = ()
    why: str = ""

    def names(self, term: Term) -> bool:
        said = str(term).lower()
        return term.category in self.categories or any(fnmatchcase(said, pattern) for pattern in self.licences)


@immutable
class Exemption:
    """What the rules do not hold for: a package (`npm:left-pad`, `*` for any letters), perhaps with these versions or licences alone."""

    package: str
    reason: str
    until: str = ""
    """The last day that it holds (YYYY-MM-DD); empty for ever."""
    versions: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()

    def names(self, ecosystem: str, name: str, version: str, expression: str) -> bool:
        return (
            fnmatchcase(f"{ecosystem}:{name}".lower(), self.package)
            and (not self.versions or version in self.versions)
            and (not self.licences or expression.lower() in self.licences)
        )


@immutable
class Outcome:
    """What the rules say of an expression: the verdict, the licence on which it hangs and the rule that gave it."""

    verdict: Verdict
    rule: Rule
    term: Term


@immutable
class Policy:
    """Rules in the order in which they are asked: the first that names a licence speaks for it, the default for the others."""

    rules: tuple[Rule, ...]
    default: Rule
    exceptions: tuple[Exemption, ...] = ()
    development: bool = False
    """Whether packages that are there for development alone are judged too."""
    untold: bool = True
    """Whether a lockfile that tells no licences leaves the scan incomplete."""
    version: str = ""
    """A digest of the file."""

    def of(self, term: Term) -> Rule:
        return next((rule for rule in self.rules if rule.names(term)), self.default)

    def judge(self, expression: Expression) -> Outcome:
        """Of all the worst, of a choice the best; among equals the first."""
        if isinstance(expression, Term):
            rule = self.of(expression)
            return Outcome(verdict=rule.verdict, rule=rule, term=expression)
        outcomes = [self.judge(part) for part in expression.parts]
        if isinstance(expression, All):
            return max(outcomes, key=lambda one: (one.verdict.rank, one.rule.severity.rank))
        return min(outcomes, key=lambda one: (one.verdict.rank, one.rule.severity.rank))

    def exempts(
        self, package: tuple[str, str, str], expression: str, today: str
    ) -> tuple[Exemption | None, Exemption | None]:
        """The exception that holds for an ecosystem, name and version; else one that has ended, for its day to be told."""
        naming = [item for item in self.exceptions if item.names(*package, expression)]
        holding = next((item for item in naming if not item.until or not today or today <= item.until), None)
        return holding, None if holding else next(iter(naming), None)


def packaged() -> Policy:
    """The rules that come with Vallum."""
    return read(PACKAGED.read_bytes(), "the packaged policy")


def read(data: bytes, name: str) -> Policy:
    """Raises BrokenData, naming the file, the entry and what is wrong with it."""
    try:
        said = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BrokenData(f"{name}: no TOML ({error}).") from error
    _only(said, {"default", "development", "untold", "rule", "exception"}, name)
    rules = [_rule(entry, f"{name}, rule {number}") for number, entry in _entries(said, "rule", MOST_RULES, name)]
    ids = [rule.id for rule in rules]
    if twice := next((one for one in ids if ids.count(one) > 1 or one == DEFAULT_RULE), None):
        raise BrokenData(f"{name}: there are two rules {twice!r}; `default` is taken too. Give each a name of its own.")
    default = _verdict(said.get("default", "allow"), name)
    untold = _choice(said, "untold", ("incomplete", "allow"), name)
    return Policy(
        rules=tuple(rules),
        default=Rule(id=DEFAULT_RULE, verdict=default, severity=_severity({}, default, name)),
        exceptions=tuple(
            _exception(entry, f"{name}, exception {number}")
            for number, entry in _entries(said, "exception", MOST_EXCEPTIONS, name)
        ),
        development=_flag(said, "development", name),
        untold=untold != "allow",
        version=blake2b(data, digest_size=6).hexdigest(),
    )


def _rule(entry: Mapping[str, Any], where: str) -> Rule:
    _only(entry, {"id", "verdict", "severity", "licences", "categories", "why"}, where)
    identifier = entry.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise BrokenData(f'{where}: `id` is to be a name in lower case, such as "no-copyleft".')
    verdict = _verdict(entry.get("verdict"), where)
    categories = _strings(entry, "categories", where)
    if unknown := sorted(set(categories) - {*Category}):
        raise BrokenData(f"{where}: {unknown[0]!r} is no category; there are {', '.join(Category)}.")
    licences = tuple(_pattern(text, where) for text in _strings(entry, "licences", where))
    if not licences and not categories:
        raise BrokenData(f"{where}: it names neither `licences` nor `categories`.")
    return Rule(
        id=identifier,
        verdict=verdict,
        severity=_severity(entry, verdict, where),
        licences=licences,
        categories=tuple(Category(text) for text in categories),
        why=_text(entry, "why", where),
    )


def _exception(entry: Mapping[str, Any], where: str) -> Exemption:
    _only(entry, {"package", "reason", "until", "versions", "licences"}, where)
    package, reason = _text(entry, "package", where), _text(entry, "reason", where)
    if ":" not in package or not reason:
        raise BrokenData(f'{where}: `package` ("npm:left-pad") and `reason` are needed.')
    until = str(entry.get("until", ""))
    if until and not _DAY.fullmatch(until):
        raise BrokenData(f"{where}: `until` is to be a day, such as 2027-01-31.")
    licences = tuple(_pattern(text, where) for text in _strings(entry, "licences", where))
    return Exemption(
        package=package.lower(),
        reason=reason,
        until=until,
        versions=_strings(entry, "versions", where),
        licences=licences,
    )


def _pattern(text: str, where: str) -> str:
    """A licence's id, of today or of before, or a pattern of such."""
    if "*" in text or " " in text.strip():
        return text.strip().lower()
    found = licence(text.strip())
    if found is None:
        raise BrokenData(f"{where}: {text!r:.80} is no licence of SPDX's list, no LicenseRef-… and no pattern with *.")
    return str(found).lower()


def _entries(said: Mapping[str, Any], key: str, most: int, name: str) -> list[tuple[int, Mapping[str, Any]]]:
    entries = said.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries) or len(entries) > most:
        raise BrokenData(f"{name}: `{key}` is to be tables [[{key}]], at most {most:,}.")
    return list(enumerate(entries, 1))


def _verdict(value: object, where: str) -> Verdict:
    if value not in {*Verdict}:
        raise BrokenData(f"{where}: {value!r:.40} is no verdict; there are {', '.join(Verdict)}.")
    return Verdict(str(value))


def _severity(entry: Mapping[str, Any], verdict: Verdict, where: str) -> Severity:
    value = entry.get("severity", "high" if verdict is Verdict.DENY else "low")
    if value not in {*Severity}:
        raise BrokenData(f"{where}: {value!r:.40} is no severity; there are {', '.join(Severity)}.")
    return Severity(str(value))


def _choice(said: Mapping[str, Any], key: str, choices: Sequence[str], where: str) -> str:
    value = said.get(key, choices[0])
    if value not in choices:
        raise BrokenData(f"{where}: `{key}` is one of {', '.join(choices)}.")
    return str(value)


def _flag(said: Mapping[str, Any], key: str, where: str) -> bool:
    value = said.get(key, False)
    if not isinstance(value, bool):
        raise BrokenData(f"{where}: `{key}` is true or false.")
    return value


def _text(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise BrokenData(f"{where}: `{key}` is to be a line of text.")
    return value.strip()


def _strings(entry: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = entry.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BrokenData(f"{where}: `{key}` is to be a list of strings.")
    return tuple(value)


def _only(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    if strange := sorted(entry.keys() - known):
        raise BrokenData(f"{where}: {strange[0]!r:.40} is no key; there are {', '.join(sorted(known))}.")
