"""The fake Resend, driven by the libraries that the platform uses: Anymail's backend, and Svix for signatures."""

import json
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from anymail.backends.resend import EmailBackend, ResendPayload
from anymail.exceptions import AnymailRequestsAPIError
from anymail.webhooks.resend import ResendTrackingWebhookView
from django.core.mail import EmailMultiAlternatives
from django.test import RequestFactory
from svix.webhooks import Webhook, WebhookVerificationError
from urllib3.util import SKIP_HEADER

from dev.fakes.keep import Keep
from dev.fakes.rate import Rate
from dev.fakes.resend.api import KEY, SENDING_KEY, Resend
from dev.fakes.resend.fates import Fate

SECRET = "whsec_" + b64encode(b"a secret of twenty-four!").decode()
MAIL = {"from": "Vallum <mail@vallum.test>", "to": ["bob@acme.test"], "subject": "Hello", "text": "Hello, Bob."}


class Api:
    """Plain requests to a fake that is served."""

    def __init__(self, fake, place):
        self.fake, self.url, self.key = fake, place.url, KEY

    def ask(self, method, path, body=None, **headers):
        sent = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
        sent = {name: value for name, value in sent.items() if value}
        return requests.request(method, self.url + path, json=body, headers=sent, timeout=10)

    def send(self, key=None, **changes):
        return self.ask("POST", "/emails", {**MAIL, **changes}, Idempotency_Key=key)

    def control(self, path, body):
        return requests.post(f"{self.url}/_fake/{path}", json=body, timeout=10)


@pytest.fixture
def api(clock, receiver) -> Iterator[Api]:
    fake = Resend(clock=clock, rate=Rate(limit=1000))
    fake.hook(receiver.url, SECRET)
    with fake.open() as place:
        yield Api(fake, place)


class _Payload(ResendPayload):
    def __init__(self, message, defaults, backend, *args, **kwargs):
        super().__init__(
            message, defaults, backend, *args, headers={"Idempotency-Key": message.idempotency_key}, **kwargs
        )


class _Backend(EmailBackend):
    def build_message_payload(self, message, defaults):
        return _Payload(message, defaults, self)


def _message(key="outbox-1", to="bob@acme.test"):
    message = EmailMultiAlternatives("Hello", "Hello, Bob.", "Vallum <mail@vallum.test>", [to])
    message.attach_alternative("<p>Hello, Bob.</p>", "text/html")
    message.extra_headers["List-Unsubscribe"] = "<https://vallum.test/u/1>"
    message.metadata = {"outbox": "0190c2a4"}
    message.idempotency_key = key
    return message


@pytest.mark.usefixtures("_django")
class TestAnymail:
    def test_sends_once_however_often_it_is_told_to(self, api):
        backend = _Backend(api_key=KEY, api_url=f"{api.url}/")
        ids = set()
        for _ in range(3):
            message = _message()
            assert backend.send_messages([message]) == 1
            ids.add(message.anymail_status.message_id)
        assert len(ids) == 1
        assert [mail["html"] for mail in api.fake.accepted] == ["<p>Hello, Bob.</p>"]
        assert api.fake.accepted[0]["headers"]["List-Unsubscribe"] == "<https://vallum.test/u/1>"
        assert api.fake.accepted_under() == {"outbox-1": 1}

    def test_a_refusal_is_anymails_error(self, api):
        backend = _Backend(api_key="re_unknown", api_url=f"{api.url}/")
        with pytest.raises(AnymailRequestsAPIError) as caught:
            backend.send_messages([_message()])
        assert caught.value.response.status_code == 403
        assert api.fake.accepted == []

    @pytest.mark.parametrize(
        ("fate", "kinds", "reason"),
        [
            pytest.param(Fate.DELIVERED, ["sent", "delivered"], None, id="arrives"),
            pytest.param(Fate.BOUNCED, ["sent", "bounced"], "bounced", id="no such mailbox"),
            pytest.param(Fate.COMPLAINED, ["sent", "delivered", "complained"], None, id="called spam"),
            pytest.param(Fate.DELAYED, ["sent", "deferred"], None, id="the other side is slow"),
            pytest.param(Fate.SUPPRESSED, ["unknown"], None, id="suppressed, which Anymail does not know"),
        ],
    )
    def test_reads_the_events(self, api, receiver, fate, kinds, reason):
        api.fake.fate("bob@acme.test", fate)
        _Backend(api_key=KEY, api_url=f"{api.url}/").send_messages([_message()])
        api.fake.settle()
        view = ResendTrackingWebhookView(signing_secret=SECRET)
        events = []
        for asked in receiver.got:
            headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in asked.headers.items()}
            request = RequestFactory().post("/", asked.body, content_type="application/json", **headers)
            events += view.parse_events(request)
        assert [event.event_type for event in events] == kinds
        assert {event.recipient for event in events} == {"bob@acme.test"}
        assert {event.metadata["outbox"] for event in events} == {"0190c2a4"}
        assert events[-1].reject_reason == reason
        assert len({event.event_id for event in events}) == len(events)


