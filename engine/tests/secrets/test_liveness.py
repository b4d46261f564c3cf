"""What an issuer is asked about a credential, and what its documented answers say."""

import json
import re
from urllib.parse import urlsplit

import pytest
from packaged import BOOK

from vallum_engine.errors import BrokenData
from vallum_engine.model.verification import Liveness
from vallum_engine.secrets import liveness, rulebook
from vallum_engine.secrets.rule import Check
from vallum_engine.secrets.rulefile import read

ASKED = {rule.id: rule.verify for rule in BOOK.rules if rule.verify}
BY_ADDRESS = {"telegram-bot-token"}
"""Issuers who take a token in the address alone."""
HEAD = 'provider = "Shop"\nreferences = ["https://shop.test/keys"]\nrotate = ["Revoke it."]\n'
RULE = (
    '[[rule]]\nid = "shop-key"\ntitle = "Shop key"\nseverity = "high"\npattern = \'\\b(shop_[a-z0-9]{20})\\b\'\n'
    'leaks = ["{lower:3}"]\nclean = ["x"]\n[rule.verify]\n'
)
WHOLE = 'get = "https://api.shop.test/me"\nheaders = { Key = "{secret}" }\nlive = [200]\nrevoked = [401]\n'
LIVE, REVOKED, UNKNOWN = Liveness


def test_many_issuers_can_be_asked():
    assert len({urlsplit(check.url).hostname for check in ASKED.values()}) >= 50


@pytest.mark.parametrize("name", sorted(ASKED))
def test_a_question_changes_nothing_and_names_its_host(name):
    check = ASKED[name]
    address = urlsplit(check.url)
    assert address.scheme == "https"
    assert "{" not in address.netloc
    assert liveness.host(check) == address.hostname
    assert ("{secret}" in check.url) is (name in BY_ADDRESS)
    # A POST reads as well: a query, or an endpoint that tells about the token it is given.
    assert check.method == "GET" or name in {
        "slack-bot-token", "slack-user-token", "linear-api-key", "hubspot-private-app-token", "dropbox-short-lived-token",
    }  # fmt: skip
    assert not {*check.live} & {*check.revoked}
    assert "mutation" not in check.body


@pytest.mark.parametrize("name", sorted(set(ASKED) - BY_ADDRESS))
def test_a_secret_stands_in_a_header_or_the_body(name):
    value = b"".join([b"Vx8-", b"q_Z" * 10])
    check = ASKED[name]
    question = liveness.ask(_any(check), value)
    assert value.decode() not in question.url
    carried = json.dumps(dict(question.headers)) + (question.body or b"").decode()
    assert value.decode() in carried or "Basic " in carried
    assert value.decode() not in repr(question)


def _any(check):
    return Check(**{**{key: getattr(check, key) for key in check.__fields__}, "only": ""})


def test_the_compact_rulebook_asks_the_same():
    again = rulebook.load(BOOK.dump())
    assert [rule.verify for rule in again.rules] == [rule.verify for rule in BOOK.rules]


