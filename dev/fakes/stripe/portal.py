"""The billing portal: sessions, their configuration, and the page where a customer changes card, address, or mind."""

from html import escape
from typing import Any, Final

from dev.fakes.doors import as_page, to
from dev.fakes.loopback import Answer
from dev.fakes.stripe.ask import Ask, Resource
from dev.fakes.stripe.buying import replace_card
from dev.fakes.stripe.cards import of_number
from dev.fakes.stripe.customers import change
from dev.fakes.stripe.errors import Refused
from dev.fakes.stripe.hosted import card_field, form, money, wrong
from dev.fakes.stripe.params import NAME, Needed, choice, clears, flag, group, many, merged, metadata, text, url
from dev.fakes.stripe.standing import OVER, end, items
from dev.fakes.stripe.standing import change as stands
from dev.fakes.stripe.world import Thing, World, name

_UPDATES: Final = ("address", "email", "name", "phone", "shipping", "tax_id")
_FEATURES: Final = group({
    "customer_update": group({"enabled": flag, "allowed_updates": clears(many(choice(*_UPDATES)))}),
    "invoice_history": group({"enabled": Needed(flag)}),
    "payment_method_update": group({"enabled": Needed(flag)}),
    "subscription_cancel": group({
        "enabled": Needed(flag), "mode": choice("at_period_end", "immediately"), "proration_behavior": choice("none"),
    }),
    "subscription_update": group({"enabled": Needed(flag)}),
})  # fmt: skip
_COMMON: Final = {
    "business_profile": group({"headline": clears(text(60)), "privacy_policy_url": clears(url), "terms_of_service_url": clears(url)}),
    "default_return_url": clears(url), "metadata": metadata, "name": clears(text()),
}  # fmt: skip


def _features(given: dict[str, Any], known: dict[str, Any] | None = None) -> dict[str, Any]:
    reason = {"enabled": False, "options": ["too_expensive", "missing_features", "other"], "feedback_options": None}
    whole = known or {
        "customer_update": {"enabled": False, "allowed_updates": []},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {"enabled": False, "mode": "at_period_end", "proration_behavior": "none", "cancellation_reason": reason},
        "subscription_pause": {"enabled": False, "duration": {"type": "indefinite", "interval_options": []}},
        "subscription_update": {
            "enabled": False, "default_allowed_updates": [], "proration_behavior": "none", "billing_cycle_anchor": None, "products": None,
            "schedule_at_period_end": {"conditions": []}, "trial_update_behavior": "continue_trial",
        },
    }  # fmt: skip
    return {part: {**whole[part], **given.get(part, {})} for part in whole}


def _configure(world: World, given: dict[str, Any], *, default: bool) -> Thing:
    if given["features"].get("subscription_update", {}).get("enabled"):
        raise Refused(
            "This fake's portal changes no plans.", param="features[subscription_update]", status=501, kind="api_error"
        )
    now = world.now()
    return world.add(
        "billing_portal.configuration",
        name("bpc"),
        active=True,
        business_profile={
            "headline": None, "privacy_policy_url": None, "terms_of_service_url": None, **given.get("business_profile", {})
        },
        created=now,
        default_return_url=given.get("default_return_url"),
        features=_features(given["features"]),
        is_default=default,
        livemode=world.livemode,
        login_page={"enabled": False, "url": None},
        metadata=merged({}, given.get("metadata", {})),
        name=given.get("name"),
        updated=now,
    )  # fmt: skip


def _create_configuration(ask: Ask) -> Thing:
    given = ask.take({**_COMMON, "features": Needed(_FEATURES)}, "ConfigurationCreateParams")
    return _configure(ask.world, given, default=False)


def _update_configuration(ask: Ask) -> Thing:
    thing = ask.named("billing_portal.configuration")
    given = ask.take({**_COMMON, "features": _FEATURES, "active": flag}, "ConfigurationUpdateParams")
    thing["features"] = _features(given.pop("features", {}), thing["features"])
    thing["metadata"] = merged(thing["metadata"], given.pop("metadata", {}))
    thing |= {**given, "updated": ask.world.now()}
    return thing


def _create(ask: Ask) -> Thing:
    flow = group({
        "type": Needed(choice("payment_method_update", "subscription_cancel")),
        "subscription_cancel": group({"subscription": Needed(NAME)}),
        "after_completion": group({"type": Needed(choice("redirect")), "redirect": group({"return_url": Needed(url)})}),
    })  # fmt: skip
    given = ask.take(
        {"customer": Needed(NAME), "return_url": url, "configuration": NAME, "locale": NAME, "flow_data": flow},
        "billing_portal.SessionCreateParams",
    )
    world = ask.world
    customer = world.customer(given["customer"])
    if "configuration" in given:
        setting = world.given("billing_portal.configuration", given["configuration"], "configuration")
    else:
        known = world.all("billing_portal.configuration", lambda each: each["is_default"])
        setting = known[0] if known else _configure(world, {"features": _DEFAULT}, default=True)
    if not setting["active"]:
        raise Refused("The configuration is inactive.", param="configuration")
    named = name("bps")
    flow_ = given.get("flow_data")
    return world.add(
        "billing_portal.session",
        named,
        configuration=setting["id"],
        created=world.now(customer["test_clock"]),
        customer=customer["id"],
        flow={"after_completion": {"type": "portal_homepage"}, **flow_} if flow_ else None,
        livemode=world.livemode,
        locale=given.get("locale"),
        return_url=given.get("return_url", setting["default_return_url"]),
        url=f"{world.url}/p/session/{named}",
    )