def test_webhooks_are_signed_as_svix_verifies_them(api, receiver):
    # Svix reads the machine's clock: the fake's is brought to it.
    api.fake.clock.source = time.time
    api.send()
    api.fake.settle()
    asked = receiver.got[0]
    Webhook(SECRET).verify(asked.body, asked.headers)
    assert json.loads(asked.body)["type"] == "email.sent"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(asked.body.replace(b"Hello", b"Bye"), asked.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + b64encode(b"another secret").decode()).verify(asked.body, asked.headers)


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        pytest.param({"from": ""}, 422, "missing_required_field", id="nobody sends"),
        pytest.param({"to": []}, 422, "missing_required_field", id="nobody receives"),
        pytest.param({"subject": ""}, 422, "missing_required_field", id="no subject"),
        pytest.param({"text": ""}, 422, "missing_required_field", id="nothing to say"),
        pytest.param({"from": "nobody"}, 422, "invalid_from_address", id="sender without a domain"),
        pytest.param({"from": "mail@other.test"}, 403, "validation_error", id="a domain not verified"),
        pytest.param({"to": "bob"}, 422, "validation_error", id="recipient without a domain"),
        pytest.param({"to": "b@acme.test\nBcc: c@acme.test"}, 422, "validation_error", id="a second line"),
        pytest.param({"to": ["bob@acme.test"] * 51}, 422, "validation_error", id="51 recipients"),
        pytest.param({"headers": {"X-Number": 1}}, 422, "validation_error", id="a header that is a number"),
        pytest.param({"tags": [{"name": "a b", "value": "c"}]}, 422, "validation_error", id="a tag with a space"),
        pytest.param({"tags": [{"name": "a"}]}, 422, "validation_error", id="a tag without a value"),
        pytest.param({"attachments": [{"filename": "a.txt"}]}, 422, "invalid_attachment", id="an empty attachment"),
        pytest.param({"scheduled_at": "tomorrow"}, 422, "validation_error", id="no time"),
        pytest.param({"scheduled_at": "2026-12-01T10:00:00Z"}, 422, "validation_error", id="in 71 days"),
        pytest.param({"text": 7}, 422, "validation_error", id="a number for a text"),
    ],
)
def test_refuses(api, changes, status, name):
    api.fake.domains = {"vallum.test"}
    answer = api.send(**changes)
    assert (answer.status_code, answer.json()["name"], answer.json()["statusCode"]) == (status, name, status)
    assert api.fake.accepted == []


@pytest.mark.parametrize(
    ("key", "headers", "method", "path", "status", "name"),
    [
        pytest.param("", {}, "POST", "/emails", 401, "missing_api_key", id="no key"),
        pytest.param("re_other", {}, "POST", "/emails", 403, "invalid_api_key", id="an unknown key"),
        pytest.param(SENDING_KEY, {}, "GET", "/emails", 401, "restricted_api_key", id="a key for sending that reads"),
        pytest.param(KEY, {}, "DELETE", "/emails", 405, "method_not_allowed", id="a method nobody has"),
        pytest.param(KEY, {}, "GET", "/nothing", 404, "not_found", id="no such path"),
        pytest.param(KEY, {}, "GET", "/emails/1", 404, "not_found", id="no such mail"),
        pytest.param(KEY, {"Idempotency_Key": "x" * 257}, "POST", "/emails", 400, "invalid_idempotency_key", id="257"),
    ],
)
def test_refuses_a_stranger(api, key, headers, method, path, status, name):
    answer = requests.request(
        method,
        api.url + path,
        json=MAIL if method == "POST" else None,
        headers={
            **({"Authorization": f"Bearer {key}"} if key else {}),
            **{each.replace("_", "-"): value for each, value in headers.items()},
        },
        timeout=10,
    )
    assert (answer.status_code, answer.json()["name"]) == (status, name)


def test_a_request_without_a_user_agent_is_refused(api):
    assert api.ask("GET", "/emails", User_Agent=SKIP_HEADER).status_code == 403


def test_a_body_that_is_no_json_is_refused(api):
    answer = requests.post(
        f"{api.url}/emails", data=b"[" * 100_000, headers={"Authorization": f"Bearer {KEY}"}, timeout=10
    )
    assert (answer.status_code, answer.json()["name"]) == (400, "validation_error")


