"""The life of findings: what scans change, what decisions change, and what neither may."""

from datetime import timedelta

import pytest
from making import report, secret

from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Decision, Finding, Occurrence
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

SECRETS = RuleSet(name="secrets", version="1", rules=None)


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def digest(asset):
    """Digest a report as a new scan of the asset."""

    def run(said):
        return services.digest(scans.uploaded(asset, None), said)

    return run


@pytest.fixture
def record(org):
    """The record as (message, status, ending), by message."""

    def read():
        with scope(org.pk):
            return sorted((f.message.split()[-1], f.status, f.ending) for f in Finding.objects.of(org))

    return read


def kinds(org):
    with scope(org.pk):
        return [e.kind for e in Event.objects.of(org).filter(kind__startswith="finding.").order_by("id")]


def test_a_finding_opens_resolves_and_reopens(org, digest, record):
    first = digest(report(secret()))
    assert (first.seen, first.new) == (1, 1)
    assert record() == [("one", "open", "")]
    assert digest(report()).resolved == 1
    assert record() == [("one", "resolved", "fixed")]
    assert digest(report(secret())).reopened == 1
    assert record() == [("one", "open", "")]
    assert kinds(org) == ["finding.opened", "finding.resolved", "finding.reopened"]


def test_the_same_report_again_changes_nothing(org, digest):
    digest(report(secret("one"), secret("two", line=9)))
    before = kinds(org)
    with scope(org.pk):
        rows = list(Finding.objects.of(org).values().order_by("id"))
    outcome = digest(report(secret("one"), secret("two", line=9)))
    assert (outcome.new, outcome.changed, outcome.resolved, outcome.reopened) == (0, 0, 0, 0)
    assert kinds(org) == before
    with scope(org.pk):
        assert list(Finding.objects.of(org).values().order_by("id")) == rows


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        pytest.param(Coverage(rulesets=(SECRETS,), paths=("app.py",)), ("resolved", "fixed"), id="ran and not seen"),
        pytest.param(Coverage(rulesets=(SECRETS,)), ("resolved", "gone"), id="the file is gone from a complete walk"),
        pytest.param(Coverage(), ("open", ""), id="rule set did not run"),
        pytest.param(
            Coverage(rulesets=(RuleSet(name="secrets", version="1", rules=("other",)),), paths=("app.py",)),
            ("open", ""),
            id="the rule was removed from its set",
        ),
        pytest.param(Coverage(rulesets=(SECRETS,), complete=False), ("open", ""), id="the walk broke off before it"),
        pytest.param(
            Coverage(rulesets=(SECRETS,), complete=False, paths=("app.py",)),
            ("resolved", "fixed"),
            id="the walk broke off after it",
        ),
        pytest.param(
            Coverage(
                rulesets=(SECRETS,),
                paths=("app.py",),
                exclusions=(Exclusion(path="app.py", ruleset="secrets", verdict=Verdict.FAILED, why="crash"),),
            ),
            ("open", ""),
            id="the detector failed on the file",
        ),
        pytest.param(
            Coverage(
                rulesets=(SECRETS,),
                exclusions=(Exclusion(path="app.py", ruleset="", verdict=Verdict.SKIPPED, why="too large"),),
            ),
            ("open", ""),
            id="the file was too large",
        ),
        pytest.param(
            Coverage(
                rulesets=(SECRETS,),
                exclusions=(Exclusion(path="app.py", ruleset="", verdict=Verdict.SKIPPED, why="binary", covered=True),),
            ),
            ("resolved", "gone"),
            id="the file is left out on purpose now",
        ),
    ],
)
def test_a_finding_is_resolved_only_where_its_rule_looked(digest, record, coverage, expected):
    digest(report(secret()))
    digest(report(coverage=coverage))
    assert record() == [("one", *expected)]


def test_a_folder_that_was_left_out_covers_nothing_below_it(digest, record):
    digest(report(secret(path="lib/deep/app.py")))
    gap = Exclusion(path="lib/", ruleset="", verdict=Verdict.SKIPPED, why="unreadable")
    digest(report(coverage=Coverage(rulesets=(SECRETS,), exclusions=(gap,))))
    assert record() == [("one", "open", "")]


def test_places_come_and_go_under_one_finding(org, digest, record):
    both = secret(locations=secret().locations + secret(path="b.py", line=8).locations)
    digest(report(both, paths=("app.py", "b.py")))
    digest(report(secret(), paths=("app.py", "b.py")))
    with scope(org.pk):
        open_places = [(o.path, o.line) for o in Occurrence.objects.of(org).filter(gone_scan=None)]
        assert open_places == [("app.py", 3)]
        assert Occurrence.objects.of(org).count() == 2
    assert record() == [("one", "open", "")]


def test_a_moved_secret_stays_the_same_finding(digest, record):
    digest(report(secret(line=3)))
    outcome = digest(report(secret(line=40)))
    assert (outcome.new, outcome.changed, outcome.resolved) == (0, 1, 0)
    assert record() == [("one", "open", "")]


def test_a_worse_verdict_updates_the_row(org, digest):
    digest(report(secret(severity=Severity.LOW)))
    digest(report(secret(severity=Severity.CRITICAL)))
    with scope(org.pk):
        assert Finding.objects.of(org).get().get_severity_display() == "critical"


