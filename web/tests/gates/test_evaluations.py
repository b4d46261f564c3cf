"""What gates answer about the record: pass, fail or cannot say, with reasons, links and rows that stay."""

from datetime import date, timedelta
from uuid import uuid4

import making
import pytest
from making import secret

from vallum_engine.model.finding import AdvisoryRef, Confidence, Kind, Remediation, Severity
from vallum_engine.model.report import Coverage, Exclusion, Problem, RuleSet, Verdict
from vallum_web.advisories.models import Feed, Threat
from vallum_web.assets import services as assets
from vallum_web.assets.worth import Importance
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.gates import services
from vallum_web.gates.models import Evaluation
from vallum_web.gates.reach import Over, Reach
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

CRITICAL = secret("critical", severity=Severity.CRITICAL)
LOW = secret("low", severity=Severity.LOW, line=9)
TRIVY = {
    "target": {"report": "trivy"},
    "coverage": Coverage(rulesets=(RuleSet(name="trivy", version="1", rules=None),)),
}
GAP = Exclusion(path="big.bin", ruleset="", verdict=Verdict.SKIPPED, why="too large")
GAPS = Coverage(rulesets=(RuleSet(name="secrets", version="1", rules=None),), paths=("app.py",), exclusions=(GAP,))


def flaw(name="flaw", *, rule="CVE-2024-10001", **more):
    values = {"kind": Kind.VULNERABILITY, "ruleset": "packages/npm", "fingerprint": f"package/1:{name}"}
    return secret(name, rule=rule, **{**values, **more})


@pytest.fixture
def ask(machine):
    """Ask every gate; gives the worst verdict and the codes of all reasons."""

    def run(**body):
        answer = machine.ask(**body)
        assert answer.status_code == 200, answer.content
        said = answer.json()
        return said["verdict"], [reason["code"] for each in said["evaluations"] for reason in each["reasons"]]

    return run


def suppress(people, **until):
    with scope(people.org.pk):
        key = Finding.objects.of(people.org).get(severity=4).pk
    findings.suppress(people.org, key, people.alice.pk, reason="risk_accepted", **until)


def test_an_answer_has_reasons_links_counts_and_the_worst_findings(machine, scanned, gate):
    made, scan = gate("Nothing bad", max_severity="high"), scanned(CRITICAL, LOW)
    answer = machine.ask().json()
    assert (answer["verdict"], answer["scan"]) == ("fail", str(scan.pk))
    (said,) = answer["evaluations"]
    assert said["gate"] == {"id": str(made.pk), "name": "Nothing bad", "revision": 1}
    (reason,) = said["reasons"]
    assert (reason["code"], reason["text"], reason["count"]) == ("max_severity", "1 finding worse than high.", 1)
    assert reason["url"] == f"/acme/findings/?severity=critical&asset={scan.asset_id}"
    assert said["counts"] == {"present": 2, "counted": 2, "unsure": 0, "offending": 1, "suppressed": 0}
    (worst,) = said["offending"]
    assert (worst["title"], worst["severity"], worst["path"], worst["line"]) == (
        "Example token",
        "critical",
        "app.py",
        3,
    )
    assert worst["url"] == f"/acme/findings/{worst['id']}/"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param({"max_severity": "high"}, "fail", id="worse than allowed"),
        pytest.param({"max_severity": "high", "kinds": ["malware"]}, "pass", id="of another kind"),
        pytest.param({"no_secret": True}, "fail", id="a secret"),
        pytest.param({"max_count": 2}, "pass", id="as many as allowed"),
        pytest.param({"max_count": 1}, "fail", id="one too many"),
        pytest.param({"max_count": 0, "min_confidence": "high"}, "fail", id="sure enough"),
        pytest.param({"max_count": 1, "min_risk": 80}, "pass", id="one of high risk"),
        pytest.param({"max_count": 0, "min_risk": 80}, "fail", id="one too many of high risk"),
        pytest.param({"max_count": 0, "min_days": 1}, "pass", id="all of today"),
    ],
)
def test_conditions(ask, scanned, gate, conditions, expected):
    gate(**conditions)
    scanned(CRITICAL, LOW)
    assert ask()[0] == expected


