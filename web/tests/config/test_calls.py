"""`Idempotency-Key`: what is asked twice is done once."""

import base64
import json
import threading
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import making
import pytest
from django.db import connections
from django.test import Client

from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken
from vallum_web.config.api import api
from vallum_web.findings.models import View
from vallum_web.ingest.models import Upload
from vallum_web.tenancy import clock, repeats
from vallum_web.tenancy.models import Repeatable
from vallum_web.tenancy.scope import scope

VIEWS = "/api/v1/views"
KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'


def caller(people, name="ci", **more):
    wanted = tokens.Wanted(
        name=name, role="owner", scopes=["tokens.make", "findings.read", "views.share", "scans.start", "assets.change"]
    )
    token, text = tokens.make(people.org, people.alice, wanted)
    return token, Client(headers={"Authorization": f"Bearer {text}", **more})


@pytest.fixture
def machine(people):
    return caller(people, **{"Idempotency-Key": KEY})[1]


def post(client, name="Mine", path=VIEWS, **more):
    return client.post(path, json.dumps({"name": name, **more}), content_type="application/json")


def rows(people, model=Repeatable):
    with scope(people.org.pk):
        return list(model.objects.of(people.org))


def test_the_same_call_is_done_once_and_answered_as_before(machine, people):
    first, second = post(machine), post(machine)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(rows(people, View)) == 1
    (kept,) = rows(people)
    assert KEY.strip('"').encode() not in bytes(kept.key) + bytes(kept.asked)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda client: post(client, "Another"), id="another body"),
        pytest.param(lambda client: post(client, path=f"{VIEWS}/shared"), id="another address"),
        pytest.param(lambda client: client.delete(f"{VIEWS}/{uuid4()}"), id="another method"),
    ],
)
def test_a_key_is_of_one_call(machine, people, other):
    post(machine)
    answer = other(machine)
    assert answer.status_code == 422
    assert "was used for another call" in answer.json()["detail"]
    assert len(rows(people, View)) == 1


def test_a_key_is_of_one_token(machine, people):
    post(machine)
    _, other = caller(people, "other", **{"Idempotency-Key": KEY})
    assert "Idempotent-Replayed" not in post(other, "Second").headers
    assert len(rows(people, View)) == 2


def test_without_quotation_marks_it_is_the_same_key_and_a_bad_one_is_refused(machine, people):
    post(machine)
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
    bare = machine.post(
        VIEWS,
        json.dumps({"name": "Mine"}),
        content_type="application/json",
        headers={"Idempotency-Key": KEY.strip('"')},
    )
    assert bare.headers["Idempotent-Replayed"] == "true"
    for bad in ('""', "a b", '"' + "x" * 256 + '"', '"ä"', '"a"; b=1'):
        answer = Client(headers={"Authorization": f"Bearer {text}", "Idempotency-Key": bad}).post(
            VIEWS, json.dumps({"name": "n"}), content_type="application/json"
        )
        assert answer.status_code == 400, bad


def test_what_did_nothing_may_be_tried_again(machine, people):
    assert post(machine, "").status_code == 422
    assert machine.delete(f"{VIEWS}/{uuid4()}").status_code == 404
    assert rows(people) == []
    assert post(machine).status_code == 201


def test_while_it_runs_nobody_else_begins_and_when_it_died_somebody_may(machine, people):
    token, client = caller(people, "t", **{"Idempotency-Key": KEY})
    said = ("POST", VIEWS, client.defaults["HTTP_AUTHORIZATION"], json.dumps({"name": "Mine"}))
    asked = sha256(b"\0".join(part.encode() for part in said)).digest()
    dead = repeats.take(people.org.pk, token.pk, KEY.strip('"'), asked)
    assert post(client).status_code == 409
    assert post(client, "Another").status_code == 422
    with clock.travelled(repeats.LEASE):
        assert post(client, "Another").status_code == 422
        answer = post(client)
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)
        repeats.keep(dead, 500, "late", secret=False)  # the first one was only slow
        repeats.release(dead)
        assert post(client).content == answer.content


def test_a_secret_is_not_kept_and_whoever_repeats_is_told(machine, people):
    made = post(machine, path="/api/v1/tokens", role="auditor", scopes=["findings.read"])
    assert made.status_code == 201
    again = post(machine, path="/api/v1/tokens", role="auditor", scopes=["findings.read"])
    assert again.status_code == 409
    assert "showed a secret" in again.json()["detail"]
    (kept,) = rows(people)
    assert (kept.status, kept.body, kept.withheld) == (201, "", "secret")
    assert len([t for t in rows(people, ApiToken) if t.role == "auditor"]) == 1


