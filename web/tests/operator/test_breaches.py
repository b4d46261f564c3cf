"""A game day: a breach from the first word to the last, with the clock moved. Notices are out before 72 hours."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import making
import pytest
from django.core.management import call_command
from django.test import Client
from mailing import come_back, mails

from vallum_web.mail.delivery import fates
from vallum_web.mail.models import Notice
from vallum_web.operator.breaches import clocks, queries, services, tasks
from vallum_web.operator.breaches.models import Duty, Incident, Listing, Step, Telling, Told
from vallum_web.operator.breaches.services import reminding, telling
from vallum_web.privacy.erasure import purge
from vallum_web.privacy.erasure import services as erasure
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.tenancy import clock
from vallum_web.tenancy.scope import outbox

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-5g")]
HOUR = timedelta(hours=1)
AT = datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("what", "hours", "reached"),
    [
        pytest.param("authority", 23.9, 0, id="the first day"),
        pytest.param("authority", 24, 24, id="a day"),
        pytest.param("people", 59, 48, id="between two"),
        pytest.param("people", 60, 60, id="half a day left"),
        pytest.param("customers", 72, 72, id="the end"),
        pytest.param("early", 20, 20, id="software: the warning"),
        pytest.param("full", 47, 24, id="software: the notification"),
        pytest.param("final", 13 * 24, 312, id="software: the day before the last"),
    ],
)
def test_operators_are_told_at_each_rung(what, hours, reached):
    assert clocks.rung(what, AT, AT + timedelta(hours=hours)) == reached


def test_each_clock_ends_when_it_has_to():
    ends = {what: clocks.due(what, AT, AT + 48 * HOUR) - AT for what in clocks.CLOCKS}
    assert {what: end // HOUR for what, end in ends.items()} == {
        "authority": 72,
        "people": 72,
        "customers": 72,
        "early": 24,
        "full": 72,
        "final": 48 + 14 * 24,
    }
    assert clocks.due("final", AT, None) is None


def facts(**more):
    now = clock.now()
    return {
        "name": "A stolen key",
        "source": "own",
        "party": "",
        "detected_at": now - HOUR,
        "aware_at": now,
        "nature": ["confidentiality"],
        "what": "Somebody used a key of ours.",
        "safe_keys": False,
        "software": "",
        **more,
    }


@pytest.fixture
def olga(people):
    olga = making.person("olga@example.test", name="Olga")
    call_command("operator", "add", "olga@example.test")
    return olga


@pytest.fixture
def desk(olga, signed_in):
    return lambda: signed_in(olga)


def states(row):
    return {duty.what: duty.state for duty in Duty.objects.filter(incident=row)}


def typed_in(began):
    """A sub-processor's notice came two hours ago."""
    moments = {"detected_at": began - 9 * HOUR, "aware_at": began - 2 * HOUR}
    return {
        "name": "A key at the host",
        "source": "sub_processor",
        "party": "OVH",
        "nature": ["confidentiality"],
        "what": "A disk was read.",
        **{name: f"{at:%Y-%m-%dT%H:%M}" for name, at in moments.items()},
    }


def test_more_people_than_can_be_counted_are_refused(desk):
    sent = {**typed_in(clock.now()), "people": 2**31, "records": 2**31}
    answer = desk().post("/operator/breaches/new/", sent)
    assert (answer.status_code, answer.content.decode().count("less than or equal to 2147483647")) == (422, 2)


@pytest.mark.slow
def test_a_game_day(people, desk):
    """From a sub-processor's notice to the end, by the pages alone: everybody is told within 72 hours, and it can be shown."""
    began = clock.now()
    path = desk().post("/operator/breaches/new/", typed_in(began))["Location"]
    row = Incident.objects.get()
    assert (row.source, row.party, set(states(row).values())) == ("sub_processor", "OVH", {"due"})
    assert began - row.aware_at > HOUR  # it counts from when their notice came, not from when it is typed in
    with clock.travelled(30 * HOUR):
        assert reminding.remind() == 1
        assert reminding.remind() == 0  # each rung once
        told = mails(to="olga@example.test", subject="who is still to be told")
        assert len(told) == 2
        assert "The people whose data it is: until" in told[-1].text
        assert "40 hours left" in told[-1].text
    with clock.travelled(40 * HOUR):
        browser = desk()
        frozen = frozen_by(browser, path, people)
        purge.purge(erasure.condemn(Deletion.Whose.PERSON, people.bob.pk, began).pk)  # who is gone can only be counted
        come_back("alice@example.test")  # and mails to Alice come back
        told_by(browser, path, frozen)
        assert states(row)["people"] == states(row)["customers"] == "done"
        handed_in_by(browser, path)
    shown_to_be_in_time(row, people)
    with clock.travelled(73 * HOUR):
        assert queries.late() == queries.untold() == reminding.remind() == 0