def test_a_finding_that_is_old_enough_counts(ask, scanned, gate):
    gate(max_count=0, min_days=30, max_age_days=None)
    scanned(LOW)
    assert ask() == ("pass", ["clear"])
    with clock.travelled(timedelta(days=30)):
        assert ask() == ("fail", ["max_count"])


def test_confidence_counts(ask, scanned, gate):
    gate(max_count=0, min_confidence="medium")
    scanned(secret("unsure", confidence=Confidence.LOW))
    assert ask()[0] == "pass"
    scanned(secret("unsure", confidence=Confidence.LOW), secret("sure", confidence=Confidence.MEDIUM, line=5))
    assert ask()[0] == "fail"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, "pass", id="no version without it"),
        pytest.param({"remediation": Remediation(steps=("Wait.",))}, "pass", id="steps and no version"),
        pytest.param({"remediation": Remediation(steps=(), upgrade_to="2")}, "fail", id="an upgrade"),
        pytest.param({"advisories": (AdvisoryRef(id="GHSA-1", fixed=("2",)),)}, "fail", id="a fixed version"),
        pytest.param({"kind": Kind.WEAKNESS}, "fail", id="its owner can mend it"),
    ],
)
def test_what_can_be_fixed_counts(ask, scanned, gate, more, expected):
    gate(max_count=0, fixable_only=True)
    scanned(flaw(**more))
    assert ask()[0] == expected


def feed(*cves, as_of=None):
    now = clock.now()
    Feed.objects.update_or_create(id="kev", defaults={"rows": 1, "as_of": as_of or now})
    for cve in cves:
        Threat.objects.update_or_create(cve=cve, defaults={"kev_added": date(2024, 1, 1), "changed_at": now})


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        pytest.param(flaw(), ("fail", ["no_exploited"]), id="its rule is in the catalogue"),
        pytest.param(
            flaw(rule="GHSA-1", advisories=(AdvisoryRef(id="CVE-2024-10001"),)),
            ("fail", ["no_exploited"]),
            id="its advisory",
        ),
        pytest.param(
            flaw(rule="GHSA-1", advisories=(AdvisoryRef(id="GHSA-1", aliases=("CVE-2024-10001",)),)),
            ("fail", ["no_exploited"]),
            id="another name of it",
        ),
        pytest.param(flaw(rule="CVE-2024-10002"), ("pass", ["clear"]), id="not in the catalogue"),
        pytest.param(secret(rule="CVE-2024-10001"), ("pass", ["clear"]), id="no vulnerability"),
    ],
)
def test_what_is_known_to_be_exploited(ask, scanned, gate, finding, expected):
    feed("CVE-2024-10001")
    gate(no_exploited=True)
    scanned(finding)
    assert ask() == expected


def test_without_a_catalogue_of_this_week_nobody_can_say_what_is_not_exploited(ask, scanned, gate):
    gate(no_exploited=True)
    scanned(flaw("1", rule="CVE-2024-10002"))
    assert ask() == ("cannot_say", ["exploited"])
    feed("CVE-2024-10001", as_of=clock.now() - timedelta(days=8))
    assert ask() == ("cannot_say", ["exploited"])
    scanned(flaw("1", rule="CVE-2024-10002"), flaw("2", line=7))
    assert ask() == ("fail", ["no_exploited", "exploited"])


def test_suppressed_findings_do_not_fail_and_are_counted(machine, people, scanned, gate):
    gate("Lenient", max_severity="high")
    gate("Strict", max_severity="high", count_suppressed=True)
    scanned(CRITICAL)
    suppress(people)
    lenient, strict = machine.ask().json()["evaluations"]
    assert (lenient["verdict"], lenient["counts"]["suppressed"], lenient["counts"]["counted"]) == ("pass", 1, 0)
    assert (strict["verdict"], strict["counts"]["suppressed"]) == ("fail", 0)


def test_a_suppression_that_is_over_hides_nothing(ask, people, scanned, gate):
    gate(max_severity="high", max_age_days=None)
    scanned(CRITICAL)
    suppress(people, until=clock.now().date() + timedelta(days=3))
    assert ask()[0] == "pass"
    with clock.travelled(timedelta(days=4)):
        assert ask()[0] == "fail"


