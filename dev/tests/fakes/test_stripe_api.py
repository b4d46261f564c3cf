"""How the fake Stripe is spoken with: keys, idempotency, pages, errors, webhooks, and what goes wrong on purpose."""

import json
import time

import pytest
import requests
import stripe
from stripe import AuthenticationError, IdempotencyError, InvalidRequestError, RateLimitError

from dev.fakes.keep import Keep
from dev.fakes.post import FAILED
from dev.fakes.rate import Rate
from dev.fakes.stripe.api import KEY, LIVE_KEY, Stripe
from dev.tests.fakes.paying import DAY, SECRET, open_shop


def _control(shop, path, **body):
    assert requests.post(f"{shop.url}/_fake/{path}", json=body, timeout=10).status_code == 200


def test_a_key_of_repetition_belongs_to_one_body_for_a_day(shop):
    first = shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k"})
    again = shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k"})
    assert first.id == again.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(IdempotencyError):
        shop.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k"})
    with pytest.raises(IdempotencyError):
        shop.v1.products.create({"name": "Ada"}, {"idempotency_key": "k"})
    assert shop.client_for(LIVE_KEY).v1.customers.create({"name": "Ada"}, {"idempotency_key": "k"}).id != first.id
    shop.fake.advance(DAY)
    assert shop.v1.customers.create({"name": "Bob"}, {"idempotency_key": "k"}).id != first.id


def test_a_failure_is_kept_under_its_key_but_not_a_wrong_parameter(shop):
    customer = shop.customer("")
    asked = {"amount": 2000, "currency": "eur", "confirm": True, "payment_method": "pm_card_chargeDeclined"}
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            shop.v1.payment_intents.create({**asked, "customer": customer.id}, {"idempotency_key": "k"})
    assert len(shop.v1.payment_intents.list({"customer": customer.id}).data) == 1
    with pytest.raises(InvalidRequestError):
        shop.v1.customers.create({"colour": "red"}, {"idempotency_key": "j"})
    assert shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "j"}).name == "Ada"
    assert shop.post("/v1/customers", {}, **{"Idempotency-Key": "x" * 256}).status_code == 400


def test_live_and_test_do_not_see_each_other(shop):
    customer = shop.customer("")
    live = shop.client_for(LIVE_KEY).v1
    with pytest.raises(InvalidRequestError) as caught:
        live.customers.retrieve(customer.id)
    assert (caught.value.code, "other mode" in str(caught.value)) == ("resource_missing", True)
    assert live.customers.create({}).livemode
    for act in (
        lambda: live.test_helpers.test_clocks.create({"frozen_time": 1}),
        lambda: live.payment_methods.attach("pm_card_visa", {"customer": live.customers.create({}).id}),
    ):
        with pytest.raises(stripe.StripeError):
            act()
    assert shop.v1.events.list({"type": "customer.created"}).data[0].livemode is False


