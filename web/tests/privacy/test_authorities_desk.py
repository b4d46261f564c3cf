"""The desk for requests of authorities: what it offers when, what it keeps, and the second look after an emergency."""

import re
from datetime import timedelta

import pytest
from mailing import mails
from requested import operator, received

from vallum_web.privacy.authorities import queries, scopes, services, tasks
from vallum_web.tenancy import blobs, clock

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-3c")]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def olga(people):
    return operator("olga")


def test_where_a_life_is_in_danger_the_first_is_enough_and_the_second_looks_at_it_afterwards(people, olga):
    hugo = operator("hugo")
    row = received(people, olga, kind="emergency")
    services.agree(row.pk, olga.pk, "A life.")
    services.carry_out(row.pk, olga.pk, "To the police.")
    tasks.write(str(row.pk))
    tasks.hourly()
    assert (
        "because a life was in danger one person was enough" in mails(to="bob@example.test", kind="authority")[0].text
    )
    asked = {"subject": "An emergency that a second"}
    assert (len(mails(to="hugo@example.test", **asked)), mails(to="olga@example.test", **asked)) == (1, [])
    assert (services.remind_of_emergencies(), queries.alone()) == (0, 0)
    with clock.travelled(DAY + HOUR):
        assert (services.remind_of_emergencies(), queries.alone()) == (1, 1)
        services.agree(row.pk, hugo.pk, "I would have done the same.")
        assert (services.remind_of_emergencies(), queries.alone()) == (0, 0)
    row.refresh_from_db()
    assert (row.state, row.second_by) == ("carried_out", hugo.pk)


def test_what_is_refused_while_it_is_written_is_given_to_nobody(people, olga, monkeypatch):
    row = received(people, olga, kind="emergency")
    services.agree(row.pk, olga.pk, "A life.")
    services.carry_out(row.pk, olga.pk, "To the police.")
    monkeypatch.setattr(scopes, "rows", lambda *_: services.refuse(row.pk, olga.pk, "It was taken back.") or [])
    tasks.write(str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.manifest, row.blob) == ("refused", None, None)
    assert not any(file.is_file() for file in blobs.path(row.subject, row.pk, shelf="authorities").parent.iterdir())


def offered(page):
    return re.findall(r'<option value="(\w+)"', page.content.decode())


def test_the_page_offers_what_can_be_done_and_keeps_the_words(people, olga, signed_in):
    row, desk, other = (
        received(people, olga, kind="preservation", tables=[]),
        signed_in(olga),
        signed_in(operator("hugo")),
    )
    path = f"/operator/authorities/{row.pk}/"
    assert offered(desk.get(path)) == ["agree", "refuse"]
    for browser, verb, next_ones in (
        (desk, "agree", ["agree", "carry_out", "refuse"]),
        (other, "agree", ["carry_out", "refuse"]),
        (desk, "carry_out", ["end_hold"]),
    ):
        assert browser.post(path, {"verb": verb, "words": f"Why {verb}."}).status_code == 302
        page = desk.get(path)
        assert offered(page) == next_ones
        assert f"Why {verb}." in page.content.decode()
    ids = re.findall(r' id="([^"]+)"', page.content.decode())
    assert sorted(ids) == sorted(set(ids))
    assert desk.post(path, {"verb": "refuse", "words": "x"}).status_code == 422
    assert desk.post(path, {"verb": "end_hold", "words": "Over."}).status_code == 302
    assert "Nothing is left to do" in desk.get(path).content.decode()


def test_the_register_says_once_how_many_gags_are_to_be_looked_at(people, olga, signed_in):
    for ref in ("1", "2"):
        received(people, olga, ref=ref, gag=True, received_at=clock.now() - 91 * DAY)
    page = signed_in(olga).get("/operator/authorities/").content.decode()
    assert page.count("for 90 days, in the list below: 2") == page.count("90 days") == 1