def test_only_what_is_new_since_the_last_complete_scan(ask, scanned, gate):
    gate(max_severity="high", new_since={"since": "previous"})
    scanned(CRITICAL)
    assert ask() == ("cannot_say", ["new"])
    scanned(CRITICAL, LOW)
    assert ask() == ("pass", ["clear"])
    worse = secret("worse", severity=Severity.CRITICAL, line=20)
    scanned(CRITICAL, LOW, worse, coverage=GAPS)
    assert ask() == ("fail", ["max_severity", "scan_has_gaps"])
    # The one with gaps is no baseline: what came with it is still new.
    scanned(CRITICAL, LOW, worse)
    assert ask() == ("fail", ["max_severity"])
    scanned(CRITICAL, LOW, worse)
    assert ask() == ("pass", ["clear"])


def test_another_try_at_the_same_commit_fails_as_the_first_did(ask, scanned, gate):
    gate(max_severity="high", new_since={"since": "previous"})
    scanned(target={"commit": "a" * 40})
    scanned(CRITICAL, target={"commit": "b" * 40})
    assert ask() == ("fail", ["max_severity"])
    scanned(CRITICAL, target={"commit": "b" * 40})
    assert ask() == ("fail", ["max_severity"])
    scanned(CRITICAL, target={"commit": "c" * 40})
    assert ask() == ("pass", ["clear"])


def test_each_tool_is_compared_with_its_own_scan_before(ask, scanned, gate):
    gate(max_severity="high", new_since={"since": "previous"})
    scanned()
    scanned(**TRIVY)
    # One run of a pipeline brings both: what the first of the two brought is no news to the second.
    scanned(CRITICAL)
    scanned(**TRIVY)
    assert ask() == ("fail", ["max_severity"])


def test_what_another_tool_could_not_look_at_is_a_gap_too(machine, scanned, gate):
    gate(max_severity="high")
    scanned(**TRIVY, errors=(Problem(path="a.json", what="It is no JSON."),))
    scanned()
    (said,) = machine.ask().json()["evaluations"]
    assert (said["verdict"], [reason["code"] for reason in said["reasons"]]) == ("cannot_say", ["scan_has_gaps"])
    assert said["reasons"][0]["text"].startswith("The last report of Trivy was not read whole.")
    scanned(**TRIVY)
    scanned()
    assert machine.ask().json()["verdict"] == "pass"


def test_a_report_that_could_not_be_recognised_is_a_doubt_until_one_is(machine, people, scanned, gate):
    gate(max_severity="high")
    asset = scanned().asset
    scans.fail(scans.imported(asset, None, tool=""), "No format knows it.")
    scanned()
    (said,) = machine.ask().json()["evaluations"]
    assert [reason["code"] for reason in said["reasons"]] == ["scan_failed"]
    good = scans.imported(asset, None, tool="trivy")
    scans.finish(good, making.report(**TRIVY), engine="1", outcome={})
    scanned()
    assert machine.ask().json()["verdict"] == "pass"


def test_nothing_is_said_while_an_earlier_scan_waits(machine, scanned, gate):
    gate(max_severity="high")
    waiting = scans.uploaded(scanned().asset, None)
    later = scanned()
    assert machine.ask().json() == {"pending": True, "scan": str(waiting.pk), "status": "queued"}
    assert machine.ask(scan=str(later.pk)).json()["verdict"] == "pass"


def test_what_came_back_is_new_again(ask, scanned, gate):
    gate(max_count=0, new_since={"since": "previous"})
    scanned(CRITICAL)
    scanned()
    assert ask()[0] == "pass"
    scanned(CRITICAL)
    assert ask() == ("fail", ["max_count"])


def test_new_since_a_day(ask, scanned, gate):
    today = clock.now().date()
    gate(max_count=0, new_since={"since": "date", "value": today.isoformat()})
    with clock.travelled(timedelta(days=-2)):
        scanned(CRITICAL)
    scanned(CRITICAL)
    assert ask()[0] == "pass"
    scanned(CRITICAL, LOW)
    assert ask()[0] == "fail"


