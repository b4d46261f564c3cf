"""The rule in Python and the rule in SQL say the same of any report and any record."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import report, secret

from vallum_engine.model.finding import Location
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Finding, Occurrence
from vallum_web.findings.reconcile import Known, Status, reconcile
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


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.tuples(seen, coverages, ignored), min_size=2, max_size=4))
def test_the_two_rules_are_equal(org, alice, history):
    asset = assets.add(org, "repository", f"shop-{scans.clock.now().timestamp()}", alice.pk)
    for found, coverage, hidden in history:
        before = known_of(org, asset)
        plan = reconcile(found, before, coverage, held=hidden)
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
            assert finding.places == (expected - gone) | found.get(name, frozenset())


def known_of(org, asset):
    with scope(org.pk):
        rows = list(Finding.objects.of(org).filter(asset=asset))
        return {
            row.message.split()[-1]: Known(
                ruleset=row.ruleset,
                rule=row.rule,
                status=Status(row.status),
                places=frozenset(
                    Occurrence.objects.of(org).filter(finding=row, gone_scan=None).values_list("path", "line")
                ),
            )
            for row in rows
        }