def test_an_idempotency_key_belongs_to_one_body_for_a_day(api):
    first = api.send("k")
    again = api.send("k")
    assert first.json() == again.json()
    other = api.send("k", subject="Another")
    assert (other.status_code, other.json()["name"]) == (409, "invalid_idempotent_request")
    api.fake.advance(86_400)
    assert api.send("k", subject="Another").json()["id"] != first.json()["id"]
    assert api.fake.accepted_under() == {"k": 2}


def test_a_refused_mail_leaves_its_key_free(api):
    assert api.send("k", to=[]).status_code == 422
    assert api.send("k").status_code == 200


def test_two_at_once_under_one_key_are_not_both_taken(api):
    held, go = threading.Event(), threading.Event()
    real = api.fake.mails.take

    def slow(mail, key):
        held.set()
        go.wait(5)
        return real(mail, key)

    api.fake.mails.take = slow
    first = threading.Thread(target=api.send, args=("k",))
    first.start()
    held.wait(5)
    second = api.send("k")
    go.set()
    first.join()
    assert (second.status_code, second.json()["name"]) == (409, "concurrent_idempotent_requests")
    assert len(api.fake.accepted) == 1


def test_too_many_a_second(api):
    moment = 0.0
    api.fake.rate = Rate(limit=2, clock=lambda: moment)
    answers = [api.send() for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[1].headers["ratelimit-remaining"] == "0"
    assert answers[2].headers["retry-after"] == answers[2].headers["ratelimit-reset"] == "1"
    assert answers[2].json()["name"] == "rate_limit_exceeded"
    moment = 1.0
    assert api.send().status_code == 200


def test_a_batch_is_all_or_nothing_unless_permissive(api):
    bad = {**MAIL, "to": []}
    assert api.ask("POST", "/emails/batch", [MAIL, bad]).status_code == 422
    assert api.fake.accepted == []
    answer = api.ask("POST", "/emails/batch", [MAIL, bad], x_batch_validation="permissive").json()
    assert (len(answer["data"]), answer["errors"][0]["index"]) == (1, 1)
    assert api.ask("POST", "/emails/batch", [MAIL] * 101).status_code == 422
    assert api.ask("POST", "/emails/batch", [{**MAIL, "scheduled_at": "in 1 hour"}]).status_code == 422
    assert len(api.ask("POST", "/emails/batch", [MAIL] * 100, Idempotency_Key="b").json()["data"]) == 100


def test_lists_newest_first_and_by_page(api):
    ids = [api.send(subject=str(number)).json()["id"] for number in range(5)]
    page = api.ask("GET", "/emails?limit=2").json()
    assert ([each["id"] for each in page["data"]], page["has_more"]) == (ids[:2:-1], True)
    rest = api.ask("GET", f"/emails?limit=5&after={ids[3]}").json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (ids[2::-1], False)
    newer = api.ask("GET", f"/emails?limit=1&before={ids[2]}").json()
    assert [each["id"] for each in newer["data"]] == [ids[3]]
    assert api.ask("GET", "/emails?limit=0").status_code == 422
    assert api.ask("GET", f"/emails/{ids[0]}").json()["text"] == "Hello, Bob."


def test_a_mail_that_waits_can_be_moved_and_called_off(api, receiver):
    one, two = (api.send(scheduled_at="in 1 hour").json()["id"] for _ in range(2))
    api.fake.settle()
    assert [json.loads(each.body)["type"] for each in receiver.got] == ["email.scheduled"] * 2
    assert api.ask("POST", f"/emails/{one}/cancel").status_code == 200
    assert api.ask("PATCH", f"/emails/{two}", {"scheduled_at": "in 2 hours"}).status_code == 200
    api.fake.advance(3600)
    assert api.ask("GET", f"/emails/{two}").json()["last_event"] == "scheduled"
    api.fake.advance(3600)
    assert api.ask("GET", f"/emails/{two}").json()["last_event"] == "delivered"
    assert api.ask("GET", f"/emails/{one}").json()["last_event"] == "canceled"
    assert api.ask("POST", f"/emails/{two}/cancel").status_code == 422


def test_nothing_is_sent_to_who_bounced_before(api):
    api.fake.fate("bob@acme.test", Fate.BOUNCED)
    api.send()
    api.fake.settle()
    api.fake.fate("bob@acme.test", Fate.DELIVERED)
    later = api.send().json()["id"]
    api.fake.settle()
    assert api.ask("GET", f"/emails/{later}").json()["last_event"] == "suppressed"


@pytest.mark.parametrize("fate", ["delivered", "bounced", "complained", "suppressed"])
def test_resends_own_test_addresses(api, fate):
    sent = api.send(to=f"{fate}+label@resend.dev").json()["id"]
    api.fake.settle()
    assert api.ask("GET", f"/emails/{sent}").json()["last_event"] == fate


def test_a_webhook_comes_again_until_somebody_takes_it(api, receiver):
    receiver.status = 500
    api.fake.fate("bob@acme.test", Fate.SILENT)
    api.send()
    api.fake.settle()
    for wait in (5, 300, 1800, 7200, 18_000, 36_000, 10**6):
        api.fake.advance(wait)
    assert len(receiver.got) == 7
    assert len({each.headers["svix-id"] for each in receiver.got}) == 1
    assert len({each.headers["svix-timestamp"] for each in receiver.got}) == 7


def test_a_lost_answer_leaves_an_accepted_mail(api):
    api.control("toxics", {"lost": 1})
    with pytest.raises(requests.ConnectionError):
        api.send("k")
    api.control("toxics", {"lost": 0})
    assert api.send("k").status_code == 200
    assert api.fake.accepted_under() == {"k": 1}


def test_an_error_takes_nothing(api):
    api.control("toxics", {"errors": 1})
    assert api.send("k").status_code == 500
    assert api.fake.accepted == []
    assert api.control("toxics", {"speed": 1}).status_code == 400
    assert api.control("toxics", {"lost": "much"}).status_code == 400


def test_is_down_until_a_time(api, receiver):
    api.send()
    api.fake.toxics.down_until = api.fake.clock() + 86_400
    assert api.send().status_code == 503
    assert api.fake.settle() == 0
    api.fake.advance(86_400)
    assert api.send().status_code == 200
    assert len(receiver.got) == 2


def test_control_doors(api):
    api.control("fates", {"address": "bob@acme.test", "fate": "bounced"})
    api.send("k")
    api.control("settle", {})
    told = requests.get(f"{api.url}/_fake/accepted", timeout=10).json()
    assert (told["mails"][0]["last_event"], told["by_key"]) == ("bounced", {"k": 1})
    before = requests.get(f"{api.url}/_fake/clock", timeout=10).json()["now"]
    assert api.control("clock", {"advance": 60}).json()["now"] == before + 60
    assert api.control("clock", {"advance": -1}).status_code == 400
    assert api.control("fates", {"address": "b@acme.test", "fate": "eaten"}).status_code == 400
    assert api.control("nothing", {}).status_code == 404
    assert requests.get(f"{api.url}/_fake/webhooks", timeout=10).json()["sent"][0]["status"] == 200


def test_the_inbox_shows_a_mail_and_runs_nothing_of_it(api):
    sent = api.send(subject="<script>", html="<script>alert('x')</script>", text="<b>").json()["id"]
    rows = requests.get(f"{api.url}/inbox", timeout=10).text
    page = requests.get(f"{api.url}/inbox/{sent}", timeout=10).text
    assert "&lt;script&gt;" in rows
    assert "<script>" not in rows + page
    assert "<iframe sandbox " in page
    assert requests.get(f"{api.url}/inbox/none", timeout=10).status_code == 404


def test_two_at_once_are_kept_without_harm(tmp_path):
    keep, numbers = Keep(path=tmp_path / "state.json"), iter(range(10_000))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: keep.save(lambda: next(numbers)), range(400)))
    assert Keep(path=keep.path).load() == 399


