"""What happens becomes messages: each once, to whom it fits."""

from datetime import timedelta

import making
import pytest
from hooking import PATH, Hook

from vallum_engine import wire
from vallum_engine.gate.policy import parse as policy
from vallum_engine.model.finding import Severity
from vallum_web.accounts.services import teams
from vallum_web.findings import services as findings
from vallum_web.findings.models import Finding
from vallum_web.gates import services as gates
from vallum_web.gates import subject
from vallum_web.gates.reach import Reach
from vallum_web.ingest import services as ingest
from vallum_web.ingest.models import Upload
from vallum_web.notify import payload, services
from vallum_web.notify.follow import follow
from vallum_web.repositories import services as repositories
from vallum_web.scans import services as scans
from vallum_web.tenancy import clock, lookups
from vallum_web.tenancy.scope import scope


@pytest.fixture
def people(live_database):
    return making.people()


@pytest.fixture
def url(receiver):
    return f"{receiver.url}{PATH}"


def scanned(people, *found, asset="shop"):
    data = wire.dump(making.report(*found))
    upload = ingest.accept(people.org.pk, people.alice.pk, asset_name=asset, chunks=[data])
    ingest.digest(upload)
    with scope(people.org.pk):
        return Upload.objects.of(people.org).select_related("scan__asset").get(pk=upload.pk).scan


def kinds(hook):
    return [told["type"] for told in hook.told()]


def test_a_scan_is_one_message_and_is_told_once(people, url):
    scanned(people, making.secret("before"))
    hook = Hook(people, url)
    scan = scanned(people, making.secret("before"), making.secret("a"), making.secret("b", severity=Severity.CRITICAL))
    assert lookups.followed() == [people.org.pk]
    follow(people.org.pk)
    follow(people.org.pk)
    [told] = hook.told()
    assert (told["version"], told["type"]) == (1, "finding.opened")
    data = told["data"]
    assert data["organization"] == {"slug": "acme", "name": "Acme"}
    assert (data["count"], data["listed"]) == (2, 2)
    first, second = data["findings"]
    assert (first["severity"], second["severity"]) == ("critical", "high")
    assert first["asset"] == {"id": str(scan.asset_id), "name": "shop"}
    assert first["url"].endswith(f"/acme/findings/{first['id']}/")
    with scope(people.org.pk):
        row = Finding.objects.of(people.org).get(pk=first["id"])
    assert (row.title, row.path) == (first["title"], first["path"])


def test_what_ends_comes_back_and_is_hidden_is_told(people, url):
    hook = Hook(people, url)
    scanned(people, making.secret("a"))
    scanned(people)
    scanned(people, making.secret("a"))
    with scope(people.org.pk):
        finding = Finding.objects.of(people.org).get()
    findings.suppress(people.org, finding.pk, people.alice.pk, reason="test_data")
    follow(people.org.pk)
    assert kinds(hook) == ["finding.opened", "finding.resolved", "finding.reopened", "finding.suppressed"]


def test_many_findings_are_one_message_that_says_how_many_more(people, url):
    hook = Hook(people, url)
    scanned(people, *(making.secret(f"s{number}") for number in range(payload.LISTED + 5)))
    follow(people.org.pk)
    [told] = hook.told()
    assert (told["data"]["count"], told["data"]["listed"]) == (105, 100)
    assert len(told["data"]["findings"]) == 100


def test_only_what_fits_is_told(people, url):
    team = teams.make(people.org, people.alice.pk, "Platform")
    narrow = {
        "severity": {"severity": Finding.Severity.CRITICAL.value},
        "kind": {"kinds": ("vulnerability",)},
        "team": {"team": team.pk},
        "importance": {"importance": 3},
        "occasion": {"occasions": ("finding.resolved",)},
    }
    hooks = {name: Hook(people, url, name=name, **more) for name, more in narrow.items()}
    fits = Hook(people, url, name="fits", severity=Finding.Severity.HIGH.value, kinds=("secret",), importance=1)
    scanned(people, making.secret("a"))
    follow(people.org.pk)
    assert {name: kinds(hook) for name, hook in hooks.items()} == {name: [] for name in narrow}
    assert kinds(fits) == ["finding.opened"]


def test_a_date_is_told_of_once_when_it_comes_near_and_once_when_it_passed(people, url):
    hook = Hook(people, url, occasions=("finding.due_soon", "finding.overdue"))
    scanned(people, making.secret("a"))
    with scope(people.org.pk):
        due = Finding.objects.of(people.org).get().due_at - clock.now()
    for later in (timedelta(), due - timedelta(days=1), due - timedelta(hours=1), due + timedelta(hours=1)):
        with clock.travelled(later):
            follow(people.org.pk)
            follow(people.org.pk)
    assert kinds(hook) == ["finding.due_soon", "finding.overdue"]


def test_a_gate_that_fails_is_told_and_one_that_passes_is_not(people, url):
    hook = Hook(people, url, occasions=("gate.failed",))
    scan = scanned(people, making.secret("a"))
    for name, conditions in (("Strict", {"no_secret": True}), ("Mild", {"max_count": 5})):
        wanted = gates.Wanted(name=name, policy=policy({"version": 1, **conditions}), scope=Reach())
        gate = gates.make(people.org, people.alice.pk, wanted)
        with scope(people.org.pk):
            about = subject.subject(people.org, scan.asset_id, None)
            gates.evaluate(gate, scan.asset, about, gates.Asker(by=people.alice.pk))
    follow(people.org.pk)
    [told] = hook.told()
    assert told["type"] == "gate.failed"
    assert told["data"]["gate"]["name"] == "Strict"
    assert told["data"]["asset"]["name"] == "shop"
    assert told["data"]["reasons"]


def test_a_scan_that_fails_is_told(people, url):
    hook = Hook(people, url, occasions=("scan.failed",))
    made = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/acme/shop")
    scan = scans.request(people.org, made.asset_id, people.alice.pk)
    scans.fail(scan, "The host is down.")
    follow(people.org.pk)
    [told] = hook.told()
    assert told["data"]["asset"]["id"] == str(made.asset_id)
    assert told["data"]["reason"] == "The host is down."
    assert told["data"]["url"].endswith(f"/acme/scans/{scan.pk}/")


def test_nothing_of_another_organization_is_told(people, url):
    hook = Hook(people, url)
    upload = ingest.accept(
        people.elsewhere.pk, people.charlie.pk, asset_name="theirs", chunks=[wire.dump(making.report(making.secret()))]
    )
    ingest.digest(upload)
    follow(people.org.pk)
    follow(people.elsewhere.pk)
    assert hook.told() == []


def test_what_is_switched_off_is_told_nothing_and_takes_up_what_waits(people, url):
    hook = Hook(people, url)
    scanned(people, making.secret("a"))
    follow(people.org.pk)
    services.switch(people.org, hook.pk, people.alice.pk, on=False)
    scanned(people, making.secret("a"), making.secret("b"))
    follow(people.org.pk)
    hook.work()
    assert [row.status for row in hook.deliveries()] == ["waiting"]
    services.switch(people.org, hook.pk, people.alice.pk, on=True)
    hook.work()
    assert [row.status for row in hook.deliveries()] == ["delivered"]