_DEFAULT: Final = {
    "customer_update": {"enabled": True, "allowed_updates": ["address", "email", "name", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
}


def page(world: World, named: str, method: str, body: bytes) -> Answer:
    session = world.objects.get(named)
    customer = (
        world.objects.get(session["customer"]) if session and session["object"] == "billing_portal.session" else None
    )
    if not session or not customer:
        return as_page("No such session", "", 404)
    if method == "GET":
        return _shown(world, session, customer)
    typed = form(body)
    try:
        done = _done(world, session, customer, typed)
    except Refused as refused:
        return _shown(world, session, customer, str(refused))
    flow = session["flow"] or {}
    back = flow.get("after_completion", {}).get("redirect", {}).get("return_url")
    return to(back) if done and back else to(session["url"])


def _done(world: World, session: Thing, customer: Thing, typed: dict[str, str]) -> bool:
    features = world.objects[session["configuration"]]["features"]
    act = typed.get("act", "")
    if act not in {"payment_method_update", "customer_update", "subscription_cancel", "keep"}:
        raise Refused("That cannot be done here.")
    if not features["subscription_cancel" if act == "keep" else act]["enabled"]:
        raise Refused("The configuration does not allow that.")
    if act == "payment_method_update":
        card = of_number(typed.get("card", ""))
        if card is None:
            raise Refused("The number of the card is not right.")
        replace_card(world, customer, card)
    elif act == "customer_update":
        allowed = set(features["customer_update"]["allowed_updates"])
        change(
            world, customer, **{each: typed[each] for each in ("email", "name") if each in allowed and typed.get(each)}
        )
    else:
        _cancel(
            world, customer, typed.get("subscription", ""), features["subscription_cancel"]["mode"], keep=act == "keep"
        )
    return True


def _cancel(world: World, customer: Thing, named: str, mode: str, *, keep: bool) -> None:
    sub = world.objects.get(named)
    if not sub or sub.get("customer") != customer["id"] or sub["object"] != "subscription" or sub["status"] in OVER:
        raise Refused("There is no such subscription.")
    if keep:
        stands(world, sub, cancel_at_period_end=False, cancel_at=None, canceled_at=None)
    elif mode == "immediately":
        end(world, sub, "cancellation_requested")
    else:
        now = world.now(sub["test_clock"])
        stop = items(sub)[0]["current_period_end"]
        details = {**sub["cancellation_details"], "reason": "cancellation_requested"}
        stands(world, sub, cancel_at_period_end=True, cancel_at=stop, canceled_at=now, cancellation_details=details)


def _shown(world: World, session: Thing, customer: Thing, message: str = "") -> Answer:
    features = world.objects[session["configuration"]]["features"]
    parts = [wrong(message), f"<p>{escape(customer['email'] or customer['id'])}</p>"]
    for sub in world.all(
        "subscription", lambda each: each["customer"] == customer["id"] and each["status"] not in OVER
    ):
        parts.append(f"<h2>Subscription</h2><p>{sub['status']}</p>")
        if features["subscription_cancel"]["enabled"]:
            act, word = ("keep", "Keep") if sub["cancel_at_period_end"] else ("subscription_cancel", "Cancel")
            parts.append(
                f"<form method=post><input type=hidden name=subscription value='{sub['id']}'>"
                f"<button name=act value={act} id={act}>{word}</button></form>"
            )
    if features["payment_method_update"]["enabled"]:
        known = world.objects.get(customer["invoice_settings"]["default_payment_method"] or "")
        ends = f"<p>Ends in {known[known['type']]['last4']}</p>" if known else ""
        parts.append(
            f"<h2>Card</h2>{ends}<form method=post>{card_field()}"
            "<button name=act value=payment_method_update id=card>Change the card</button></form>"
        )
    if features["customer_update"]["enabled"]:
        parts.append(
            "<h2>You</h2><form method=post><label>Name <input name=name></label><label>E-mail <input type=email name=email></label>"
            "<button name=act value=customer_update id=you>Save</button></form>"
        )
    if features["invoice_history"]["enabled"]:
        rows = "".join(
            f"<tr><td><a href='{each['hosted_invoice_url']}'>{escape(each['number'])}</a><td>{each['status']}"
            f"<td>{money(each['total'], each['currency'])}"
            for each in world.all("invoice", lambda one: one["customer"] == customer["id"] and one["number"])
        )
        parts.append(f"<h2>Invoices</h2><table>{rows}</table>")
    if session["return_url"]:
        parts.append(f"<p><a id=back href='{escape(session['return_url'])}'>Back</a></p>")
    return as_page("Billing", "".join(parts), 400 if message else 200)


RESOURCE: Final = Resource(
    routes=(
        ("POST", "/v1/billing_portal/configurations", _create_configuration),
        ("GET", "/v1/billing_portal/configurations", lambda ask: ask.page("billing_portal.configuration")),
        ("GET", "/v1/billing_portal/configurations/:id", lambda ask: ask.named("billing_portal.configuration")),
        ("POST", "/v1/billing_portal/configurations/:id", _update_configuration),
        ("POST", "/v1/billing_portal/sessions", _create),
    )
)