def test_no_scan_overwrites_a_decision(org, alice, digest, record):
    digest(report(secret()))
    with scope(org.pk):
        key = Finding.objects.of(org).get().pk
    services.suppress(org, key, alice.pk, reason=Decision.Reason.TEST_DATA, note="fixture")
    digest(report(secret()))
    assert record() == [("one", "suppressed", "")]
    digest(report())
    assert record() == [("one", "resolved", "fixed")]
    digest(report(secret()))
    assert record() == [("one", "suppressed", "")]
    services.lift(org, key, alice.pk)
    assert record() == [("one", "open", "")]


def test_a_secret_is_known_by_the_organizations_own_key(org, digest):
    digest(report(secret()))
    with scope(org.pk):
        kept = Finding.objects.of(org).get().fingerprint
    assert kept.startswith("secret/1:")
    assert kept != "secret/1:one"


def test_a_digest_that_breaks_leaves_nothing(org, digest, record, monkeypatch):
    digest(report(secret("one")))
    broken = secret("two", title="x" * 10, rule="r" * 500)
    with pytest.raises(Exception, match="too long"):
        digest(report(broken, secret("three")))
    assert record() == [("one", "open", "")]


def test_text_the_database_cannot_hold_is_shown_escaped(org, digest):
    digest(report(secret(path="a\x00b\udcff.py", message="nul \x00 here")))
    with scope(org.pk):
        row = Finding.objects.of(org).get()
    assert (row.path, row.message) == ("a\\x00b\\udcff.py", "nul \\x00 here")


def test_an_inline_ignore_ends_nothing_and_opens_nothing(digest, record):
    digest(report(secret("one"), secret("two", line=9)))
    digest(report(suppressed=(secret("one", line=4), secret("three", line=20))))
    assert record() == [("one", "open", ""), ("two", "resolved", "fixed")]


def test_an_ignored_path_ends_nothing(digest, record):
    digest(report(secret(path="lib/app.py")))
    hidden = Exclusion(path="lib/", ruleset="", verdict=Verdict.SKIPPED, why=".gitignore:1", covered=True, hidden=True)
    digest(report(coverage=Coverage(rulesets=(SECRETS,), exclusions=(hidden,))))
    assert record() == [("one", "open", "")]


def test_one_identity_reported_twice_keeps_the_places_of_both(org, digest):
    digest(report(secret("one", line=3), secret("one", path="b.py", line=8), paths=("app.py", "b.py")))
    with scope(org.pk):
        assert sorted(Occurrence.objects.of(org).values_list("path", "line")) == [("app.py", 3), ("b.py", 8)]


def test_a_finding_that_moves_to_another_rule_set_can_still_end(digest, record):
    digest(report(secret()))
    moved = Coverage(rulesets=(RuleSet(name="weaknesses", version="1", rules=None),), paths=("app.py",))
    digest(report(secret(ruleset="weaknesses"), coverage=moved))
    digest(report(coverage=moved))
    assert record() == [("one", "resolved", "fixed")]


def test_what_stands_for_a_secret_differs_between_organizations(people):
    with scope(people.org.pk):
        ours = services.fingerprint_key(people.org.pk)
    with scope(people.elsewhere.pk):
        theirs = services.fingerprint_key(people.elsewhere.pk)
    assert ours != theirs


def test_undoing_one_decision_leaves_the_earlier_one_in_force(org, alice, digest, record):
    digest(report(secret()))
    with scope(org.pk):
        key = Finding.objects.of(org).get().pk
    services.suppress(org, key, alice.pk, reason=Decision.Reason.RISK_ACCEPTED)
    services.suppress(org, key, alice.pk, reason=Decision.Reason.TEST_DATA)
    with scope(org.pk):
        last = Decision.objects.of(org).latest("id").pk
    services.lift(org, key, alice.pk, decision=last)
    assert record() == [("one", "suppressed", "")]
    services.lift(org, key, alice.pk)
    assert record() == [("one", "open", "")]


def test_what_was_hidden_until_a_day_counts_again_after_it(org, alice, digest, record):
    digest(report(secret()))
    with scope(org.pk):
        key = Finding.objects.of(org).get().pk
    services.suppress(org, key, alice.pk, reason=Decision.Reason.RISK_ACCEPTED, until=clock.now().date())
    assert services.expire_decisions(org.pk) == 0
    with clock.travelled(timedelta(days=1)):
        assert services.expire_decisions(org.pk) == 1
    assert record() == [("one", "open", "")]
    assert kinds(org)[-1] == "finding.unsuppressed"


def test_taking_back_what_its_day_had_ended_already_is_told(org, alice, digest, record):
    digest(report(secret()))
    with scope(org.pk):
        key = Finding.objects.of(org).get().pk
    services.suppress(org, key, alice.pk, reason=Decision.Reason.RISK_ACCEPTED, until=clock.now().date())
    with clock.travelled(timedelta(days=1)):
        services.lift(org, key, alice.pk)
    assert record() == [("one", "open", "")]
    with scope(org.pk):
        last = Event.objects.of(org).filter(subject=key).latest("id")
    assert (last.kind, last.data) == ("finding.unsuppressed", {"expired": True})
