"""The public page: what it shows of stored figures, and how fast."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from vallum_web.accounts.models import User
from vallum_web.tenancy import clock
from vallum_web.tenancy.figures import declared
from vallum_web.trust import evidence, services
from vallum_web.trust.clauses import clauses
from vallum_web.trust.evidence import Evidence, Proof
from vallum_web.trust.models import Reading

pytestmark = pytest.mark.django_db
RUN = Evidence(
    commit="c0ffee" * 7,
    changed=False,
    at=datetime(2026, 11, 26, 12, tzinfo=UTC),
    clauses={name: Proof(passed=("web/tests/x.py::test_y",)) for name in clauses()},
    asvs={"Level 1": {"test": 60, "na": 10}},
)


@pytest.fixture
def proven(monkeypatch):
    monkeypatch.setattr(evidence, "last", lambda: RUN)


def page(path="/trust/"):
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def row(text, clause):
    return text.partition(f'id="{clause}"')[2].partition("</details>")[0]


def test_before_anything_is_known_it_says_so():
    shown = page()
    assert shown.count("<details class=") == len(clauses())
    assert "no full run is known" in shown
    assert "not measured yet" in shown
    assert 'data-state="proven"' not in shown
    assert 'data-state="open"' in shown


def test_what_is_measured_is_shown_with_its_age_cost_and_bound(proven, people):
    services.measure()
    shown = row(page(), "pp-5c")
    assert "Proven" in shown
    assert 'Passwords that are not hashed with bcrypt: <b class="num">0</b>' in shown
    assert "(at most 0)" in shown
    assert "measured <time" in shown
    assert " ms" in shown
    assert 'href="/legal/privacy/#s-protect-bcrypt"' in shown


def test_on_a_new_installation_no_figure_is_out_of_bounds(people):
    services.measure()
    assert {(each.figure, each.value, each.error) for each in Reading.objects.exclude(holds=True)} == set()
    assert Reading.objects.count() >= 20


def test_a_figure_out_of_bounds_turns_its_clause_red_and_says_since_when(proven, people):
    services.measure()
    User.objects.filter(pk=people.bob.pk).update(password="md5$x$y")
    with clock.travelled(timedelta(hours=1)):
        services.measure()
        shown = row(page(), "pp-5c")
        assert 'data-state="failing"' in page().partition('id="pp-5c"')[2][:80]
        assert "Out of bounds: passwords that are not hashed with bcrypt." in shown
        assert "✕" in page("/trust/badge.svg")
    since = Reading.objects.get(figure="passwords-otherwise").since
    with clock.travelled(timedelta(hours=2)):
        services.measure()
    again = Reading.objects.get(figure="passwords-otherwise")
    assert again.since == since < again.at


def test_a_figure_that_fails_takes_no_other_with_it(proven, monkeypatch, people):
    def fails():
        raise ValueError

    broken = [replace(each, query=fails) if each.id == "birth-dates" else each for each in declared()]
    monkeypatch.setattr(services, "declared", lambda: broken)
    services.measure()
    failed = Reading.objects.get(figure="birth-dates")
    assert (failed.value, failed.holds, failed.error) == (None, None, "ValueError")
    assert Reading.objects.filter(holds=True).count() > 15


def test_what_is_attested_is_what_the_operator_states(settings):
    assert "has not stated it" in row(page(), "pp-8a")
    settings.HOSTING, settings.DISK_ENCRYPTION = "OVH, Gravelines, France", "LUKS2"
    shown = row(page(), "pp-8a")
    assert "Stated by whoever runs this installation: OVH, Gravelines, France" in shown
    assert "Attested" in shown


def test_sub_processors_are_those_of_the_registry_and_whether_they_are_used(settings):
    settings.MAIL, settings.RESEND_URL = "resend", ""
    shown = page().partition('id="sub-processors"')[2].partition("</table>")[0]
    for who in ("Resend", "Stripe", "Razorpay", "The host of the servers"):
        assert who in shown
    assert "2026-11-26" in shown
    assert shown.count(">in use<") == 2


def test_the_page_takes_less_than_a_fifth_of_a_second(proven, people):
    """Of the processor: whoever works beside it must not fail the test."""
    services.measure()
    page()
    took = []
    for _ in range(5):
        began = time.process_time()
        page()
        took.append(time.process_time() - began)
    print(f"{min(took) * 1000:.0f} ms")  # noqa: T201 - shown by -s
    assert min(took) < 0.2


def test_it_asks_the_database_for_stored_rows_alone(proven, django_assert_max_num_queries):
    page()
    with django_assert_max_num_queries(6):
        page()


def test_whom_to_tell_of_a_weakness(settings):
    assert Client().get("/.well-known/security.txt").status_code == 404
    settings.SECURITY_CONTACT = "security@vallum.example"
    answer = Client().get("/.well-known/security.txt")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    told = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert told["Contact"] == "mailto:security@vallum.example"
    left = datetime.fromisoformat(told["Expires"]) - clock.now()
    assert timedelta(days=170) < left < timedelta(days=365)


def test_the_badge_may_be_shown_elsewhere():
    answer = Client().get("/trust/badge.svg")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
