"""A change of a text is announced thirty days ahead to everybody, and holds from its day; until then the text before it does."""

import re
from datetime import date, timedelta

import making
import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from mailing import come_back, mails

from vallum_web.accounts.legal import documents, queries
from vallum_web.accounts.legal.documents import Document, Version, Weight
from vallum_web.accounts.models import Acceptance, User
from vallum_web.accounts.objections import services as objecting
from vallum_web.accounts.objections.models import Objection
from vallum_web.accounts.objections.replaying import _again
from vallum_web.billing.keys import Keys
from vallum_web.mail import notices
from vallum_web.mail.models import Message, Notice
from vallum_web.operator.notices import queries as desk
from vallum_web.operator.notices.services import announcing, handing_over, telling
from vallum_web.operator.notices.services.announcing import Asked, NotNowError
from vallum_web.tenancy import clock
from vallum_web.tenancy.announcing import retention
from vallum_web.tenancy.announcing.days import first_day, in_time
from vallum_web.tenancy.announcing.models import Announcement, Told
from vallum_web.tenancy.figures import declared
from vallum_web.tenancy.keys import uuid7
from vallum_web.tenancy.models import Leaving
from vallum_web.tenancy.scope import looking_back, outbox
from vallum_web.tenancy.tombstones import ledger

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = Version(document=Document.PRIVACY, number=3, since=date(2026, 11, 1), summary=("mails go out from Ireland",))
WORDS = Version(document=Document.PRIVACY, number=4, since=date(2026, 11, 1), weight=Weight.WORDING)


@pytest.fixture
def brought(monkeypatch):
    """A release that brings a third version of the privacy policy; answers what else it is to bring."""
    brought = [LATER]
    known, text = documents.versions(), Version.text

    def read(version):
        return text.fget(version) if version in known else "# Privacy policy\n\nMails go out from Ireland."

    monkeypatch.setattr(Version, "text", property(read))
    monkeypatch.setattr(documents, "versions", lambda: tuple(sorted([*known, *brought])))
    return brought


@pytest.fixture
def shipped(people, brought):
    """The same, where people have accepted the second."""
    return brought


@pytest.fixture
def olga(people):
    made = making.person("olga@example.test", name="Olga")
    call_command("operator", "add", "olga@example.test")
    return made


def soon():
    return first_day(clock.now())


def announce(olga, day=None, **values):
    row = announcing.announce_version(olga.pk, LATER, Asked(day=day or soon(), lines=["it is better"], **values))
    telling.tell(row.pk)
    row.refresh_from_db()
    return row


def privacy(on=timedelta()):
    with clock.travelled(on):
        return next(version.number for version in queries.held() if version.document is Document.PRIVACY)


def figure(name):
    return next(each for each in declared() if each.id == name).query()


def hand_over_mails(**narrowed):
    with outbox():
        Message.objects.filter(state="queued", **narrowed).update(state="sent", ended_at=clock.now())


@pytest.mark.parametrize(
    ("told", "first"),
    [
        pytest.param("2026-12-01T00:00:00+00:00", date(2026, 12, 31), id="at midnight"),
        pytest.param("2026-12-01T00:00:01+00:00", date(2027, 1, 1), id="a second later"),
    ],
)
def test_the_first_day_begins_thirty_whole_days_later(told, first):
    at = clock.now().fromisoformat(told)
    assert first_day(at) == first
    assert in_time(at, first)
    assert not in_time(at, first - DAY)


