"""What the API tells of limits, and what it says when one is reached."""

from datetime import timedelta

import pytest
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.tenancy import clock
from vallum_web.tenancy.limits import gate, services
from vallum_web.tenancy.limits.catalogue import named
from vallum_web.tenancy.limits.rate import Rate

FINDINGS = "/api/v1/findings"
WRONG = "vlm_api_aaaaaaaaaaaaaaaaaaaaaaaaaa000000"


def machine(people, name="ci"):
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name=name, role=Membership.Role.DEVELOPER))
    return Client(headers={"Authorization": f"Bearer {text}"})


def narrow(people, name, count=3, period=timedelta(minutes=1)):
    services.override(people.org.pk, named(name), Rate(count=count, period=period, burst=count))


def test_every_answer_says_what_holds_and_what_is_left(people):
    answer = machine(people).get(FINDINGS)
    assert answer.headers["RateLimit-Policy"] == '"ApiPerToken";q=600;w=60, "ApiPerOrg";q=3000;w=60'
    assert answer.headers["RateLimit"] == '"ApiPerToken";r=299;t=1, "ApiPerOrg";r=999;t=1'
    assert "Retry-After" not in answer.headers


@pytest.mark.asvs("2.4.1")
def test_a_refusal_says_which_limit_and_when_to_come_back(people):
    narrow(people, "ApiPerToken")
    with clock.travelled(timedelta()):
        caller = machine(people)
        assert [caller.get(FINDINGS).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        answer = caller.get(FINDINGS)
    assert answer.json() == {
        "detail": "ApiPerToken lets 3 in 60 seconds through, and this was more: try again in 20 seconds.",
        "limit": "ApiPerToken",
        "retry_after": 20,
    }
    assert answer.headers["Retry-After"] == "20"
    assert answer.headers["RateLimit"] == '"ApiPerToken";r=0;t=60'
    assert answer.headers["RateLimit-Policy"] == '"ApiPerToken";q=3;w=60'


def test_after_the_time_that_was_said_it_works_again(people):
    narrow(people, "ApiPerToken", 1)
    caller = machine(people)
    assert [caller.get(FINDINGS).status_code for _ in range(2)] == [200, 429]
    with clock.travelled(timedelta(seconds=int(caller.get(FINDINGS).headers["Retry-After"]))):
        assert caller.get(FINDINGS).status_code == 200


def test_one_token_s_limit_is_not_another_s_but_their_organization_has_one_too(people):
    narrow(people, "ApiPerToken", 2)
    narrow(people, "ApiPerOrg", 3)
    one, other = machine(people, "one"), machine(people, "other")
    assert [one.get(FINDINGS).status_code for _ in range(3)] == [200, 200, 429]
    refused = [other.get(FINDINGS) for _ in range(2)]
    assert [answer.status_code for answer in refused] == [200, 429]
    assert refused[1].json()["limit"] == "ApiPerOrg"


@pytest.mark.asvs("6.3.1")
def test_guessing_tokens_is_counted_by_network_and_holds_up_nobody_who_has_one(people):
    guesser = Client(headers={"Authorization": f"Bearer {WRONG}"}, REMOTE_ADDR="192.0.2.1")
    burst = named("ApiPerIP").rate.burst
    statuses = [guesser.get(FINDINGS).status_code for _ in range(burst + 2)]
    assert statuses == [401] * burst + [429] * 2
    assert machine(people).get(FINDINGS, REMOTE_ADDR="192.0.2.1").status_code == 200
    assert guesser.get(FINDINGS, REMOTE_ADDR="192.0.2.2").status_code == 401


def test_what_is_missing_gets_the_same_bytes_whoever_counted(people):
    caller = machine(people)
    answer = caller.get(f"{FINDINGS}/{people.org.pk}")
    assert answer.status_code == 404
    assert not [name for name in answer.headers if name.startswith("RateLimit")]


def test_uploads_have_a_limit_of_their_own(people):
    narrow(people, "UploadsPerToken", 2)
    caller = machine(people)
    sent = [caller.post("/api/v1/uploads?asset=shop", data=b"x", content_type="a/b") for _ in range(3)]
    assert [answer.status_code for answer in sent] == [202, 202, 429]
    assert caller.get(FINDINGS).status_code == 200


def test_while_limits_cannot_be_asked_the_api_goes_on(people, monkeypatch, caplog):
    monkeypatch.setattr(gate.store, "_TAKE", "select * from no_such_table")
    assert machine(people).get(FINDINGS).status_code == 200
    assert "ApiPerToken decides to allow" in caplog.text
