"""The rule in Python and the rule in SQL say the same of any report and any record."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import report, secret

from vallum_engine.model.finding import Kind, Location
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.assets import services as assets
from vallum_web.findings import services, tallies
from vallum_web.findings.models import Alias, Finding, Occurrence
from vallum_web.findings.reconcile import Known, Place, Status, match, reconcile
from vallum_web.scans import services as scans
from vallum_web.tenancy.scope import scope

NAMES = ("one", "two", "three")
PATHS = ("a.py", "lib/b.py", "lib/c.py")
places = st.tuples(st.sampled_from(PATHS), st.integers(1, 2))
seen = st.dictionaries(st.sampled_from(NAMES), st.frozensets(places, min_size=1, max_size=3))
exclusions = st.builds(
    Exclusion,
    path=st.sampled_from(("", "lib/", *PATHS)),
    ruleset=st.sampled_from(("", "secrets", "packages")),
    verdict=st.just(Verdict.SKIPPED),
    why=st.just("why"),
    covered=st.booleans(),
    hidden=st.booleans(),
)
ignored = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(PATHS)), max_size=2)
coverages = st.builds(
    Coverage,
    rulesets=st.sampled_from(
        (
            (),
            (RuleSet(name="secrets", version="1", rules=None),),
            (RuleSet(name="secrets", version="1", rules=("rule-one", "rule-two")),),
        )
    ),
    complete=st.booleans(),
    exclusions=st.lists(exclusions, max_size=2).map(tuple),
    paths=st.frozensets(st.sampled_from(PATHS)).map(lambda paths: tuple(sorted(paths))),
)


def sighting(name, where):
    return secret(
        name, rule=f"rule-{name}", locations=tuple(Location(path=p, line=n, end_line=n) for p, n in sorted(where))
    )


def as_report(found, coverage, hidden):
    return report(
        *(sighting(name, where) for name, where in found.items()),
        suppressed=tuple(sighting(name, {(path, 1)}) for name, path in sorted(hidden)),
        coverage=coverage,
    )


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.tuples(seen, coverages, ignored), min_size=2, max_size=4))
def test_the_two_rules_are_equal(org, alice, history):
    asset = assets.add(org, "repository", f"shop-{scans.clock.now().timestamp()}", alice.pk)
    for found, coverage, hidden in history:
        before = known_of(org, asset)
        plan = reconcile(placed(found), before, coverage, held=hidden)
        outcome = services.digest(scans.uploaded(asset, None), as_report(found, coverage, hidden))
        after = known_of(org, asset)
        assert outcome.new == len(plan.new)
        assert outcome.reopened == len(plan.reopened)
        assert outcome.resolved == len(plan.fixed | plan.gone)
        for name in plan.fixed | plan.gone:
            assert after[name].status is Status.RESOLVED
        for name, finding in after.items():
            expected = before[name].places if name in before else frozenset()
            gone = {place for n, place in plan.ended if n == name}
            assert finding.places == (expected - gone) | placed(found).get(name, frozenset())
        with scope(org.pk):
            counted = tallies.of(org, asset.pk)
            assert {s: counted.count(statuses=(s,)) for s in Status} == {
                s: sum(1 for finding in after.values() if finding.status == s) for s in Status
            }


TOOLS = {"packages": "packages/npm", "trivy": "trivy"}
named = st.dictionaries(
    st.sampled_from(("CVE-1", "GHSA-1", "CVE-2", "GHSA-2")),
    st.tuples(st.frozensets(st.sampled_from(("GHSA-1", "GHSA-2", "OSV-1", "OSV-2")), max_size=2), places),
    max_size=3,
)
reports = st.tuples(st.sampled_from(sorted(TOOLS)), named)


def vulnerability(tool, identifier, aliases, where):
    path, line = where
    return secret(
        identifier,
        kind=Kind.VULNERABILITY,
        ruleset=TOOLS[tool],
        rule=identifier,
        fingerprint=f"package/1:{identifier}",
        aliases=tuple(sorted(f"package/1:{alias}" for alias in aliases if alias != identifier)),
        locations=(Location(path=path, line=line, end_line=line),),
    )


def apart(found):
    """Only what a report itself leaves apart: groups inside one are another rule (`staging`)."""
    names = [name for identifier, (aliases, _) in found.items() for name in {identifier, *aliases}]
    return len(names) == len(set(names))


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(reports.filter(lambda said: apart(said[1])), min_size=2, max_size=5))
def test_two_tools_that_name_one_problem_differently_share_one_finding(org, alice, history):
    asset = assets.add(org, "repository", f"shop-{scans.clock.now().timestamp()}", alice.pk)
    for tool, found in history:
        before = known_of(org, asset, name=lambda row: row.fingerprint)
        seen = {
            f"package/1:{identifier}": {f"package/1:{alias}" for alias in aliases}
            for identifier, (aliases, _) in found.items()
        }
        expected = match(seen, before)
        where = {
            f"package/1:{identifier}": Place(TOOLS[tool], identifier, *place)
            for identifier, (_, place) in found.items()
        }
        landed: dict[str, set[Place]] = {}
        for fingerprint, place in where.items():
            landed.setdefault(expected.get(fingerprint, fingerprint), set()).add(place)
        coverage = Coverage(rulesets=(RuleSet(name=TOOLS[tool], version="1", rules=None),), paths=PATHS)
        plan = reconcile(landed, before, coverage)
        outcome = services.digest(
            scans.uploaded(asset, None),
            report(*(vulnerability(tool, i, *said) for i, said in found.items()), coverage=coverage),
        )
        after = known_of(org, asset, name=lambda row: row.fingerprint)
        assert outcome.new == len(plan.new)
        assert outcome.resolved == len(plan.fixed | plan.gone)
        assert after.keys() == before.keys() | landed.keys()
        for name, finding in after.items():
            kept = before[name].places if name in before else frozenset()
            gone = {(p.ruleset, p.path, p.line) for n, p in plan.ended if n == name}
            expected_places = {(p.ruleset, p.path, p.line) for p in kept} - gone
            expected_places |= {(p.ruleset, p.path, p.line) for p in landed.get(name, ())}
            assert {(p.ruleset, p.path, p.line) for p in finding.places} == expected_places


def placed(found):
    """What a scan saw, as places of the one rule set that it ran."""
    return {
        name: frozenset(Place("secrets", f"rule-{name}", path, line) for path, line in where)
        for name, where in found.items()
    }


def known_of(org, asset, name=lambda row: row.message.split()[-1]):
    with scope(org.pk):
        rows = list(Finding.objects.of(org).filter(asset=asset).order_by("id"))
        return {
            name(row): Known(
                status=Status(row.status),
                places=frozenset(
                    Place(*found)
                    for found in Occurrence.objects.of(org)
                    .filter(finding=row, gone_scan=None)
                    .values_list("ruleset", "rule", "path", "line")
                ),
                aliases=frozenset(Alias.objects.of(org).filter(finding=row).values_list("key", flat=True)),
            )
            for row in rows
        }