@pytest.mark.policy("PP-10b")
class TestWhatHolds:
    def test_a_release_changes_nothing_until_it_is_announced(self, shipped, olga):
        assert (privacy(), privacy(400 * DAY)) == (2, 2)
        assert queries.unannounced() == [LATER]
        assert Client().get("/legal/privacy/3/").status_code == 404

    def test_announced_it_holds_from_its_day_on(self, shipped, olga):
        row = announce(olga)
        assert (privacy(), privacy(row.day - clock.now().date() - DAY), privacy(32 * DAY)) == (2, 2, 3)
        page = Client().get("/legal/privacy/").content.decode()
        assert "Last updated 26 November 2026" in page
        assert re.search(rf"From {row.day.day} \w+ {row.day.year} on <a[^>]*>version 3</a> holds", page)
        assert "Until then" in Client().get("/legal/privacy/3/").content.decode()
        with clock.travelled(32 * DAY):
            assert "Last updated 26 November 2026" not in Client().get("/legal/privacy/").content.decode()

    def test_a_new_installation_begins_with_the_newest(self, brought, db):
        assert not Acceptance.objects.exists()
        assert privacy() == 3

    def test_other_words_wait_for_the_change_that_they_are_built_on(self, shipped, olga):
        shipped.append(WORDS)
        assert privacy() == 2
        announce(olga)
        assert (privacy(), privacy(32 * DAY)) == (2, 4)

    def test_other_words_alone_need_no_notice_and_no_new_acceptance(self, shipped, olga, people):
        shipped[:] = [Version(document=Document.PRIVACY, number=3, since=date(2026, 11, 1), weight=Weight.WORDING)]
        assert privacy() == 3
        assert queries.missing(people.alice.pk) == ()
        assert queries.unannounced() == []


@pytest.mark.policy("PP-10b")
class TestAnnouncing:
    def test_a_day_that_is_too_near_is_refused_and_the_first_one_named(self, shipped, olga):
        with pytest.raises(NotNowError, match=f"{soon():%Y-%m-%d}"):
            announce(olga, soon() - DAY)
        assert not Announcement.objects.exists()

    def test_a_duty_of_the_law_is_an_exception_on_record(self, shipped, olga, people):
        near = clock.now().date() + 3 * DAY
        row = announce(olga, near, reason="A court ordered it.")
        assert (row.day, row.reason) == (near, "A court ordered it.")
        assert "A court ordered it." in Client().get("/legal/privacy/").content.decode()
        assert any("exception" in step.what for step, _ in desk.steps(row))
        assert figure("told-late") == 0
        hand_over_mails()
        with clock.travelled(4 * DAY):
            assert queries.deemed(people.bob.pk) == [], "what came at short notice is accepted with a tick, or not"

    def test_everybody_is_told_by_mail_and_on_the_site_who_leaves_as_well(self, shipped, olga, people):
        with looking_back():
            Leaving.objects.create(pk=people.bob.pk)
        row = announce(olga)
        assert row.state == "told"
        assert not User.objects.filter(pk=people.bob.pk).exists(), "hidden from everyday work"
        with looking_back():
            everybody = set(User.objects.values_list("pk", flat=True))
        assert {told.person for told in Told.objects.filter(announcement=row)} == everybody
        assert people.bob.pk in everybody
        assert {mail.person for mail in mails(kind="policy", subject="The privacy policy changes on")} == everybody
        assert "it is better" in mails(kind="policy")[0].text
        for person in everybody:
            assert len(notices.receipt(person, "policy", row.about)) == 1
        proof = Told.objects.get(announcement=row, person=people.alice.pk)
        with outbox():
            assert Message.objects.get(pk=proof.message).person == people.alice.pk

    def test_once_and_no_second_time(self, shipped, olga):
        row = announce(olga)
        telling.tell(row.pk)
        telling.look_again(row.pk)
        assert Told.objects.filter(announcement=row).count() == len(mails(kind="policy")) == User.objects.count()
        with pytest.raises(NotNowError, match="already"):
            announce(olga)

    def test_a_run_that_is_killed_goes_on_behind_the_last_batch(self, shipped, olga, monkeypatch):
        monkeypatch.setattr(telling, "BATCH", 2)
        row = announcing.announce_version(olga.pk, LATER, Asked(day=soon(), lines=["x"]))
        write, seen = telling._write, []

        def killed(announcement, people):
            write(announcement, people)
            seen.append(len(people))
            if len(seen) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(telling, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            telling.tell(row.pk)
        monkeypatch.setattr(telling, "_write", write)
        assert Told.objects.count() == 2, "the batch in which it died left nothing"
        assert desk.unfinished() == [row.pk]
        telling.tell(row.pk)
        assert Told.objects.count() == len(mails(kind="policy")) == User.objects.count()

    def test_who_is_told_late_moves_the_day_and_the_move_is_written_down(self, shipped, olga):
        row = announcing.announce_version(olga.pk, LATER, Asked(day=soon(), lines=["x"]))
        with clock.travelled(5 * DAY):
            telling.tell(row.pk)
            row.refresh_from_db()
            assert row.day == soon()
            assert row.first_day == row.day - 5 * DAY
            assert any("Moved from" in step.what for step, _ in desk.steps(row))
        assert figure("told-late") == 0

    def test_while_people_are_still_being_told_nothing_holds(self, shipped, olga):
        announcing.announce_version(olga.pk, LATER, Asked(day=soon(), lines=["x"]))
        assert privacy(60 * DAY) == 2

    def test_the_figure_sees_who_was_told_late(self, shipped, olga):
        row = announce(olga)
        assert figure("told-late") == 0
        Announcement.objects.filter(pk=row.pk).update(day=row.day - DAY)
        assert figure("told-late") == User.objects.count()

    def test_who_was_told_goes_after_five_years_and_the_announcement_stays(self, shipped, olga):
        row = announce(olga)
        with clock.travelled(retention.KEPT_FOR + DAY):
            assert retention.prune() == User.objects.count()
        assert Announcement.objects.filter(pk=row.pk).exists()

    @pytest.mark.parametrize(
        "change",
        [
            "update announcing_told set at = now()",
            "update announcing_step set what = ''",
            "delete from announcing_step",
            "delete from announcing_announcement",
        ],
    )
    def test_evidence_stands_as_it_was_written(self, shipped, olga, change):
        announce(olga)
        denied = pytest.raises(ProgrammingError, match="permission denied")
        with denied, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)

    def test_it_can_be_withdrawn_before_its_day(self, shipped, olga):
        row = announce(olga)
        announcing.withdraw(row.pk, olga.pk, "It was not ready.")
        assert privacy(60 * DAY) == 2
        assert queries.unannounced() == [LATER]
        with pytest.raises(NotNowError):
            announcing.withdraw(row.pk, olga.pk, "Again.")