@pytest.mark.parametrize("key", ["", "sk_test_other", "pk_test_fake"])
def test_refuses_a_stranger(shop, key):
    with pytest.raises(AuthenticationError):
        shop.client_for(key or "sk").v1.customers.list()
    assert requests.get(f"{shop.url}/v1/customers", auth=(KEY, ""), timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "form", "status", "code"),
    [
        pytest.param("GET", "/v1/nothing", "", 404, None, id="no such address"),
        pytest.param("DELETE", "/v1/customers", "", 405, None, id="a method nobody has"),
        pytest.param("GET", "/v1/customers/cus_none", "", 404, "resource_missing", id="no such object"),
        pytest.param("GET", "/v1/customers?limit=101", "", 400, "parameter_invalid_integer", id="a page of 101"),
        pytest.param("GET", "/v1/customers?starting_after=x", "", 400, "resource_missing", id="after nothing"),
        pytest.param("POST", "/v1/customers", "a[b", 400, None, id="half a name"),
        pytest.param("POST", "/v1/customers", "a=1&a[b]=2", 400, None, id="a value and a group"),
        pytest.param("POST", "/v1/customers", "a" + "[a]" * 50 + "=1", 400, None, id="50 deep"),
        pytest.param("POST", "/v1/customers", "&".join(f"a{n}=1" for n in range(3000)), 400, None, id="3,000 fields"),
        pytest.param("POST", "/v1/customers", b"\xff\xfe", 400, None, id="no text"),
        pytest.param(
            "POST", "/v1/customers", "name[a]=1", 400, "parameter_invalid_string_empty", id="a group for text"
        ),
        pytest.param("POST", "/v1/customers", "metadata=x", 400, "parameter_invalid_object", id="text for a group"),
        pytest.param("POST", "/v1/prices", "currency=eur", 400, "parameter_missing", id="something is missing"),
        pytest.param("GET", "/v1/customers?expand[]=data.name", "", 400, "property_cannot_be_expanded", id="no object"),
        pytest.param("GET", "/v1/customers?expand[]=data.a.b.c.d.e", "", 400, "property_cannot_be_expanded", id="deep"),
        pytest.param("POST", "/v1/customers", "invoice_settings[x]=1", 400, "parameter_unknown", id="unknown, inside"),
        pytest.param("POST", "/v1/customers", "source=tok_visa", 501, "fake_does_not_know", id="known to Stripe alone"),
    ],
)
def test_refuses(shop, method, path, form, status, code):
    shop.customer("")
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.request(method, shop.url + path, data=form, headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"].get("code")) == (status, code)
    assert answer.headers["Request-Id"].startswith("req_")


def test_speaks_one_version(shop):
    answer = shop.post("/v1/customers", {}, **{"Stripe-Version": "2024-06-20"})
    assert answer.status_code == 400
    assert shop.post("/v1/customers", {}).headers["Stripe-Version"] == stripe.api_version


def test_too_many_a_second(shop):
    moment = 0.0
    shop.fake.rate = Rate(limit=2, clock=lambda: moment)
    shop.v1.customers.list()
    shop.v1.customers.list()
    with pytest.raises(RateLimitError) as caught:
        shop.v1.customers.list()
    assert caught.value.error.code == "rate_limit"
    moment = 1.0
    shop.v1.customers.list()


def test_pages_in_both_directions(shop):
    ids = [shop.v1.customers.create({"name": str(number)}).id for number in range(7)][::-1]
    assert [each.id for each in shop.v1.customers.list({"limit": 3}).auto_paging_iter()] == ids
    page = shop.v1.customers.list({"limit": 2, "starting_after": ids[1]})
    assert ([each.id for each in page.data], page.has_more) == (ids[2:4], True)
    page = shop.v1.customers.list({"limit": 2, "ending_before": ids[3]})
    assert ([each.id for each in page.data], page.has_more) == (ids[1:3], True)
    now = int(shop.fake.clock())
    assert shop.v1.customers.list({"created": {"gt": now}}).data == []
    assert len(shop.v1.customers.list({"created": {"gte": now, "lt": now + 1}}).data) == 7


def test_events_can_be_read_for_thirty_days(shop):
    customer = shop.v1.customers.create({"name": "Ada"})
    shop.v1.customers.update(customer.id, {"name": "Eve"})
    shop.v1.customers.update(customer.id, {"name": "Eve"})
    found = shop.v1.events.list({"types": ["customer.created", "customer.updated"]}).data
    assert [each.type for each in found] == ["customer.updated", "customer.created"]
    assert found[0].data.previous_attributes.to_dict() == {"name": "Ada"}
    assert found[1].data.object.name == "Ada"
    assert found[1].request.id.startswith("req_")
    shop.fake.advance(31 * DAY)
    assert shop.v1.events.list().data == []


def test_endpoints_are_told_what_they_want(shop):
    made = shop.v1.webhook_endpoints.create({"url": "http://127.0.0.1/two", "enabled_events": ["customer.deleted"]})
    assert made.secret.startswith("whsec_")
    got = []

    def receive(url, headers, body):
        secret = made.secret if url.endswith("two") else SECRET
        got.append(
            (url[-3:], stripe.Webhook.construct_event(body, headers["Stripe-Signature"], secret, tolerance=None))
        )
        return 200

    shop.fake.post.send = receive
    customer = shop.customer("")
    shop.v1.customers.delete(customer.id)
    shop.fake.settle()
    assert [event.type for place, event in got if place == "two"] == ["customer.deleted"]
    assert shop.v1.webhook_endpoints.update(made.id, {"disabled": True}).status == "disabled"
    assert "secret" not in shop.v1.webhook_endpoints.retrieve(made.id)
    shop.v1.customers.delete(shop.customer("").id)
    shop.fake.settle()
    assert len([event for place, event in got if place == "two"]) == 1
    shop.v1.webhook_endpoints.delete(made.id)
    assert len(shop.v1.webhook_endpoints.list().data) == 1


def test_signatures_are_of_body_and_time(shop):
    # The library reads the machine's clock: the fake's is brought to it.
    shop.fake.clock.source = time.time
    sent = []
    shop.fake.post.send = lambda _url, headers, body: sent.append((headers, body)) or 200
    shop.customer("")
    shop.fake.settle()
    headers, body = sent[0]
    assert stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET).type == "customer.created"
    for wrong in (
        (body + b" ", headers["Stripe-Signature"], SECRET),
        (body, headers["Stripe-Signature"], "whsec_other"),
    ):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(*wrong)


