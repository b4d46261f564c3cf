"""One problem, two names: what the record joins, what follows a file, and how either is taken back."""

import pytest
from making import report, secret

from vallum_engine.model.finding import Kind, Location
from vallum_engine.model.report import Coverage, RuleSet
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.models import Decision, Finding, Identity, Occurrence
from vallum_web.scans import services as scans
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

OURS, TRIVY, LINTER = "packages/npm", "trivy", "sarif"


@pytest.fixture
def asset(org, alice):
    return assets.add(org, "repository", "shop", alice.pk)


@pytest.fixture
def digest(asset):
    def run(*findings, ruleset, paths=("package-lock.json",)):
        coverage = Coverage(rulesets=(RuleSet(name=ruleset, version="1", rules=None),), paths=paths)
        target = {} if ruleset == OURS else {"report": ruleset}
        return services.digest(scans.uploaded(asset, None), report(*findings, coverage=coverage, target=target))

    return run


@pytest.fixture
def rows(org):
    def read():
        with scope(org.pk):
            return list(Finding.objects.of(org).order_by("id"))

    return read


def vulnerability(identifier, *aliases, ruleset=OURS, line=3, **more):
    return secret(
        identifier,
        path="package-lock.json",
        line=line,
        kind=Kind.VULNERABILITY,
        ruleset=ruleset,
        rule=identifier,
        fingerprint=f"package/1:{identifier}",
        aliases=tuple(f"package/1:{alias}" for alias in aliases),
        **more,
    )


def weakness(path, content="content/1:eval", **more):
    return secret(
        "eval",
        path=path,
        kind=Kind.WEAKNESS,
        ruleset=LINTER,
        rule="no-eval",
        fingerprint=f"import/1:{path}",
        content=content,
        **more,
    )


def ledger(org):
    with scope(org.pk):
        return list(Identity.objects.of(org).order_by("id"))


def told(org, finding):
    """What the log says of one finding, in order."""
    with scope(org.pk):
        events = Event.objects.of(org).filter(subject=finding.pk).order_by("transaction", "id")
        return [event.kind.removeprefix("finding.") for event in events]


def places(org, finding):
    with scope(org.pk):
        return sorted(Occurrence.objects.of(org).filter(finding=finding, gone_scan=None).values_list("ruleset", "path"))


def test_the_same_vulnerability_from_two_tools_is_one_finding_with_two_sources(org, digest, rows):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    outcome = digest(vulnerability("GHSA-1", ruleset=TRIVY, title="Trivy's title", line=1), ruleset=TRIVY)
    assert outcome.new == 0
    (row,) = rows()
    assert (row.fingerprint, row.ruleset, row.title) == ("package/1:CVE-1", OURS, "Example token")
    assert places(org, row) == [(OURS, "package-lock.json"), (TRIVY, "package-lock.json")]
    assert [(line.why, line.fingerprint, line.key) for line in ledger(org)] == [
        ("joined", "package/1:GHSA-1", "package/1:GHSA-1")
    ]


def test_our_own_detector_speaks_where_it_comes_second(digest, rows):
    digest(vulnerability("GHSA-1", ruleset=TRIVY, title="Trivy's title"), ruleset=TRIVY)
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    (row,) = rows()
    assert (row.ruleset, row.title) == (OURS, "Example token")
    digest(vulnerability("GHSA-1", ruleset=TRIVY, title="Trivy's title"), ruleset=TRIVY)
    assert rows()[0].title == "Example token"


def test_a_finding_stays_open_until_its_last_source_has_seen_it_end(org, digest, rows):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    digest(ruleset=OURS)
    (row,) = rows()
    assert row.status == "open"
    assert places(org, row) == [(TRIVY, "package-lock.json")]
    digest(ruleset=TRIVY, paths=())
    assert (rows()[0].status, rows()[0].ending) == ("resolved", "fixed")


def test_another_source_speaks_when_the_first_has_gone_silent(digest, rows):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY, title="Trivy's title"), ruleset=TRIVY)
    digest(ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY, title="Trivy's title"), ruleset=TRIVY)
    assert rows()[0].title == "Trivy's title"