@pytest.mark.policy("PP-10b", "PP-0.2")
class TestAccepting:
    def test_who_was_told_and_goes_on_has_accepted_and_it_says_how(self, shipped, olga, people, signed_in):
        announce(olga)
        hand_over_mails()
        browser = signed_in(people.bob)
        assert browser.get("/acme/").status_code == 200
        assert not Acceptance.objects.filter(user=people.bob.pk, version=3).exists(), "nothing before its day"
        with clock.travelled(32 * DAY):
            browser = signed_in(people.bob)
            assert browser.get("/acme/").status_code == 200
            row = Acceptance.objects.get(user=people.bob.pk, document="privacy", version=3)
        assert row.method == "deemed"

    def test_who_was_reached_by_nothing_is_asked(self, shipped, olga, people, signed_in):
        row = announce(olga)
        with clock.travelled(32 * DAY):
            browser = signed_in(people.bob)
            assert browser.get("/acme/")["Location"].startswith("/accounts/accept/")
            with outbox():
                notice = Notice.objects.get(person=people.bob.pk, about=row.about)
            notices.read(people.bob.pk, [], notice.pk)
            assert browser.get("/acme/").status_code == 200, "who says that they read it has learned of it"

    def test_until_it_is_read_a_notice_stands_on_every_page(self, shipped, olga, people, signed_in):
        come_back(people.bob.email)
        row = announce(olga)
        browser = signed_in(people.bob)
        page = browser.get("/acme/").content.decode()
        assert "You have not said yet that you read this" in page
        with outbox():
            notice = Notice.objects.get(person=people.bob.pk, about=row.about)
        assert f"/notices/{notice.pk}/" in page
        browser.post("/notices/read/")
        assert "You have not said yet" in browser.get("/acme/").content.decode(), "not by a glance at the list"
        browser.post(f"/notices/{notice.pk}/read/")
        assert "You have not said yet" not in browser.get("/acme/").content.decode()

    def test_who_joins_in_between_sees_both_and_accepts_both(self, shipped, olga, settings):
        settings.EMAIL_BACKEND = "vallum_web.mail.backend.OutboxBackend"
        row = announce(olga)
        page = Client().get("/accounts/signup/").content.decode()
        assert "version 3 of the privacy policy" in page
        assert f"From {row.day:%Y-%m-%d} on" in page
        Client().post("/accounts/signup/", making.signup_form("nina@example.test"))
        nina = User.objects.get(email="nina@example.test")
        assert set(Acceptance.objects.filter(user=nina.pk, document="privacy").values_list("version", flat=True)) == {
            2,
            3,
        }
        telling.look_again(row.pk)
        assert not Told.objects.filter(announcement=row, person=nina.pk).exists()