def answer(name, status, body=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return liveness.judge(ASKED[name], status, data).result


@pytest.mark.parametrize(
    ("name", "status", "body", "result"),
    [
        pytest.param("github-personal-access-token", 200, {"rate": {"limit": 5000}}, LIVE, id="github"),
        pytest.param("github-personal-access-token", 401, {"message": "Bad credentials"}, REVOKED, id="github, ended"),
        pytest.param("github-personal-access-token", 403, {}, UNKNOWN, id="github, forbidden"),
        pytest.param("slack-bot-token", 200, {"ok": True, "team": "x"}, LIVE, id="slack"),
        pytest.param("slack-bot-token", 200, {"ok": False, "error": "token_revoked"}, REVOKED, id="slack, ended"),
        pytest.param("slack-bot-token", 200, {"ok": False, "error": "internal_error"}, UNKNOWN, id="slack, broken"),
        pytest.param("slack-bot-token", 200, b"<html>", UNKNOWN, id="slack, no JSON"),
        pytest.param("gitlab-personal-access-token", 200, {"active": True}, LIVE, id="gitlab"),
        pytest.param("gitlab-personal-access-token", 200, {"active": False}, UNKNOWN, id="gitlab, not active"),
        pytest.param("gitlab-personal-access-token", 401, {}, UNKNOWN, id="gitlab: may be of another server"),
        pytest.param("stripe-restricted-key", 403, {}, LIVE, id="stripe knows it and gives less"),
        pytest.param("stripe-restricted-key", 401, {}, REVOKED, id="stripe, ended"),
        pytest.param("figma-access-token", 403, {"status": 403, "err": "Invalid token"}, REVOKED, id="figma, ended"),
        pytest.param("figma-access-token", 403, {"status": 403, "err": "Invalid scope"}, UNKNOWN, id="figma, scope"),
        pytest.param("cloudflare-api-token", 200, {"result": {"status": "active"}}, LIVE, id="cloudflare"),
        pytest.param(
            "cloudflare-api-token", 200, {"result": {"status": "disabled"}}, REVOKED, id="cloudflare, disabled"
        ),
        pytest.param("datadog-api-key", 403, {"errors": ["Forbidden"]}, UNKNOWN, id="datadog: may be of another site"),
        pytest.param("datadog-api-key", 200, {"valid": True}, LIVE, id="datadog"),
        pytest.param(
            "elevenlabs-api-key", 401, {"detail": {"status": "invalid_api_key"}}, REVOKED, id="elevenlabs, ended"
        ),
        pytest.param(
            "elevenlabs-api-key", 401, {"detail": {"status": "missing_permissions"}}, UNKNOWN, id="elevenlabs"
        ),
        pytest.param("telegram-bot-token", 200, {"ok": True}, LIVE, id="telegram"),
        pytest.param("telegram-bot-token", 401, {"ok": False}, REVOKED, id="telegram, ended"),
        pytest.param("openai-api-key", 429, {}, UNKNOWN, id="too many questions"),
        pytest.param("openai-api-key", 302, {}, UNKNOWN, id="sent elsewhere"),
        pytest.param("openai-api-key", 500, {}, UNKNOWN, id="broken"),
    ],
)
def test_answers_as_issuers_document_them(name, status, body, result):
    assert answer(name, status, body) == result


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[" * 100_000,
        b'{"ok": {"ok": true}}',
        b'{"ok": [true]}',
        b"\xff\xfe",
        b'["ok"]',
        b'{"ok": "true "}',
        b"NaN",
    ],
)
def test_an_answer_of_any_form_is_read_or_says_nothing(body):
    assert liveness.judge(ASKED["slack-bot-token"], 200, body).result is UNKNOWN


@pytest.mark.parametrize("value", [b"a\r\nX-More: 1", b"caf\xc3\xa9", b"a\x00b", b"\xff"])
def test_a_value_that_no_header_can_hold_is_not_asked_about(value):
    assert liveness.ask(_any(ASKED["github-personal-access-token"]), value) is None


def test_values_that_the_address_does_not_know_are_not_sent_there():
    check = ASKED["openai-api-key"]
    assert liveness.ask(check, b"sk-admin-" + b"a" * 40) is None
    assert liveness.ask(check, b"sk-proj-" + b"a" * 40) is not None


def test_a_secret_cannot_leave_its_place_in_an_address_or_a_body():
    telegram = liveness.ask(ASKED["telegram-bot-token"], b"1:a/../../x?y#z")
    assert telegram.url == "https://api.telegram.org/bot1:a%2F..%2F..%2Fx%3Fy%23z/getMe"
    hubspot = liveness.ask(ASKED["hubspot-private-app-token"], b'a", "x": "{pair}')
    assert json.loads(hubspot.body) == {"tokenKey": 'a", "x": "{pair}'}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("https://api.shop.test/me", "http://api.shop.test/me", "must be an https", id="not encrypted"),
        pytest.param("https://api.shop.test/me", "https://{secret}.shop.test/me", "must be an https", id="host"),
        pytest.param("https://api.shop.test/me", "https://a@api.shop.test/me", "must be an https", id="a name in it"),
        pytest.param("get =", "put =", "put is unknown", id="method"),
        pytest.param("get =", 'post = "https://a.test/"\nget =', "one of the two", id="two addresses"),
        pytest.param("{secret}", "secret", "asks nothing about", id="no secret"),
        pytest.param("{secret}", "{secret}{pair}", "has not", id="no other half"),
        pytest.param("[200]", "[]", "must be a list of HTTP statuses", id="no status"),
        pytest.param("[200]", "[true]", "must be a list of HTTP statuses", id="no number"),
        pytest.param("[401]", '["401"]', "must be a list of HTTP statuses", id="text"),
        pytest.param("live =", 'live_when = { ok = "(" }\nlive =', "is not an expression", id="expression"),
        pytest.param("live =", 'only = "("\nlive =', "is not an expression", id="values"),
    ],
)
def test_what_is_wrong_is_said(old, new, message):
    with pytest.raises(BrokenData, match=re.escape(message)):
        read(HEAD + RULE + WHOLE.replace(old, new), "shop.toml")


def test_a_rule_of_ones_own():
    ((rule, _),) = read(HEAD + RULE + WHOLE, "shop.toml")
    assert rule.verify.method == "GET"
    assert liveness.ask(rule.verify, b"shop_1").headers == {"Key": "shop_1"}