def frozen_by(browser, path, people):
    shown = browser.get(f"{path}people/?orgs=acme&tables=accounts.Membership").content.decode()
    assert Listing.objects.count() == 0  # counting keeps nothing
    browser.post(f"{path}people/", {"orgs": "acme", "tables": ["accounts.Membership"]})
    frozen = Listing.objects.get()
    assert (frozen.people, frozen.gone, frozen.digest) == (2, 0, re.search(r"[0-9a-f]{64}", shown)[0])
    assert frozen.orgs == [str(people.org.pk)]
    return frozen


def told_by(browser, path, frozen):
    said = {"listing": frozen.pk, "text": "A disk was read.\nIt held names.", "advice": "Change your password."}
    for whom in ("people", "customers"):
        assert browser.post(f"{path}tell/", {**said, "whom": whom}).status_code == 302
    for each in Telling.objects.all():
        tasks.tellings.carry_out(each.pk)
        tasks.tellings.carry_out(each.pk)  # a second run tells nobody twice


def handed_in_by(browser, path):
    paper = browser.get(f"{path}authority.txt").content.decode()
    for words in ("Kind: initial", "A disk was read.", "in time"):
        assert words in paper
    assert browser.post(f"{path}authority/", {"reference": "CNIL 4711"}).status_code == 302


def shown_to_be_in_time(row, people):
    """A proof for each person, and a notice on the site although mails come back."""
    alice, acme = people.alice.pk, people.org.pk
    assert set(Told.objects.values_list("person", "of")) == {(alice, None), (alice, acme)}
    assert Telling.objects.get(whom="people").gone == 1
    assert all(each.at - row.aware_at < 72 * HOUR for each in Telling.objects.all())
    for whom in ("people", "customers"):
        read, mails = fates("breach", f"breach:{Telling.objects.get(whom=whom).pk}:", [])
        assert (read, mails) == (0, [])
    with outbox():
        posted = Notice.objects.filter(person=alice, kind="breach").values_list("posted_at", flat=True)
        assert [at - row.aware_at < 72 * HOUR for at in posted] == [True, True]


def test_what_people_were_told_is_for_them_alone_until_it_is_published(people, olga, signed_in):
    row = services.record(facts(), olga.pk)
    made = listed(row, olga, orgs=("acme",))
    tell(row, made, olga)
    path = f"/trust/incidents/{row.pk}/"
    page = signed_in(people.bob).get(path).content.decode()
    assert "Somebody used it." in page
    for browser in (signed_in(people.charlie), Client()):
        assert browser.get(path).status_code == 404
    services.publish(row.pk, "Whoever had an account in 2025: a key was used.", olga.pk)
    assert "Whoever had an account" in Client().get(path).content.decode()
    assert "Somebody used it." not in Client().get(path).content.decode()
    assert row.name in Client().get("/trust/incidents/").content.decode()


def listed(row, by, **asked):
    return services.freeze(row.pk, services.reach.Question(**asked), by.pk)


def tell(row, made, by, whom="people", text="Somebody used it."):
    begun = telling.begin(row.pk, whom, made.pk, text=text, advice="Change your password.", by=by.pk)
    telling.carry_out(begun.pk)
    return begun


def test_what_is_found_out_later_is_told_as_a_second_time(people, olga):
    row = services.record(facts(), olga.pk)
    made = listed(row, olga, orgs=("acme",))
    for text in ("Somebody used it.", "It was used twice."):
        tell(row, made, olga, text=text)
    for number in (1, 2):
        assert telling.to_authority(row.pk, olga.pk, "4711").number == number
    assert sorted(Telling.objects.values_list("whom", "number")) == [
        ("authority", 1), ("authority", 2), ("people", 1), ("people", 2),
    ]  # fmt: skip
    assert "complementary, number 2" in Telling.objects.get(whom="authority", number=2).text
    assert len(mails(to="bob@example.test", kind="breach")) == 2


def test_a_second_click_tells_nobody_twice(people, olga):
    row = services.record(facts(), olga.pk)
    made = listed(row, olga, orgs=("acme",))
    begun = telling.begin(
        row.pk, "people", made.pk, text="Somebody used it.", advice="Change your password.", by=olga.pk
    )
    with clock.travelled(2 * HOUR), pytest.raises(services.NotNowError, match="twice"):
        tell(row, made, olga)  # it is not done yet
    telling.carry_out(begun.pk)
    with pytest.raises(services.NotNowError, match="twice"):
        tell(row, made, olga)
    with clock.travelled(2 * HOUR):
        tell(row, made, olga)
    tell(row, made, olga, whom="customers")


def test_without_mails_the_notice_stands_all_the_same(people, olga, signed_in):
    """The outbox takes the mail, the notice is posted in the same transaction: a provider that is down takes nothing away."""
    row = services.record(facts(), olga.pk)
    come_back("bob@example.test")
    tell(row, listed(row, olga, orgs=("acme",)), olga)
    page = signed_in(people.bob).get("/notices/").content.decode()
    assert "An incident with data of yours" in page


