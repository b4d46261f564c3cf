"""The pages of gates: the list, the editor without a script, and what a gate would have said."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from making import secret

from vallum_engine.model.finding import Severity
from vallum_engine.model.report import Coverage
from vallum_web.assets import services as assets
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.gates.judge import replay
from vallum_web.gates.models import Evaluation, Gate
from vallum_web.gates.queries import policy
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import scope

GATES = "/acme/gates/"
CRITICAL = secret("critical", severity=Severity.CRITICAL)
LOW = secret("low", severity=Severity.LOW, line=9)
FORM = {
    "name": "Mine",
    "max_severity": "high",
    "min_confidence": "low",
    "max_age_days": "7",
    "when_unsure": "cannot_say",
}
WHERE = {"over": "all"}


def all_gates(people):
    with scope(people.org.pk):
        return list(Gate.objects.of(people.org).order_by("id"))


def verdicts(org, asset, gate):
    with scope(org.pk):
        return [each.answer.verdict.value for each in replay(org, asset.pk, policy(gate))]


def test_a_newcomer_adds_the_ready_made_gates_and_each_is_offered_once(people, signed_in):
    browser = signed_in(people.alice)
    page = browser.get(GATES).content.decode()
    assert "No gates yet" in page
    for key in ("no-new-critical", "no-secret", "no-known-exploited"):
        assert f'value="{key}"' in page
        assert browser.post(f"{GATES}ready/", {"ready": key}).status_code == 302
    page = browser.get(GATES).content.decode()
    assert "Ready-made" not in page
    assert [gate.name for gate in all_gates(people)] == [
        "No new critical",
        "No secret",
        "No known exploited vulnerability",
    ]
    for text in ("Fails on anything worse than high.", "Fails on a secret.", "known to be exploited"):
        assert text in page
    browser.post(f"{GATES}ready/", {"ready": "no-secret"})
    browser.post(f"{GATES}ready/", {"ready": "nonsense"})
    assert len(all_gates(people)) == 3


def test_the_editor_makes_and_changes_a_gate(people, signed_in):
    browser = signed_in(people.alice)
    form = {**FORM, **WHERE, "since": "previous", "kinds": ["secret", "malware"], "no_secret": "on", "max_count": "0"}
    answer = browser.post(f"{GATES}new/", form)
    (gate,) = all_gates(people)
    assert answer.headers["Location"] == f"{GATES}{gate.pk}/"
    assert gate.policy["kinds"] == ["malware", "secret"]
    assert (gate.policy["max_count"], gate.policy["no_secret"]) == (0, True)
    assert gate.policy["new_since"] == {"since": "previous", "value": ""}
    page = browser.get(f"{GATES}{gate.pk}/edit/").content.decode()
    assert 'value="previous" selected' in page
    assert 'name="max_count" value="0"' in page
    browser.post(f"{GATES}{gate.pk}/edit/", {**form, "max_age_days": "", "since": "date", "since_day": "2026-01-31"})
    (gate,) = all_gates(people)
    assert (gate.revision, gate.policy["max_age_days"]) == (2, None)
    assert gate.policy["new_since"] == {"since": "date", "value": "2026-01-31"}
    page = browser.get(f"{GATES}{gate.pk}/edit/").content.decode()
    assert 'value="2026-01-31"' in page
    assert "that were not there on 2026-01-31" in browser.get(f"{GATES}{gate.pk}/").content.decode()


def test_the_editor_names_assets_and_importance(people, signed_in, scanned):
    browser, asset = signed_in(people.alice), scanned(LOW).asset
    browser.post(f"{GATES}new/", {**FORM, "over": "assets", "assets": [str(asset.pk)]})
    browser.post(f"{GATES}new/", {**FORM, "name": "Other", "over": "importance", "importance": "high"})
    one, other = all_gates(people)
    assert one.scope == {"over": "assets", "assets": [str(asset.pk)]}
    assert other.scope == {"over": "importance", "importance": "high"}
    page = browser.get(GATES).content.decode()
    assert "Assets of high importance or higher" in page
    assert f'value="{asset.pk}" selected' in browser.get(f"{GATES}{one.pk}/edit/").content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"max_severity": ""}, "forbids nothing", id="nothing forbidden"),
        pytest.param({"name": ""}, "This field is required", id="no name"),
        pytest.param({"name": "Taken"}, "choose another name", id="a name that is taken"),
        pytest.param({"since": "date"}, "a day such as", id="no day"),
        pytest.param({"since": "scan"}, "a scan&#x27;s id", id="no scan"),
        pytest.param({"over": "assets"}, "name 1 to 200 assets", id="no asset"),
        pytest.param({"over": "team"}, "is no id", id="no team"),
        pytest.param({"over": "importance"}, "is none of low", id="no importance"),
        pytest.param({"max_count": "-1"}, "greater than or equal to 0", id="fewer than none"),
        pytest.param({"kinds": ["bug"]}, "not one of the available choices", id="no kind"),
    ],
)
def test_what_is_no_gate_comes_back_with_what_is_wrong(people, signed_in, gate, change, says):
    gate("Taken", no_secret=True)
    answer = signed_in(people.alice).post(f"{GATES}new/", {**FORM, **WHERE, **change})
    assert (answer.status_code, says in answer.content.decode()) == (422, True), answer.content.decode()
    assert len(all_gates(people)) == 1


def test_a_gate_is_deleted(people, signed_in, gate):
    made = gate("Gone", no_secret=True)
    assert signed_in(people.bob).post(f"{GATES}{made.pk}/delete/").status_code == 403
    browser = signed_in(people.alice)
    answer = browser.post(f"{GATES}{made.pk}/delete/", follow=True)
    assert "The gate Gone is gone" in answer.content.decode()
    assert all_gates(people) == []


def test_a_developer_reads_and_tries_and_changes_nothing(people, signed_in, scanned, gate):
    made, asset = gate("Theirs", max_severity="high"), scanned(CRITICAL).asset
    browser = signed_in(people.bob)
    page = browser.get(GATES).content.decode()
    assert "Theirs" in page
    assert "New gate" not in page
    assert "Ready-made" not in page
    page = browser.get(f"{GATES}{made.pk}/", {"asset": str(asset.pk)}).content.decode()
    assert "1 finding worse than high." in page
    assert f"{GATES}{made.pk}/edit/" not in page


def test_trying_says_what_the_gate_would_have_said_at_each_scan(people, scanned, gate):
    made = gate(max_severity="high", new_since={"since": "previous"})
    asset = scanned(LOW).asset
    scanned(LOW, CRITICAL)
    scanned(LOW, CRITICAL)
    scans.fail(scans.uploaded(asset, None), "The scanner gave up.")
    scanned(LOW)
    scanned(LOW, CRITICAL, coverage=Coverage(complete=False))
    assert verdicts(people.org, asset, made) == ["fail", "pass", "cannot_say", "pass", "fail", "pass"]


@pytest.mark.slow
def test_a_replay_gives_what_the_live_run_gave(people, machine, scanned, gate):
    """Each scan is asked about when it is over, and again from the stored history: the same verdicts and counts."""
    gates = [
        gate("Worst", max_severity="high"),
        gate("New", max_count=0, new_since={"since": "previous"}),
        gate("Risk", max_count=1, min_risk=60),
        gate("Hidden", max_count=2, count_suppressed=True),
    ]
    other = secret("other", severity=Severity.MEDIUM, line=30)
    live = {made.name: [] for made in gates}
    for number, found in enumerate(([], [CRITICAL], [CRITICAL, LOW], [LOW, other], [CRITICAL, LOW, other], [])):
        asset = scanned(*found).asset
        if number == 2:
            with scope(people.org.pk):
                worst = Finding.objects.of(people.org).get(severity=4)
            live_before = machine.ask().json()["evaluations"]
            assert {each["verdict"] for each in live_before} >= {"fail"}
            findings.suppress(people.org, worst.pk, people.alice.pk, reason="risk_accepted")
            continue_from = number
        for each in machine.ask().json()["evaluations"]:
            live[each["gate"]["name"]].append((number, each["verdict"], each["counts"]))
    for made in gates:
        with scope(people.org.pk):
            again = [
                (each.answer.verdict.value, dict(each.answer.counts))
                for each in replay(people.org, asset.pk, policy(made))
            ]
        told = [(verdict, counts) for number, verdict, counts in live[made.name] if number != continue_from]
        assert [each for number, each in enumerate(reversed(again)) if number != continue_from] == told


def test_a_replay_sees_the_suppressions_of_its_time(people, scanned, gate):
    made = gate(max_severity="high")
    asset = scanned(CRITICAL).asset
    with scope(people.org.pk):
        worst = Finding.objects.of(people.org).get()
    with clock.travelled(timedelta(minutes=1)):
        findings.suppress(people.org, worst.pk, people.alice.pk, reason="risk_accepted")
    with clock.travelled(timedelta(minutes=2)):
        scanned(CRITICAL)
    with clock.travelled(timedelta(minutes=3)):
        findings.lift(people.org, worst.pk, people.alice.pk)
    with clock.travelled(timedelta(minutes=4)):
        scanned(CRITICAL)
    assert verdicts(people.org, asset, made) == ["fail", "pass", "fail"]


def test_conditions_are_tried_before_they_are_saved(people, signed_in, scanned):
    asset = scanned(CRITICAL).asset
    form = {**FORM, **WHERE, "asset": str(asset.pk), "try": "1"}
    browser = signed_in(people.alice)
    page = browser.post(f"{GATES}new/", form).content.decode()
    assert "What it would have said of shop" in page
    assert "1 finding worse than high." in page
    assert 'value="Mine"' in page
    page = browser.post(f"{GATES}new/", {**form, "asset": "nonsense"}).content.decode()
    assert "What it would have said" not in page
    assert all_gates(people) == []
    with scope(people.org.pk):
        assert not Evaluation.objects.of(people.org).exists()


def test_an_asset_without_a_scan_that_is_over_has_nothing_to_try_on(people, signed_in, gate):
    made = gate(no_secret=True)
    bare = assets.add(people.org, "repository", "bare", people.alice.pk)
    page = signed_in(people.alice).get(f"{GATES}{made.pk}/", {"asset": str(bare.pk)}).content.decode()
    assert "no scan that is over" in page


def test_the_list_shows_the_newest_answer_of_each_gate_and_who_asked(people, signed_in, machine, scanned, gate):
    made = gate("No secret", no_secret=True)
    scanned(LOW)
    machine.ask()
    scanned()
    machine.ask()
    browser = signed_in(people.alice)
    page = browser.get(GATES).content.decode()
    assert page.count('data-status="passed"') == 1
    assert 'data-status="failed"' not in page
    assert ">ci<" in page
    page = browser.get(f"{GATES}{made.pk}/").content.decode()
    assert 'data-status="failed"' in page


@pytest.mark.slow
def test_pages_ask_as_many_questions_for_many_as_for_few(people, signed_in, machine, scanned, gate):
    browser = signed_in(people.alice)

    def questions():
        with CaptureQueriesContext(connection) as seen:
            assert browser.get(GATES).status_code == 200
        return len(seen)

    gate("One", no_secret=True)
    scanned(LOW)
    machine.ask()
    questions()  # the first page of a session asks for more
    few = questions()
    for number in range(6):
        gate(f"Gate {number}", no_secret=True)
        scanned(LOW, asset=f"asset {number}")
        machine.ask(asset=f"asset {number}")
    assert questions() == few
