"""Rules: who is told of what, where and how often; and the preview, which is what was told."""

import re
from datetime import UTC, datetime, timedelta

import making
import pytest
from hooking import PATH, Hook
from mailing import mails

from vallum_engine import wire
from vallum_engine.model.finding import Severity
from vallum_web.accounts import services as accounts
from vallum_web.accounts.services import members, teams
from vallum_web.findings.models import Finding
from vallum_web.ingest import services as ingest
from vallum_web.mail import notices
from vallum_web.notify import queries, rules, services
from vallum_web.notify.follow import follow
from vallum_web.notify.models import Rule
from vallum_web.notify.rhythm import next_at
from vallum_web.tenancy import clock
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.scope import scope

HOUR = timedelta(hours=1)
OPENED = ("finding.opened",)


@pytest.fixture
def people(live_database):
    return making.people()


def scanned(people, *found, asset="shop"):
    data = wire.dump(making.report(*found))
    ingest.digest(ingest.accept(people.org.pk, people.alice.pk, asset_name=asset, chunks=[data]))


def rule(people, by=None, *, own=False, **more):
    wanted = {"name": "Rule", "occasions": OPENED, "way": "inbox", "rhythm": "once", **more}
    if not own and wanted["way"] != "channel":
        wanted.setdefault("audience", "owners")
    return rules.make(people.org, (by or people.alice).pk, rules.Wanted(**wanted), own=own)


def noticed(people, who):
    page = notices.page(who.pk, [people.org.pk], fresh=True)
    return [row.title for row in reversed(page.rows)]


def preview(people, made):
    with scope(people.org.pk):
        return queries.preview(people.org, Rule.objects.of(people.org).get(pk=made.pk))


@pytest.mark.parametrize(
    ("rhythm", "now", "zone", "expected"),
    [
        pytest.param("once", datetime(2026, 3, 1, 7, 30, tzinfo=UTC), "UTC", None, id="at once there is no time"),
        pytest.param(
            "hourly", datetime(2026, 3, 1, 7, 30, tzinfo=UTC), "UTC", datetime(2026, 3, 1, 8, tzinfo=UTC), id="hour"
        ),
        pytest.param(
            "hourly", datetime(2026, 3, 1, 8, tzinfo=UTC), "UTC", datetime(2026, 3, 1, 9, tzinfo=UTC), id="later"
        ),
        pytest.param(
            "daily", datetime(2026, 3, 1, 7, 30, tzinfo=UTC), "UTC", datetime(2026, 3, 1, 8, tzinfo=UTC), id="today"
        ),
        pytest.param(
            "daily", datetime(2026, 3, 1, 8, tzinfo=UTC), "UTC", datetime(2026, 3, 2, 8, tzinfo=UTC), id="tomorrow"
        ),
        pytest.param(
            "daily",
            datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
            "Asia/Tokyo",
            datetime(2026, 3, 2, 23, tzinfo=UTC),
            id="there it is half past eight of the next day",
        ),
        pytest.param(
            "daily",
            datetime(2026, 3, 28, 12, tzinfo=UTC),
            "Europe/Paris",
            datetime(2026, 3, 29, 6, tzinfo=UTC),
            id="clocks go forward in that night",
        ),
    ],
)
def test_when_a_rule_tells_next(rhythm, now, zone, expected):
    assert next_at(rhythm, now, zone) == expected


def test_at_once_everybody_is_told_who_is_meant_and_may_see_it(people):
    dana, team = making.person("dana@example.test"), teams.make(people.org, people.alice.pk, "Platform")
    accounts.join(people.org, dana, "billing")
    scanned(people, making.secret("before"))
    rule(people, audience="everyone")
    rule(people, people.bob, own=True, way="mail", severity=Finding.Severity.CRITICAL.value)
    rule(people, name="team", team=team.pk, audience="everyone")
    rule(people, name="off", on=False)
    critical = making.secret("b", severity=Severity.CRITICAL)
    scanned(people, making.secret("before"), making.secret("a"), critical)
    for _ in range(3):
        follow(people.org.pk)
    assert noticed(people, people.alice) == noticed(people, people.bob) == ["2 findings opened"]
    assert noticed(people, dana) == [], "who does bills may not see findings"
    [mail] = mails(kind="alert")
    assert (mail.to, mail.subject) == ("bob@example.test", "1 finding opened")
    assert "critical: Example token in shop" in mail.text
    assert "app.py" not in mail.text, "mails name no paths"
    members.leave(people.org, people.bob)
    scanned(people, critical)
    scanned(people, critical, making.secret("c", severity=Severity.CRITICAL))
    follow(people.org.pk)
    assert len(mails(kind="alert")) == 1, "who has left is told nothing"
    assert rules.prune(people.org.pk) == 1