def test_webhooks_come_again_until_they_are_taken(shop):
    times = []

    def receive(_url, headers, _body):
        times.append(headers["Stripe-Signature"].partition(",")[0])
        return 200 if len(times) == 3 else FAILED

    shop.fake.post.send = receive
    shop.customer("")
    for wait in (0, 60, 300, 3600):
        shop.fake.advance(wait)
    assert len(times) == len(set(times)) == 3
    shop.fake.post.send = lambda *_asked: times.append("x") or 500
    shop.customer("")
    shop.fake.advance(4 * DAY)
    assert times.count("x") == 12
    assert shop.fake.post.waiting == []


def test_webhooks_go_astray_as_told(shop):
    _control(shop, "toxics", hooks_twice=1, hooks_shuffled=1, hooks_delay=60)
    for _ in range(10):
        shop.customer("")
    assert shop.kinds() == []
    shop.fake.advance(60)
    ids = [event.id for event in shop.told]
    in_order = [event.id for event in reversed(shop.v1.events.list({"limit": 100}).data) for _ in range(2)]
    assert sorted(ids) == sorted(in_order)
    assert ids != in_order
    _control(shop, "toxics", hooks_twice=0, hooks_lost=1, hooks_delay=0)
    shop.customer("")
    shop.fake.settle()
    assert len(shop.told) == 20
    assert len(shop.v1.events.list({"limit": 100}).data) == 11


def test_a_lost_answer_is_found_under_its_key(shop):
    _control(shop, "toxics", lost=1)
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k"})
    _control(shop, "toxics", lost=0, errors=1)
    with pytest.raises(stripe.APIError):
        shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k"})
    _control(shop, "toxics", errors=0)
    shop.v1.customers.create({"name": "Ada"}, {"idempotency_key": "k"})
    assert len(shop.v1.customers.list().data) == 1


def test_is_down_for_days_and_catches_up(shop):
    sub = shop.subscribe(shop.customer(), shop.price())
    shop.kinds()
    before = len(shop.told)
    shop.fake.toxics.down_until = shop.fake.clock() + 40 * DAY
    with pytest.raises(stripe.APIError):
        shop.v1.customers.list()
    shop.fake.advance(39 * DAY)
    assert len(shop.told) == before
    shop.fake.advance(DAY)
    assert shop.told[-1].type == "invoice.payment_succeeded"
    assert len(shop.v1.invoices.list({"subscription": sub.id}).data) == 2


def test_all_outlives_the_process_where_it_is_kept(tmp_path, clock):
    place = tmp_path / "stripe.json"
    with open_shop(clock) as shop:
        shop.fake.keep = Keep(path=place)
        sub = shop.subscribe(shop.customer(), shop.price())
    later = Stripe(clock=clock, keep=Keep(path=place), send=lambda *_asked: 200)
    with later.open() as there:
        client = stripe.StripeClient(KEY, base_addresses={"api": there.url})
        later.advance(32 * DAY)
        assert client.v1.subscriptions.retrieve(sub.id).status == "active"
        assert len(client.v1.invoices.list({"subscription": sub.id}).data) == 2
    assert json.loads(place.read_text())["test"]["objects"][sub.id]["object"] == "subscription"


def test_answers_late_where_that_was_said(shop):
    _control(shop, "toxics", delay=0.2)
    started = time.monotonic()
    shop.v1.customers.list()
    assert time.monotonic() - started >= 0.2