def test_an_advisory_that_gains_a_better_id_keeps_its_finding_and_its_decision(org, alice, digest, rows):
    digest(vulnerability("GHSA-1"), ruleset=OURS)
    services.suppress(org, rows()[0].pk, alice.pk, reason=Decision.Reason.NOT_REACHABLE)
    outcome = digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    (row,) = rows()
    assert (outcome.new, row.status, row.rule) == (0, "suppressed", "CVE-1")


def test_joining_again_is_written_once(org, digest):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    for _ in range(3):
        digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    assert len(ledger(org)) == 1


def test_two_records_of_one_report_with_an_alias_in_common_are_one(org, digest, rows):
    outcome = digest(
        vulnerability("CVE-1", "GHSA-1", ruleset=TRIVY),
        vulnerability("GHSA-1", ruleset=TRIVY, line=9),
        ruleset=TRIVY,
    )
    assert outcome.new == 1
    assert len(places(org, rows()[0])) == 2


def test_a_renamed_file_keeps_its_finding_where_content_proves_it(org, alice, digest, rows):
    digest(weakness("old.py"), ruleset=LINTER, paths=())
    services.suppress(org, rows()[0].pk, alice.pk, reason=Decision.Reason.RISK_ACCEPTED)
    outcome = digest(weakness("new.py"), ruleset=LINTER, paths=())
    (row,) = rows()
    assert (outcome.new, outcome.resolved) == (0, 0)
    assert (row.path, row.status, row.fingerprint) == ("new.py", "suppressed", "import/1:new.py")
    assert places(org, row) == [(LINTER, "new.py")]
    assert [(line.why, line.was) for line in ledger(org)] == [("moved", "import/1:old.py")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([weakness("old.py")], [weakness("old.py"), weakness("new.py")], id="the old one is still there"),
        pytest.param([weakness("old.py")], [weakness("a.py"), weakness("b.py")], id="two could be it"),
        pytest.param([weakness("a.py"), weakness("b.py")], [weakness("new.py")], id="it could be either"),
        pytest.param([weakness("old.py", content="")], [weakness("new.py", content="")], id="nothing tells it apart"),
    ],
)
def test_what_content_does_not_prove_is_a_new_finding(digest, rows, before, after):
    digest(*before, ruleset=LINTER, paths=())
    outcome = digest(*after, ruleset=LINTER, paths=())
    assert outcome.new > 0
    assert len(rows()) == len(before) + outcome.new


def test_a_join_is_undone_and_stays_undone(org, alice, digest, rows):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    (line,) = ledger(org)
    own = services.split(org, line.finding_id, line.pk, alice.pk)
    assert (own.fingerprint, own.ruleset, own.status) == ("package/1:GHSA-1", TRIVY, "open")
    first, second = rows()
    assert (places(org, first), places(org, second)) == ([(OURS, "package-lock.json")], [(TRIVY, "package-lock.json")])
    outcome = digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    assert (outcome.new, outcome.resolved, len(rows())) == (0, 0, 2)
    with pytest.raises(Identity.DoesNotExist):
        services.split(org, line.finding_id, line.pk, alice.pk)


def test_a_move_is_undone_by_ending_the_old_and_opening_the_new(org, alice, digest, rows):
    digest(weakness("old.py"), ruleset=LINTER, paths=())
    digest(weakness("new.py"), ruleset=LINTER, paths=())
    (line,) = ledger(org)
    services.split(org, line.finding_id, line.pk, alice.pk)
    old, new = rows()
    assert (old.fingerprint, old.status, old.ending) == ("import/1:old.py", "resolved", "gone")
    assert (new.fingerprint, new.status, new.path) == ("import/1:new.py", "open", "new.py")
    outcome = digest(weakness("new.py"), ruleset=LINTER, paths=())
    assert (outcome.new, outcome.reopened, outcome.resolved) == (0, 0, 0)


def test_a_split_leaves_nothing_open_that_no_scan_could_see_end(org, alice, digest, rows):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    digest(ruleset=OURS)
    (line,) = ledger(org)
    own = services.split(org, line.finding_id, line.pk, alice.pk)
    known, _ = rows()
    assert (known.status, known.ending, own.status) == ("resolved", "fixed", "open")
    assert told(org, known) == ["opened", "split", "resolved"]
    digest(ruleset=TRIVY)
    assert [row.status for row in rows()] == ["resolved", "resolved"]