def test_encrypted_with_safe_keys_is_registered_and_nobody_is_told(olga):
    row = services.record(facts(safe_keys=True), olga.pk)
    duty = Duty.objects.get(incident=row, what="people")
    assert (duty.state, "Article 34" in duty.reason) == ("not", True)
    assert states(row)["authority"] == "due"
    services.settle(row.pk, "authority", olga.pk, told=False, words="No risk: nobody can read it.")
    services.settle(row.pk, "customers", olga.pk, told=False, words="As above.")
    services.close(row.pk, olga.pk, "The key was renewed.")
    assert Incident.objects.get().state == "closed"


def test_the_register_shows_those_of_which_nobody_was_told_and_why(desk, olga):
    row = services.record(facts(safe_keys=True), olga.pk)
    services.settle(row.pk, "authority", olga.pk, told=False, words="=No risk")
    answer = desk().get("/operator/breaches/register.csv")
    head, line = csv.reader(io.StringIO(answer.content.decode()))
    entry = dict(zip(head, line, strict=True))
    assert entry["name"] == "A stolen key"
    assert "No risk" in entry["authority"]
    found = desk().get("/operator/breaches/register.json").json()["breaches"][0]
    assert {duty["state"] for duty in found["duties"]} == {"not", "due"}
    assert any("Recorded" in step["words"] for step in found["steps"])


def test_nothing_is_closed_while_somebody_is_to_be_told(desk, olga):
    row = services.record(facts(), olga.pk)
    page = desk().post(f"/operator/breaches/{row.pk}/close/", {"words": "Done."})
    assert (page.status_code, "still to be told" in page.content.decode()) == (422, True)
    text = page.content.decode()
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', text) == ["/operator/breaches/"]
    ids = re.findall(r' id="([^"]+)"', text)
    assert sorted(ids) == sorted(set(ids))
    assert {"publish-words", "settle-words", "close-words"} <= set(ids)


def test_the_clock_is_never_set_to_a_later_beginning(olga):
    row = services.record(facts(), olga.pk)
    with pytest.raises(services.NotNowError, match="no later moment"), clock.travelled(2 * HOUR):
        services.change(row.pk, facts(), olga.pk)
    earlier = row.aware_at - 3 * HOUR
    services.change(row.pk, facts(aware_at=earlier, detected_at=earlier), olga.pk)
    assert Incident.objects.get().aware_at == earlier
    with pytest.raises(services.NotNowError, match="in the future"):
        services.record(facts(aware_at=clock.now() + HOUR), olga.pk)


def test_software_that_people_download_has_clocks_of_its_own(olga):
    row = services.record(facts(software="exploited"), olga.pk)
    assert set(states(row)) == set(clocks.CLOCKS)
    with clock.travelled(25 * HOUR):
        assert reminding.remind() == 1
        assert "early warning to the CSIRT: until" in mails(to="olga@example.test")[-1].text
        assert "LATE" in mails(to="olga@example.test")[-1].text
        assert queries.late() == 1
        fixed = clock.now()
        services.change(
            row.pk,
            {
                **facts(software="exploited"),
                "aware_at": row.aware_at,
                "detected_at": row.detected_at,
                "fixed_at": fixed,
            },
            olga.pk,
        )
    final = next(each for each in queries.standings(queries.one(row.pk)) if each.duty.what == "final")
    assert final.due - fixed == timedelta(days=14)


def test_a_late_clock_fails_the_figure_until_it_is_settled(olga):
    row = services.record(facts(), olga.pk)
    with clock.travelled(73 * HOUR):
        assert queries.late() == 3
        for what in ("authority", "people", "customers"):
            services.settle(row.pk, what, olga.pk, told=False, words="No risk.")
        assert queries.late() == 0


def test_the_desk_is_for_operators_alone(people, olga, signed_in):
    row = services.record(facts(), olga.pk)
    browser = signed_in(people.alice)
    for path in ("", "new/", "register.csv", f"{row.pk}/", f"{row.pk}/people/", f"{row.pk}/authority.txt"):
        assert browser.get(f"/operator/breaches/{path}").status_code == 404, path
    for path in ("settle", "tell", "authority", "publish", "close"):
        assert browser.post(f"/operator/breaches/{row.pk}/{path}/").status_code == 404, path
    assert Step.objects.count() == 1


def test_it_is_forgotten_five_years_after_it_was_closed(olga):
    row = services.record(facts(safe_keys=True), olga.pk)
    for what in ("authority", "customers"):
        services.settle(row.pk, what, olga.pk, told=False, words="No risk.")
    services.close(row.pk, olga.pk, "Over.")
    with clock.travelled(timedelta(days=5 * 365 - 1)):
        assert services.prune() == 0
    with clock.travelled(timedelta(days=5 * 365 + 1)):
        assert services.prune() == 1
    assert not Step.objects.exists()
