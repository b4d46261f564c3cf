"""A token found in public dies at once; our own scanner knows one when it sees it."""

import json
import subprocess
import sys

import pytest
from django.test import Client
from mailing import mails

from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

PAGE = "/security/leaked-token/"


@pytest.fixture
def text(people):
    return tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role="developer"))[1]


def send(body):
    return Client().post(PAGE, json.dumps(body), content_type="application/json")


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(lambda text: Client(enforce_csrf_checks=True).post(PAGE, {"token": f" {text} "}), id="by the form"),
        pytest.param(lambda text: send({"token": text}), id="by a program"),
        pytest.param(lambda text: send([{"token": "vlm_api_x", "url": "https://a.example"}, {"token": text}]), id="in a list"),
    ],
)  # fmt: skip
def test_it_stops_working_and_its_owners_are_told(report, text, people):
    assert report(text).status_code in {200, 202}
    assert tokens.authenticate(text) is None
    with scope(people.org.pk):
        assert ApiToken.objects.of(people.org).get().reported_at is not None
        assert Event.objects.of(people.org).filter(kind="token.leaked").count() == 1
    told = mails(subject="found in public")
    assert sorted(mail.to for mail in told) == ["alice@example.test", "bob@example.test"]
    assert not [mail for mail in told if text in mail.text]
    report(text)
    assert len(mails(subject="found in public")) == 2


def test_the_answer_is_the_same_for_what_is_none(text, people):
    known, unknown = send({"token": text}), send({"token": f"{text[:-1]}0"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    shown = [Client().post(PAGE, {"token": each}).content for each in (text, "vlm_api_nonsense")]
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    "body",
    [b"null", b"[]", b'{"token": 1}', b'{"token": "a"', b"[" * 100_000, b'[{"token": "a"}, 7]', b'"' + b"x" * 70_000],
    ids=range(7),
)  # fmt: skip
def test_what_is_no_report_is_told_what_one_is(body):
    answer = Client().post(PAGE, body, content_type="application/json")
    assert answer.status_code == 422
    assert "Send" in answer.json()["detail"]


@pytest.mark.slow
def test_our_own_scanner_finds_ours_and_no_mistyped_one(text, people, tmp_path):
    scim = tokens.make(people.org, people.alice, tokens.Wanted(name="x", role="admin", kind="scim"))[1]
    for number, line in enumerate((text, scim, f"{text[:-1]}{'0' if text[-1] != '0' else '1'}")):
        (tmp_path / f"{number}.env").write_text(f"TOKEN={line}\n")
    command = [sys.executable, "-m", "vallum", "scan", str(tmp_path), "--format", "json"]
    found = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)["findings"]
    ours = {place["path"] for item in found if item["rule"] == "vallum-token" for place in item["locations"]}
    assert ours == {"0.env", "1.env"}