@pytest.mark.policy("PP-3d")
class TestSuccessor:
    def announce(self, olga):
        row = announcing.announce_successor(olga.pk, "Example SAS", "dpo@example.test", Asked(day=soon(), lines=["x"]))
        telling.tell(row.pk)
        return Announcement.objects.get(pk=row.pk)

    def test_everybody_is_told_who_when_and_what_they_can_do(self, olga, people):
        with pytest.raises(NotNowError, match="30 days"):
            announcing.announce_successor(olga.pk, "X", "x", Asked(day=soon() - DAY, lines=["x"]))
        row = self.announce(olga)
        told = mails(kind="policy", subject=f"Example SAS takes Vallum over on {row.day}")
        assert {mail.person for mail in told} == set(User.objects.values_list("pk", flat=True))
        for words in ("take a copy of your data", "object", "delete your account", "/accounts/privacy/"):
            assert words in told[0].text

    def test_a_second_click_tells_nobody_twice(self, olga, people):
        row = self.announce(olga)
        with pytest.raises(NotNowError, match="twice"):
            self.announce(olga)
        with clock.travelled(2 * announcing.AGAIN), pytest.raises(NotNowError, match="twice"):
            self.announce(olga)  # it is told, and still to come
        announcing.withdraw(row.pk, olga.pk, "It was not ready.")
        assert self.announce(olga).pk != row.pk

    def test_there_is_an_objection_once_somebody_is_to_take_over(self, olga, people, signed_in):
        browser = signed_in(people.bob)
        assert "whoever takes Vallum over" not in browser.get("/accounts/privacy/").content.decode()
        self.announce(olga)
        page = browser.get("/accounts/privacy/").content.decode()
        assert "Example SAS takes Vallum over" in page
        assert "/accounts/delete/" in page
        browser.post("/accounts/privacy/objections/", {"purposes": ["handover"]})
        assert desk.objectors() == [people.bob.pk]

    def test_nothing_is_handed_over_too_early_or_over_an_objection(self, olga, people):
        row = self.announce(olga)
        objecting.settle(people.bob, ["handover"])
        with pytest.raises(NotNowError, match="announced for"):
            handing_over.hand_over(row.pk, olga.pk)
        with clock.travelled(32 * DAY):
            with pytest.raises(NotNowError, match="One person who objects has"):
                handing_over.hand_over(row.pk, olga.pk)
            with looking_back():
                Leaving.objects.create(pk=people.bob.pk)
            handing_over.hand_over(row.pk, olga.pk)
            assert figure("handed-over") == 0
            with looking_back():
                Leaving.objects.all().delete()
            assert figure("handed-over") == 1
        row.refresh_from_db()
        assert row.state == "done"

    def test_an_objection_outlives_the_restore_of_an_older_backup(self, people):
        objecting.settle(people.bob, ["handover"])
        entry = next(each for each in reversed(list(ledger.entries())) if each.kind == "objection")
        Objection.objects.all().delete()
        for _time in range(2):
            _again(entry)
        assert Objection.objects.get(person=people.bob.pk, ended_at=None).purpose == "handover"


@pytest.mark.policy("PP-10b")
class TestDrill:
    def test_it_measures_and_tells_nobody(self, olga, people):
        come_back(people.bob.email)
        row = announcing.write_to_all(olga.pk, "A drill", ["x"], drill=True)
        telling.tell(row.pk)
        row.refresh_from_db()
        assert (row.state, row.count) == ("done", User.objects.count())
        assert row.milliseconds > 0
        assert mails(kind="policy") == []
        with outbox():
            assert not Notice.objects.exists()
        assert [each["person"] for each in desk.unreached(row)] == [people.bob.pk]
        assert desk.progress(row).reached == User.objects.count() - 1

    def test_what_everybody_gets_stands_behind_what_one_person_waits_for(self, olga, people, settings):
        row = announcing.write_to_all(olga.pk, "To all", ["x"], drill=False)
        telling.tell(row.pk)
        assert len(mails(kind="policy", subject="To all")) == User.objects.count()
        progress = desk.progress(row)
        assert (progress.told, progress.waiting, progress.reached) == (User.objects.count(), User.objects.count(), 0)
        assert progress.hours == round(User.objects.count() / settings.MAIL_RATE / 3600, 1)


