"""The event log tells the record: replayed in order onto nothing, it is what the tables say."""

import os
from contextlib import ExitStack
from datetime import timedelta

import making
import pytest
from django.db import DataError
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from making import report, secret
from replaying import compare

from vallum_engine.model.finding import Kind, Location
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.accounts import services as accounts
from vallum_web.accounts.models import Membership
from vallum_web.accounts.services import teams
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Bulk, Decision, Finding, Identity
from vallum_web.findings.pattern import Pattern
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.scope import scope

EXAMPLES = int(os.environ.get("VALLUM_REPLAYS", "6"))
"""How many lives of a record are tried; each has up to twenty steps."""

PATHS = ("a.py", "lib/b.py", "lib/c.py")
RULESETS = {"secrets": "secrets", "packages": "packages/npm", "trivy": "trivy", "linter": "sarif"}
OURS = ("secrets", "packages/npm")
REASONS = ("risk_accepted", "test_data")
PATTERNS = ({"path": "lib/**"}, {"kind": "secret"}, {"rule": "no-*"}, {"kind": "vulnerability", "path": "a.*"})

paths = st.sampled_from(PATHS)
days = st.none() | st.integers(0, 3)
picks = st.integers(0, 7)
places = st.frozensets(st.tuples(paths, st.integers(1, 2)), min_size=1, max_size=2)
of_secrets = st.dictionaries(st.sampled_from(("one", "two")), places, max_size=2)
vulnerabilities = st.dictionaries(
    st.sampled_from(("CVE-1", "GHSA-1", "CVE-2")),
    st.tuples(st.frozensets(st.sampled_from(("GHSA-1", "OSV-1")), max_size=2), paths),
    max_size=2,
)
weaknesses = st.frozensets(st.tuples(st.sampled_from(("eval", "exec")), paths), max_size=2)
gaps = st.builds(
    Exclusion,
    path=st.sampled_from(("", "lib/", *PATHS)),
    ruleset=st.sampled_from(("", *RULESETS)),
    verdict=st.just(Verdict.SKIPPED),
    why=st.just("why"),
    covered=st.booleans(),
    hidden=st.booleans(),
)


def located(where):
    return tuple(Location(path=path, line=line, end_line=line) for path, line in sorted(where))


def vulnerability(ruleset, identifier, aliases, path):
    return secret(
        identifier,
        kind=Kind.VULNERABILITY,
        ruleset=ruleset,
        rule=identifier,
        fingerprint=f"package/1:{identifier}",
        aliases=tuple(sorted(f"package/1:{alias}" for alias in aliases if alias != identifier)),
        path=path,
    )


def weakness(name, path):
    return secret(
        name,
        path=path,
        kind=Kind.WEAKNESS,
        ruleset="sarif",
        rule=f"no-{name}",
        fingerprint=f"import/1:{name}-{path}",
        content=f"content/1:{name}",
    )


@st.composite
def reports(draw):
    """What one tool says: what it found, and where it looked."""
    tool = draw(st.sampled_from(sorted(RULESETS)))
    ruleset = RULESETS[tool]
    if tool == "secrets":
        found = [secret(name, rule=f"rule-{name}", locations=located(at)) for name, at in draw(of_secrets).items()]
    elif tool == "linter":
        found = [weakness(*each) for each in sorted(draw(weaknesses))]
    else:
        found = [vulnerability(ruleset, name, *said) for name, said in draw(vulnerabilities).items()]
    hidden = draw(st.booleans()) and tool == "secrets"
    coverage = Coverage(
        rulesets=draw(
            st.sampled_from(
                (
                    (RuleSet(name=ruleset, version="1", rules=None),),
                    (RuleSet(name=ruleset, version="1", rules=("rule-one", "CVE-1", "no-eval")),),
                    (),
                )
            )
        ),
        complete=draw(st.sampled_from((True, True, False))),
        exclusions=tuple(draw(st.lists(gaps, max_size=1))),
        paths=tuple(sorted(draw(st.frozensets(paths)))),
    )
    return report(
        *found,
        suppressed=(secret("two", rule="rule-two", path="a.py"),) if hidden else (),
        coverage=coverage,
        target={} if ruleset in OURS else {"report": ruleset},
    )