def test_what_is_told_together_is_what_the_preview_says(people):
    made = rule(people, people.bob, own=True, way="mail", rhythm="hourly", occasions=(*OPENED, "finding.resolved"))
    once = rule(people, people.bob, own=True, name="once")
    scanned(people, making.secret("a"), making.secret("b", severity=Severity.CRITICAL))
    scanned(people, making.secret("a"))
    follow(people.org.pk)
    assert mails(kind="digest") == []
    before = preview(people, made)
    assert [told.title for told in before.told] == ["2 findings opened, 1 resolved"]
    assert [told.title for told in preview(people, once).told] == noticed(people, people.bob)
    with clock.travelled(HOUR):
        follow(people.org.pk)
        follow(people.org.pk)
        [mail] = mails(kind="digest")
        assert mail.subject == "3 things happened in Acme"
        assert before.told[0].title in mail.text
        assert all(line in mail.text for line in before.told[0].lines)
        assert len(before.told[0].lines) == 2
    with clock.travelled(2 * HOUR):
        follow(people.org.pk)
        assert len(mails(kind="digest")) == 1, "nothing happened since"
    with clock.travelled(timedelta(days=8)):
        assert preview(people, made).count == 0


def test_a_chat_is_told_once_a_day_of_what_its_webhook_tells_nothing_of(people, receiver):
    hook = Hook(people, f"{receiver.url}{PATH}", shape="slack", occasions=())
    rule(people, way="channel", rhythm="daily", webhook=hook.pk)
    scanned(people, making.secret("<!channel>"))
    follow(people.org.pk)
    assert hook.told() == []
    with clock.travelled(timedelta(days=1)):
        follow(people.org.pk)
    [told] = hook.told()
    assert told["text"] == "1 finding opened in Acme"
    assert "high: Example token in shop" in str(told["blocks"])
    services.delete(people.org, hook.pk, people.alice.pk)
    with scope(people.org.pk):
        assert not Rule.objects.of(people.org).exists(), "a rule goes with its webhook"


def test_due_dates_are_told_once_and_previewed(people):
    made = rule(people, way="mail", occasions=("finding.due_soon", "finding.overdue"))
    scanned(people, making.secret("a"))
    with scope(people.org.pk):
        due = Finding.objects.of(people.org).get().due_at - clock.now()
    for later in (timedelta(), due - timedelta(days=1), due + HOUR):
        with clock.travelled(later):
            follow(people.org.pk)
            follow(people.org.pk)
    soon, over = mails(kind="sla")
    assert soon.subject == "1 finding of Acme is due within two days"
    assert over.subject == "1 finding of Acme is overdue"
    with clock.travelled(due + HOUR):
        assert [told.title for told in preview(people, made).told] == [
            "1 finding overdue",
            "1 finding due within two days",
        ]


FORM = {
    "name": "Mine",
    "way": "mail",
    "rhythm": "daily",
    "on": "on",
    "occasions": ["finding.opened"],
    "severity": "0",
    "audience": "owners",
}
ORGS, OWN = "/acme/settings/notifications/", "/acme/notifications/"


def test_the_pages_make_preview_change_and_delete(people, signed_in):
    scanned(people, making.secret("a"))
    alice, bob = signed_in(people.alice), signed_in(people.bob)
    page = bob.post(f"{OWN}new/", {**FORM, "preview": "1"}).content.decode()
    assert "1 finding opened" in page
    assert "No rules of yours yet" in bob.get("/accounts/notifications/").content.decode(), "a preview saves nothing"
    assert bob.post(f"{OWN}new/", FORM)["Location"] == "/accounts/notifications/"
    page = bob.get("/accounts/notifications/").content.decode()
    mine = re.search(rf'href="({OWN}[0-9a-f-]+/)"', page)[1]
    assert "By mail" in page
    assert "1 finding opened" in bob.get(mine).content.decode()
    assert alice.get(mine).status_code == 404, "it is Bob's own"
    assert bob.get(ORGS).status_code == 403
    assert alice.post(f"{ORGS}new/", {**FORM, "way": "channel"}).status_code == 422
    assert alice.post(f"{ORGS}new/", {**FORM, "audience": "team"}).status_code == 422
    assert alice.post(f"{ORGS}new/", {**FORM, "audience": ""}).status_code == 422
    assert bob.post(f"{OWN}new/", {**FORM, "way": "channel"}).status_code == 422
    assert alice.post(f"{ORGS}new/", FORM)["Location"] == ORGS
    page = alice.get(ORGS).content.decode()
    theirs = re.search(rf'href="({ORGS}[0-9a-f-]+/)"', page)[1]
    assert "Owners and admins" in page
    assert alice.post(theirs, {**FORM, "name": "Other", "on": ""})["Location"] == ORGS
    page = alice.get(ORGS).content.decode()
    assert "Other" in page
    assert "Off" in page
    assert alice.post(f"{theirs}delete/")["Location"] == ORGS
    assert bob.post(f"{mine}delete/")["Location"] == "/accounts/notifications/"
    with scope(people.org.pk):
        assert not Rule.objects.of(people.org).exists()
        kinds = Entry.objects.of(people.org).filter(kind__startswith="notification.").order_by("seq")
        assert [row.kind for row in kinds] == [f"notification.{verb}" for verb in ("made", "changed", "deleted")]
