"""Signed events: what is not signed with our secret, or not lately, is not believed."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from svix.webhooks import Webhook

from vallum_web.mail import fitness, signature

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four!").decode()
NOW = datetime(2026, 11, 26, 18, tzinfo=UTC)
BODY = b'{"type": "email.delivered"}'


def signed(*, secret=SECRET, at=NOW, body=BODY):
    """By the library of those who invented it."""
    return {
        "svix-id": "msg_1",
        "svix-timestamp": str(int(at.timestamp())),
        "svix-signature": Webhook(secret).sign("msg_1", at, body.decode()),
    }


def test_a_signature_of_svix_is_known():
    assert signature.verified(BODY, signed(), secret=SECRET, now=NOW) == "msg_1"
    twice = signed()
    twice["svix-signature"] = "v1,bm8= " + twice["svix-signature"]
    assert signature.verified(BODY, twice, secret=SECRET, now=NOW + timedelta(minutes=4)) == "msg_1"


OTHER = "whsec_" + base64.b64encode(b"another secret of ours!!").decode()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({}, BODY, id="unsigned"),
        pytest.param(signed(secret=OTHER), BODY, id="another secret"),
        pytest.param(signed(), BODY + b" ", id="another body"),
        pytest.param({**signed(), "svix-id": "msg_2"}, BODY, id="another id"),
        pytest.param(signed(at=NOW - timedelta(seconds=301)), BODY, id="five minutes old"),
        pytest.param(signed(at=NOW + timedelta(seconds=301)), BODY, id="of the future"),
        pytest.param({**signed(), "svix-timestamp": "now"}, BODY, id="no time"),
        pytest.param({**signed(), "svix-timestamp": "٣"}, BODY, id="digits of another alphabet"),
        pytest.param({**signed(), "svix-timestamp": "9" * 400}, BODY, id="an endless time"),
        pytest.param({**signed(), "svix-signature": "v1,\udce9é"}, BODY, id="no ASCII"),
        pytest.param(
            {**signed(), "svix-signature": signed()["svix-signature"].replace("v1,", "v2,")}, BODY, id="another way"
        ),
    ],
)
def test_what_is_not_genuine_is_refused(headers, body):
    with pytest.raises(signature.NotGenuine):
        signature.verified(body, headers, secret=SECRET, now=NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!!", "whsec_c2hvcnQ=", "a secret of twenty-four!"])
def test_without_a_secret_nothing_is_genuine(secret):
    with pytest.raises(signature.NotGenuine):
        signature.verified(BODY, signed(), secret=secret, now=NOW)


GIVEN = {
    "mail": "resend",
    "rate": 2.0,
    "key": "re_1",
    "secret": SECRET,
    "url": "",
    "relay": "",
    "sender": "Vallum <a@b.test>",
    "is_demo": False,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"secret": ""}, "VALLUM_RESEND_WEBHOOK_SECRET", id="an empty secret"),
        pytest.param({"secret": "whsec_"}, "VALLUM_RESEND_WEBHOOK_SECRET", id="nothing behind whsec_"),
        pytest.param({"key": ""}, "VALLUM_RESEND_KEY", id="no key"),
        pytest.param({"url": "http://127.0.0.1:1/"}, "VALLUM_RESEND_URL", id="another address, outside of the demo"),
        pytest.param({"mail": "smtp"}, "VALLUM_SMTP_URL", id="no relay"),
        pytest.param({"sender": "Vallum <x>"}, "VALLUM_MAIL_FROM", id="no sender"),
        pytest.param({"mail": "pigeon"}, "VALLUM_MAIL", id="no way there is"),
        pytest.param({"rate": 0.0}, "VALLUM_MAIL_RATE", id="no rate"),
        pytest.param({"rate": float("nan")}, "VALLUM_MAIL_RATE", id="no number"),
    ],
)
def test_nothing_starts_with_settings_that_are_not_whole(changed, said):
    with pytest.raises(fitness.UnfitError, match=said):
        fitness.demand(fitness.Given(**{**GIVEN, **changed}))


@pytest.mark.parametrize(
    "changed", [{}, {"mail": "keep", "secret": ""}, {"url": "http://127.0.0.1:1/", "is_demo": True}]
)
def test_settings_that_are_whole(changed):
    given = fitness.Given(**{**GIVEN, **changed})
    fitness.demand(given)
    assert "re_1" not in repr(given)


def test_the_platform_does_not_start_with_them(settings):
    settings.MAIL, settings.RESEND_KEY, settings.RESEND_WEBHOOK_SECRET = "resend", "re_1", ""
    with pytest.raises(fitness.UnfitError, match="VALLUM_RESEND_WEBHOOK_SECRET"):
        apps.get_app_config("mail").ready()