def whole(*found, ruleset):
    coverage = Coverage(rulesets=(RuleSet(name=ruleset, version="1", rules=None),), paths=PATHS)
    return report(*found, coverage=coverage, target={} if ruleset in OURS else {"report": ruleset})


APART = (whole(weakness("eval", "a.py"), weakness("exec", "a.py"), ruleset="sarif"),)
JOINED = (
    whole(vulnerability("packages/npm", "CVE-1", ("GHSA-1",), "a.py"), ruleset="packages/npm"),
    whole(vulnerability("trivy", "GHSA-1", (), "a.py"), ruleset="trivy"),
)
MOVED = (*APART, whole(weakness("eval", "lib/b.py"), weakness("exec", "a.py"), ruleset="sarif"))


class Life(RuleBasedStateMachine):
    """A record, and whatever may happen to it. Between any two steps the clock moves on."""

    def __init__(self, alice, bob):
        super().__init__()
        self.people = [alice, bob]
        self.org = accounts.found("Life", f"life-{uuid7().hex}", alice)
        accounts.join(self.org, bob, Membership.Role.DEVELOPER)
        self.asset = assets.add(self.org, "repository", "shop", alice.pk)
        self.said, self.bulks, self.rules, self.teams, self.travel = [], [], [], [], ExitStack()

    def teardown(self):
        self.travel.close()

    def findings(self):
        with scope(self.org.pk):
            return list(Finding.objects.of(self.org).order_by("message", "opened_at", "path", "id"))

    def some(self, picked):
        """The findings that are meant by numbers; fewer where several mean one."""
        rows = self.findings()
        return sorted({rows[number % len(rows)].pk for number in picked}) if rows else []

    def until(self, ahead):
        return None if ahead is None else clock.now().date() + timedelta(days=ahead)

    @initialize(said=st.sampled_from((APART, JOINED, MOVED)) | st.tuples(reports()))
    def begin(self, said):
        for each in said:
            self.scan(each)

    @rule(said=reports())
    def scan(self, said):
        self.passes(1)
        self.said.append(said)
        services.digest(scans.uploaded(self.asset, None), said)

    @rule(picked=picks)
    def scan_and_see_the_same_as_before(self, picked):
        self.scan(self.said[picked % len(self.said)])

    @rule(tool=st.sampled_from(sorted(RULESETS)))
    def scan_and_see_nothing(self, tool):
        self.scan(whole(ruleset=RULESETS[tool]))

    @rule(said=reports())
    def scan_and_break(self, said):
        self.passes(1)
        broken = report(*said.findings, secret("three", rule="r" * 500), coverage=said.coverage)
        with pytest.raises(DataError):
            services.digest(scans.uploaded(self.asset, None), broken)

    @rule()
    def scan_and_fail(self):
        self.passes(1)
        scans.fail(scans.request(self.org, self.asset.pk, None), "killed")

    @rule(hours=st.sampled_from((6, 24, 72)))
    def passes(self, hours):
        self.travel.enter_context(clock.travelled(timedelta(hours=hours)))

    @rule(picked=picks, who=st.integers(0, 1), reason=st.sampled_from(REASONS), ahead=days)
    def suppress(self, picked, who, reason, ahead):
        self.passes(1)
        for key in self.some([picked]):
            services.suppress(self.org, key, self.people[who].pk, reason=reason, until=self.until(ahead))

    @rule(picked=picks, one=st.booleans())
    def lift(self, picked, one):
        self.passes(1)
        for key in self.some([picked]):
            with scope(self.org.pk):
                made = Decision.objects.of(self.org).filter(finding=key).order_by("made_at").first() if one else None
            services.lift(self.org, key, self.people[0].pk, decision=made.pk if made else None)

    @rule()
    def expire(self):
        self.passes(1)
        services.expire_decisions(self.org.pk)

    @rule(picked=st.frozensets(picks, min_size=1), ahead=days, matching=st.booleans())
    def suppress_many(self, picked, ahead, matching):
        until = self.until(ahead)
        why = {"reason": "test_data", "justification": "", "note": "", "until": until.isoformat() if until else None}
        self.bulk(Bulk.Verb.SUPPRESS, why, () if matching else self.some(picked), query="status=open&severity=high")

    @rule(picked=st.frozensets(picks, min_size=1))
    def lift_many(self, picked):
        self.bulk(Bulk.Verb.LIFT, {}, self.some(picked))

    @rule(picked=st.frozensets(picks, min_size=1), who=st.none() | st.integers(0, 1), team=st.booleans())
    def assign_many(self, picked, who, team):
        given = {"assignee": self.person(who), "team": self.team() if team else None}
        self.bulk(
            Bulk.Verb.ASSIGN,
            {n: str(v) if v else None for n, v in given.items()},
            self.some(picked),
            query="status=any",
        )

    def bulk(self, verb, arguments, keys, query=""):
        self.passes(1)
        if keys or query:
            begun = services.begin_bulk(
                self.org, self.people[0].pk, verb, arguments=arguments, keys=keys, query="" if keys else query
            )
            self.bulks += [services.run_bulk(self.org.pk, begun.pk)] if verb is Bulk.Verb.SUPPRESS else []

    @rule(picked=picks)
    def undo(self, picked):
        self.passes(1)
        if self.bulks:
            done = self.bulks[picked % len(self.bulks)]
            again = services.undo_bulk(self.org, done.pk, self.people[1].pk)
            assert services.run_bulk(self.org.pk, again.pk).touched == again.total

    @rule(said=st.sampled_from(PATTERNS), ahead=days)
    def make_a_rule(self, said, ahead):
        self.passes(1)
        why = {"reason": "test_data", "until": self.until(ahead)}
        made, begun = services.make_rule(self.org, self.people[0].pk, Pattern.read(**said), **why)
        services.run_bulk(self.org.pk, begun.pk)
        self.rules.append(made.pk)

    @rule(picked=picks)
    def lift_a_rule(self, picked):
        self.passes(1)
        if self.rules:
            begun = services.lift_rule(self.org, self.rules.pop(picked % len(self.rules)), self.people[0].pk)
            done = services.run_bulk(self.org.pk, begun.pk)
            assert done.touched == done.total

    def person(self, who):
        return None if who is None else self.people[who].pk

    def team(self):
        if not self.teams:
            self.teams.append(teams.make(self.org, self.people[0].pk, f"Team {uuid7().hex}"))
        return self.teams[-1].pk

    @rule(picked=picks, who=st.none() | st.integers(0, 1), team=st.booleans())
    def assign(self, picked, who, team):
        self.passes(1)
        for key in self.some([picked]):
            services.assign(
                self.org, key, self.people[0].pk, assignee=self.person(who), team=self.team() if team else None
            )

    @rule()
    def end_a_team(self):
        self.passes(1)
        if self.teams:
            teams.delete(self.teams.pop(), self.people[0].pk)

    @rule(picked=picks)
    def split(self, picked):
        self.passes(1)
        with scope(self.org.pk):
            lines = list(Identity.objects.of(self.org).filter(undone_at=None).order_by("at", "fingerprint"))
        if lines:
            line = lines[picked % len(lines)]
            services.split(self.org, line.finding_id, line.pk, self.people[0].pk)

    @invariant()
    def the_log_tells_the_record(self):
        compare(self.org)


def test_the_log_replayed_is_the_record(live_database):
    people = making.people()
    run_state_machine_as_test(
        lambda: Life(people.alice, people.bob),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