def test_since_a_day_before_anybody_looked_everything_is_new(ask, scanned, gate):
    gate(max_count=0, new_since={"since": "date", "value": "2026-01-31"})
    scanned(LOW)
    assert ask() == ("fail", ["max_count"])


def test_new_since_a_named_scan(machine, ask, scanned, gate):
    first = scanned(CRITICAL)
    other = scanned(CRITICAL, asset="other")
    made = gate(max_count=0, new_since={"since": "scan", "value": str(first.pk)})
    scanned(CRITICAL)
    assert ask() == ("pass", ["clear"])
    scanned(CRITICAL, LOW)
    assert ask() == ("fail", ["max_count"])
    answer = machine.send("post", f"gates/{made.pk}/evaluations", {"asset": str(other.asset_id)})
    assert answer.json()["verdict"] == "cannot_say"
    assert "none of this asset's" in answer.json()["reasons"][0]["text"]


def test_as_of_an_earlier_scan(ask, scanned, gate):
    gate(max_severity="high")
    before = scanned(CRITICAL)
    scanned()
    assert ask() == ("pass", ["clear"])
    assert ask(scan=str(before.pk)) == ("fail", ["max_severity"])


@pytest.mark.parametrize("when_unsure", ["cannot_say", "fail"])
def test_where_the_scan_cannot_speak_nothing_passes(ask, people, scanned, gate, when_unsure):
    gate(max_severity="high", when_unsure=when_unsure)
    scan = scanned(LOW, coverage=GAPS)
    assert ask() == (when_unsure, ["scan_has_gaps"])
    scanned(LOW)
    assert ask() == ("pass", ["clear"])
    failed = scans.uploaded(scan.asset, None)
    scans.fail(failed, "The scanner gave up.")
    assert ask() == (when_unsure, ["scan_failed"])
    with clock.travelled(timedelta(days=8)):
        assert ask() == (when_unsure, ["scan_failed"])


def test_a_scan_of_more_than_a_week_ago_proves_nothing(ask, scanned, gate):
    gate(max_severity="high")
    scanned(LOW)
    with clock.travelled(timedelta(days=7)):
        assert ask() == ("pass", ["clear"])
    with clock.travelled(timedelta(days=8)):
        assert ask() == ("cannot_say", ["scan_too_old"])


def test_a_failed_scan_does_not_hide_what_was_known_before(ask, scanned, gate):
    gate(max_severity="high")
    scans.fail(scans.uploaded(scanned(CRITICAL).asset, None), "The scanner gave up.")
    assert ask() == ("fail", ["max_severity", "scan_failed"])


def test_an_asset_that_was_never_scanned_is_no_pass(machine, people, gate):
    gate(max_severity="high")
    assets.add(people.org, "repository", "shop", people.alice.pk)
    answer = machine.ask().json()
    assert (answer["verdict"], answer["scan"]) == ("cannot_say", None)
    assert "never scanned" in answer["evaluations"][0]["reasons"][0]["text"]


def test_a_scan_of_another_branch_is_not_in_the_record(ask, scanned, gate):
    gate(max_severity="high")
    scanned(LOW, target={"branch": "main"})
    other = scanned(CRITICAL, target={"branch": "feature"})
    assert ask() == ("pass", ["clear"])
    assert ask(scan=str(other.pk)) == ("cannot_say", ["other_branch"])


def test_a_scan_that_waits_is_asked_again(machine, people, scanned, gate):
    gate(max_severity="high")
    waiting = scans.uploaded(scanned(CRITICAL).asset, None)
    answer = machine.ask()
    assert (answer.status_code, answer.json()) == (202, {"pending": True, "scan": str(waiting.pk), "status": "queued"})
    with scope(people.org.pk):
        assert not Evaluation.objects.of(people.org).exists()


def test_where_no_gate_holds_nothing_passes(machine, scanned, gate):
    scanned(LOW)
    gate(max_severity="high", reach=Reach(over=Over.IMPORTANCE, importance=Importance.CRITICAL))
    answer = machine.ask().json()
    assert (answer["verdict"], answer["evaluations"]) == ("cannot_say", [])