def test_what_had_ended_when_it_was_taken_apart_is_not_open(org, alice, digest, rows):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    digest(ruleset=TRIVY)
    (line,) = ledger(org)
    own = services.split(org, line.finding_id, line.pk, alice.pk)
    assert [row.status for row in rows()] == ["open", "resolved"]
    assert told(org, own) == ["opened", "resolved"]


def test_a_move_is_undone_though_what_was_there_has_come_back(org, alice, digest, rows):
    digest(weakness("old.py"), ruleset=LINTER, paths=())
    digest(weakness("new.py"), ruleset=LINTER, paths=())
    digest(weakness("old.py"), weakness("new.py"), ruleset=LINTER, paths=())
    (line,) = ledger(org)
    services.split(org, line.finding_id, line.pk, alice.pk)
    assert [row.status for row in rows()] == ["resolved", "open", "open"]
    outcome = digest(weakness("old.py"), weakness("new.py"), ruleset=LINTER, paths=())
    assert (outcome.new, outcome.reopened, outcome.resolved) == (0, 0, 0)


def test_of_two_moves_the_first_is_undone_and_then_the_second(org, alice, digest, rows):
    for path in ("a.py", "b.py", "c.py"):
        digest(weakness(path), ruleset=LINTER, paths=())
    first, second = ledger(org)
    own = services.split(org, first.finding_id, first.pk, alice.pk)
    assert [(row.fingerprint, row.status) for row in rows()] == [
        ("import/1:a.py", "resolved"),
        ("import/1:c.py", "open"),
    ]
    services.split(org, own.pk, second.pk, alice.pk)
    assert [(row.fingerprint, row.status) for row in rows()] == [
        ("import/1:a.py", "resolved"),
        ("import/1:b.py", "resolved"),
        ("import/1:c.py", "open"),
    ]


def test_what_came_to_two_findings_under_one_name_is_one_finding_apart(org, alice, digest, rows):
    digest(vulnerability("CVE-1"), vulnerability("CVE-2"), ruleset=OURS)
    digest(vulnerability("GHSA-1", "CVE-1", "CVE-2", ruleset=TRIVY), ruleset=TRIVY)
    digest(vulnerability(rows()[1].rule), ruleset=OURS)
    digest(ruleset=TRIVY)
    digest(vulnerability("GHSA-1", "CVE-1", "CVE-2", ruleset=TRIVY), ruleset=TRIVY)
    lines = ledger(org)
    assert len({line.finding_id for line in lines}) == len(lines) == 2
    for line in lines:
        own = services.split(org, line.finding_id, line.pk, alice.pk)
    assert [row.status for row in rows()] == ["resolved", "open", "open"]
    assert places(org, own) == [(TRIVY, "package-lock.json")]
    assert told(org, own) == ["opened", "resolved", "reopened"]


def test_an_imported_secret_is_the_one_our_rule_found(org, digest, rows, asset):
    ours = secret("key", rule="aws", fingerprint="secret/1:aws", aliases=("value/1:v",))
    theirs = secret(
        "key", rule="generic", ruleset="gitleaks", fingerprint="value/1:v", locations=(Location(path="b.env"),)
    )
    digest(ours, ruleset="secrets", paths=("app.py",))
    assert digest(theirs, ruleset="gitleaks", paths=()).new == 0
    assert places(org, rows()[0]) == [("gitleaks", "b.env"), ("secrets", "app.py")]


def test_the_panel_says_why_two_records_are_one_and_takes_them_apart(org, alice, digest, rows, signed_in):
    digest(vulnerability("CVE-1", "GHSA-1"), ruleset=OURS)
    digest(vulnerability("GHSA-1", ruleset=TRIVY), ruleset=TRIVY)
    browser = signed_in(alice)
    (row,), (line,) = rows(), ledger(org)
    page = browser.get(f"/acme/findings/{row.pk}/").content.decode()
    assert "One and the same" in page
    assert "<code>trivy</code> as <code>GHSA-1</code>" in page
    answer = browser.post(f"/acme/findings/{row.pk}/split/{line.pk}/")
    assert answer.status_code == 302
    other = browser.get(answer.url).content.decode()
    assert "GHSA-1" in other
    assert "One and the same" not in other
    assert browser.post(f"/acme/findings/{row.pk}/split/{line.pk}/").status_code == 404
