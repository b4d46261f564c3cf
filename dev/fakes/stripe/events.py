"""Events, and the webhook endpoints that are told of them with `Stripe-Signature` (https://docs.stripe.com/webhooks)."""

import hashlib
import hmac
import json
from copy import deepcopy
from functools import partial
from typing import Any, Final

from dev.fakes.post import Letter
from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.params import NAME, Needed, choice, clears, flag, many, merged, metadata, text, url
from dev.fakes.stripe.version import VERSION
from dev.fakes.stripe.world import Thing, World, name

# The real service tries for three days in live mode, and three times within hours in test mode.
LIVE_WAITS: Final = (
    60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0, 36_000.0, 36_000.0, 36_000.0, 36_000.0,
)  # fmt: skip
KEPT: Final = 30 * 86_400
"""Seconds for which events can be read."""


def emit(world: World, kind: str, thing: Thing, before: Thing | None = None) -> None:
    """Tell that something happened. `before` is what the object was: of an update that changed nothing, nobody hears."""
    data: dict[str, Any] = {"object": deepcopy(thing)}
    if before is not None:
        changed = {
            each: before.get(each) for each in before.keys() | thing.keys() if before.get(each) != thing.get(each)
        }
        if not changed:
            return
        data["previous_attributes"] = deepcopy(changed)
    listening = [each for each in world.all("webhook_endpoint") if each["status"] == "enabled" and _wants(each, kind)]
    line = thing.get("test_clock") or world.line(thing.get("customer"))
    event = world.add(
        "event",
        name("evt"),
        api_version=VERSION,
        created=world.now(line),
        data=data,
        livemode=world.livemode,
        pending_webhooks=len(listening),
        request={"id": world.request[0], "idempotency_key": world.request[1]},
        type=kind,
    )
    for endpoint in listening:
        _write(world, endpoint, event)


def _wants(endpoint: Thing, kind: str) -> bool:
    wanted = endpoint["enabled_events"]
    return "*" in wanted or kind in wanted


def _write(world: World, endpoint: Thing, event: Thing) -> None:
    body = json.dumps(event, indent=2).encode()
    secret = world.hidden[endpoint["id"]]["secret"]
    world.post.put(
        Letter(
            event=event["id"],
            endpoint=endpoint["id"],
            url=endpoint["url"],
            body=body,
            headers=partial(signed, secret, body),
            due=world.clock(),
        )
    )


def signed(secret: str, body: bytes, at: float) -> dict[str, str]:
    moment = str(int(at))
    digest = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {
        "Stripe-Signature": f"t={moment},v1={digest}",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Content-Type": "application/json; charset=utf-8",
    }


def endpoint(world: World, to: str, events: list[str], secret: str, description: str | None = None) -> Thing:
    thing = world.add(
        "webhook_endpoint",
        name("we"),
        created=world.now(),
        api_version=VERSION,
        description=description,
        enabled_events=events,
        livemode=world.livemode,
        status="enabled",
        url=to,
    )
    del thing["secret"]  # shown once, in the answer that makes it
    world.hidden[thing["id"]]["secret"] = secret
    return thing


def _create(ask: Ask) -> Thing:
    given = ask.take(
        {
            "url": Needed(url),
            "enabled_events": Needed(many(NAME, least=1)),
            "description": clears(text()),
            "api_version": choice(VERSION),
            "metadata": metadata,
        },
        "WebhookEndpointCreateParams",
    )
    secret = name("whsec", 32)
    thing = endpoint(ask.world, given["url"], given["enabled_events"], secret, given.get("description"))
    thing["metadata"] = merged({}, given.get("metadata", {}))
    return {**thing, "secret": secret}


def _update(ask: Ask) -> Thing:
    thing = ask.named("webhook_endpoint")
    given = ask.take(
        {
            "url": url,
            "enabled_events": many(NAME, least=1),
            "description": clears(text()),
            "disabled": flag,
            "metadata": metadata,
        },
        "WebhookEndpointUpdateParams",
    )
    if "disabled" in given:
        thing["status"] = "disabled" if given.pop("disabled") else "enabled"
    thing["metadata"] = merged(thing["metadata"], given.pop("metadata", {}))
    thing.update(given)
    return thing


def _delete(ask: Ask) -> Thing:
    thing = ask.named("webhook_endpoint")
    ask.world.post.drop(thing["id"])
    return ask.world.remove(thing)


def _events(ask: Ask) -> Thing:
    """Of the last 30 days, newest first."""
    given = ask.filters({"type": NAME, "types": many(NAME, most=20)}, "EventListParams")
    since = ask.world.now() - KEPT

    def keep(event: Thing) -> bool:
        wanted = given.get("types") or ([given["type"]] if "type" in given else [])
        return event["created"] >= since and (not wanted or any(_matches(event["type"], each) for each in wanted))

    return ask.page("event", keep)


def _matches(kind: str, wanted: str) -> bool:
    return kind == wanted or (wanted.endswith(".*") and kind.startswith(wanted[:-1]))


RESOURCE: Final = Resource(
    routes=(
        ("GET", "/v1/events", _events),
        ("GET", "/v1/events/:id", lambda ask: ask.named("event")),
        ("POST", "/v1/webhook_endpoints", _create),
        ("GET", "/v1/webhook_endpoints", lambda ask: ask.page("webhook_endpoint")),
        ("GET", "/v1/webhook_endpoints/:id", lambda ask: ask.named("webhook_endpoint")),
        ("POST", "/v1/webhook_endpoints/:id", _update),
        ("DELETE", "/v1/webhook_endpoints/:id", _delete),
    )
)