def test_one_gate_by_its_name(machine, scanned, gate):
    gate("Broken", no_secret=True)
    gate("Sound", max_count=9)
    scanned(LOW)
    assert machine.ask().json()["verdict"] == "fail"
    assert machine.ask(gate="Sound").json()["verdict"] == "pass"
    assert machine.ask(gate="Nowhere").status_code == 404


def test_a_gate_that_does_not_hold_for_the_asset_says_so(machine, scanned, gate):
    other = scanned(LOW, asset="other").asset
    scanned(LOW)
    made = gate("Only other", no_secret=True, reach=Reach(over=Over.ASSETS, assets=frozenset({other.pk})))
    for answer in (
        machine.ask(gate="Only other"),
        machine.send("post", f"gates/{made.pk}/evaluations", {"asset": "shop"}),
    ):
        assert (answer.status_code, "does not hold for shop" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize("body", [{"asset": "nothing"}, {"asset": str(uuid4())}, {"scan": str(uuid4())}])
def test_what_is_not_there_is_missing(machine, scanned, gate, body):
    gate(no_secret=True)
    scanned(LOW)
    assert machine.ask(**body).status_code == 404


def test_a_scan_of_another_asset_is_missing(machine, scanned, gate):
    made, other = gate(no_secret=True), scanned(LOW, asset="other")
    scanned(LOW)
    assert machine.ask(scan=str(other.pk)).status_code == 404
    assert (
        machine.send("post", f"gates/{made.pk}/evaluations", {"asset": "shop", "scan": str(other.pk)}).status_code
        == 404
    )


def test_every_answer_is_kept_with_who_asked(machine, people, scanned, gate):
    made = gate(no_secret=True)
    scan = scanned(LOW)
    machine.ask()
    with scope(people.org.pk):
        (row,) = Evaluation.objects.of(people.org)
        events = [e.kind for e in Event.objects.of(people.org).filter(kind__startswith="gate.").order_by("id")]
    assert (row.verdict, row.revision, row.asset_id, row.scan_id) == ("fail", 1, scan.asset_id, scan.pk)
    assert (row.by, row.token) == (people.alice.pk, machine.token.pk)
    assert row.reasons == [{"code": "no_secret", "text": "1 secret, and none is allowed.", "count": 1}]
    assert events == ["gate.made", "gate.evaluated"]
    (line,) = machine.get(f"gates/{made.pk}/evaluations").json()["items"]
    assert (line["verdict"], line["token"]) == ("fail", str(machine.token.pk))


@pytest.mark.slow
def test_answers_are_listed_in_pages_and_by_asset(machine, people, scanned, gate):
    made = gate(no_secret=True)
    scanned(LOW)
    other = scanned(LOW, asset="other").asset
    for _ in range(51):
        machine.ask()
    machine.ask(asset="other")
    first = machine.get("gates/evaluations").json()
    assert (len(first["items"]), first["items"][0]["asset_id"]) == (50, str(other.pk))
    second = machine.get("gates/evaluations", after=first["after"]).json()
    assert (len(second["items"]), second["after"]) == (2, "")
    assert len({item["id"] for item in first["items"] + second["items"]}) == 52
    assert len(machine.get(f"gates/{made.pk}/evaluations", asset=str(other.pk)).json()["items"]) == 1


def test_answers_are_kept_for_90_days(machine, people, scanned, gate):
    gate(no_secret=True)
    scanned(LOW)
    machine.ask()
    with clock.travelled(timedelta(days=89)):
        assert services.prune(people.org.pk) == 0
    with clock.travelled(timedelta(days=91)):
        assert services.prune(people.org.pk) == 1


def test_no_more_than_fifty_findings_are_listed_and_the_rest_is_counted(machine, scanned, gate):
    gate(no_secret=True)
    scanned(*(secret(str(n), line=n + 1) for n in range(60)))
    (said,) = machine.ask().json()["evaluations"]
    assert (len(said["offending"]), said["not_listed"]) == (50, 10)