def test_mails_outlive_the_process_where_they_are_kept(tmp_path, clock):
    kept = Keep(path=tmp_path / "resend.json")
    first = Resend(clock=clock, keep=kept)
    with first.open() as place:
        sent = Api(first, place).send("k").json()["id"]
    second = Resend(clock=clock, keep=Keep(path=kept.path))
    with second.open() as place:
        assert Api(second, place).ask("GET", f"/emails/{sent}").json()["subject"] == "Hello"
    assert second.accepted_under() == {"k": 1}


def test_speaks_tls(tmp_path, clock):
    with Resend(clock=clock).open(folder=tmp_path) as place:
        assert place.url.startswith("https://")
        answer = requests.get(f"{place.url}/inbox", verify=str(place.authority), timeout=10)
    assert answer.status_code == 200


def test_webhooks_leave_by_themselves_where_it_walks(receiver):
    fake = Resend(rate=Rate(limit=1000))
    fake.hook(receiver.url, SECRET)
    with fake.open(walking=True) as place:
        Api(fake, place).send()
        until = time.monotonic() + 10
        while len(receiver.got) < 2 and time.monotonic() < until:
            time.sleep(0.02)
    assert [json.loads(each.body)["type"] for each in receiver.got] == ["email.sent", "email.delivered"]