def test_whoever_may_no_longer_do_it_is_not_told_what_was_answered(machine, people):
    assert post(machine).status_code == 201
    with scope(people.org.pk):
        ApiToken.objects.of(people.org).update(scopes=["scans.start"])
    again = post(machine)
    assert again.status_code == 403
    assert "Idempotent-Replayed" not in again.headers


def test_what_was_asked_cannot_be_guessed_from_its_digest(machine, people):
    """A body may be a secret, and everything else about a call is known to whoever reads the table."""
    post(machine)
    (kept,) = rows(people)
    body = json.dumps({"name": "Mine"}).encode()
    assert bytes(kept.asked) != sha256(b"\0".join((b"POST", VIEWS.encode(), body))).digest()


def test_a_large_answer_is_not_kept(people, monkeypatch):
    monkeypatch.setattr(repeats, "MOST_BODY", 10)
    _, client = caller(people, **{"Idempotency-Key": KEY})
    assert post(client).status_code == 201
    assert "too large to keep" in post(client).json()["detail"]


def test_after_a_day_the_key_is_new_and_the_answer_is_gone(machine, people):
    post(machine)
    with clock.travelled(repeats.KEPT_FOR - timedelta(minutes=1)):
        repeats.prune(people.org.pk)
        assert len(rows(people)) == 1
    with clock.travelled(repeats.KEPT_FOR + timedelta(seconds=1)):
        answer = post(machine, "Another")  # the purge comes once an hour
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)
    with clock.travelled(2 * repeats.KEPT_FOR + timedelta(minutes=1)):
        repeats.prune(people.org.pk)
        assert rows(people) == []


def upload(client, data, *, digest=True, **more):
    sum_ = base64.b64encode(sha256(data).digest()).decode()
    headers = {"Content-Digest": f"sha-256=:{sum_}:"} if digest else {}
    return client.post("/api/v1/uploads?asset=shop", data=data, content_type="a/b", headers={**headers, **more})


def test_an_upload_counts_by_its_digest(machine, people):
    first = upload(machine, b"x")
    assert first.status_code == 202
    again = upload(machine, b"x")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert upload(machine, b"y").status_code == 422
    assert len(rows(people, Upload)) == 1


def test_an_upload_without_a_digest_takes_no_key(machine, people):
    answer = upload(machine, b"x", digest=False)
    assert answer.status_code == 400
    assert "Content-Digest" in answer.json()["detail"]
    in_pieces = machine.post("/api/v1/uploads?asset=shop", headers={"Transfer-Encoding": "chunked"})
    assert in_pieces.status_code == 400  # whose length nobody knows
    assert rows(people, Upload) == []


def test_an_answer_without_a_body_is_repeated_too(machine, people):
    _, plain = caller(people, "plain")
    made = post(plain).json()["id"]
    _, client = caller(people, "deletes", **{"Idempotency-Key": KEY})
    assert [client.delete(f"{VIEWS}/{made}").status_code for _ in range(2)] == [204, 204]
    assert plain.delete(f"{VIEWS}/{made}").status_code == 404


def test_a_read_keeps_nothing(machine, people):
    assert machine.get(VIEWS).status_code == 200
    assert rows(people) == []


def test_every_operation_that_changes_something_describes_the_key():
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            named = "Idempotency-Key" in {each["name"] for each in operation["parameters"]}
            assert named == (method != "get"), (method, path)


@pytest.mark.usefixtures("live_database")
def test_of_two_that_come_together_one_does_it(django_db_blocker):
    with django_db_blocker.unblock():
        people = making.people()
        _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner"))
        start, answers = threading.Barrier(4), []

        def ask():
            client = Client(headers={"Authorization": f"Bearer {text}", "Idempotency-Key": KEY})
            start.wait()
            try:
                answers.append(post(client))
            finally:
                connections.close_all()

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(rows(people, View)) == 1
        did = [a for a in answers if a.status_code == 201 and "Idempotent-Replayed" not in a.headers]
        assert len(did) == 1
        assert {a.status_code for a in answers} <= {201, 409}