class TestLetter:
    def test_a_second_click_tells_nobody_twice(self, olga, signed_in):
        form = {"title": "T", "lines": "x", "how": "send"}
        first, second = (signed_in(olga).post("/operator/notices/letter/", form) for _ in range(2))
        assert (first.status_code, second.status_code) == (302, 422)
        assert "nobody is told twice" in second.content.decode()
        telling.tell(Announcement.objects.get().pk)
        with pytest.raises(NotNowError, match="twice"):
            announcing.write_to_all(olga.pk, "T", ["x"], drill=False)
        announcing.write_to_all(olga.pk, "T", ["y"], drill=False)
        with clock.travelled(2 * announcing.AGAIN):
            announcing.write_to_all(olga.pk, "T", ["x"], drill=False)


class TestPages:
    def test_an_operator_announces_a_text_and_follows_it(self, shipped, olga, people, signed_in):
        browser = signed_in(olga)
        assert "/operator/notices/text/privacy-3/" in browser.get("/operator/notices/").content.decode()
        page = browser.get("/operator/notices/text/privacy-3/").content.decode()
        assert "mails go out from Ireland" in page
        assert "<ins>" in page
        refused = browser.post("/operator/notices/text/privacy-3/", {"day": "2026-11-28", "lines": "x"})
        assert refused.status_code == 422
        assert "30 days ahead" in refused.content.decode()
        made = browser.post("/operator/notices/text/privacy-3/", {"day": f"{soon():%Y-%m-%d}", "lines": "x\n\ny"})
        row = Announcement.objects.get()
        assert made["Location"] == f"/operator/notices/{row.pk}/"
        assert row.said["lines"] == ["x", "y"]
        telling.tell(row.pk)
        page = browser.get(made["Location"]).content.decode()
        assert str(people.bob.pk) in page, "no mail has left yet: nobody is reached"
        hand_over_mails()
        page = browser.get(made["Location"]).content.decode()
        assert str(people.bob.pk) not in page
        assert people.bob.email not in page
        browser.post(f"/operator/notices/{row.pk}/withdraw/", {"why": "It was not ready."})
        assert "Withdrawn: It was not ready." in browser.get(made["Location"]).content.decode()

    def test_a_successor_and_a_letter_have_pages(self, olga, signed_in):
        browser = signed_in(olga)
        said = {"name": "Example SAS", "contact": "a@b.example", "day": f"{soon():%Y-%m-%d}", "lines": "x"}
        made = browser.post("/operator/notices/successor/", said)["Location"]
        assert "Nobody with an account." in browser.get(made).content.decode()
        answer = browser.post(made + "handed-over/", follow=True)
        assert "not everybody was told" in answer.content.decode()
        made = browser.post("/operator/notices/letter/", {"title": "T", "lines": "x", "how": "drill"})["Location"]
        assert "a drill" in browser.get(made).content.decode()

    def test_for_others_there_is_no_such_page(self, people, signed_in):
        for path in ("", "successor/", "letter/", "text/privacy-3/", f"{uuid7()}/", f"{uuid7()}/withdraw/"):
            for method in ("get", "post"):
                found = getattr(signed_in(people.alice), method)(f"/operator/notices/{path}")
                assert found.status_code in {404, 405}

    def test_every_page_of_operators_leads_back_to_the_desk(self, olga, signed_in, settings):
        keys = Keys(provider="stripe", key="sk_test_1", secrets=("s" * 16,), address="http://127.0.0.1:9")
        settings.BILLING = {"stripe": keys}
        browser = signed_in(olga)
        for path in ("", "mail/", "mail/domain/", "requests/", "notices/", "notices/letter/", "refunds/", "disputes/"):
            page = browser.get(f"/operator/{path}").content.decode()
            assert 'aria-label="Running the platform"' in page, path
            assert 'href="/operator/notices/"' in page, path
