"""The pages of Stripe that a browser sees: checkout, the bank's question, an invoice. No script, and nothing fetched."""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl

from dev.fakes.doors import as_page, to
from dev.fakes.loopback import Answer
from dev.fakes.stripe.buying import AtTheBank, Buyer, buy, needs_card
from dev.fakes.stripe.cards import CARDS, method, of_number
from dev.fakes.stripe.collect import pay, proven
from dev.fakes.stripe.errors import Refused
from dev.fakes.stripe.payments import attempt, kept, not_shown
from dev.fakes.stripe.world import Thing, World


def money(amount: int | None, currency: str | None) -> str:
    return f"{(amount or 0) / 100:.2f} {escape((currency or '').upper())}"


def form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))
    except (ValueError, UnicodeDecodeError):
        return {}


def card_field() -> str:
    known = "".join(f"<option value='{card.number}'>{escape(name)}" for name, card in CARDS.items())
    return (
        "<label>Card number <input name=card list=cards value='4242 4242 4242 4242' autocomplete=off></label>"
        f"<datalist id=cards>{known}</datalist>"
    )


def wrong(message: str) -> str:
    return f"<p role=alert><strong>{escape(message)}</strong></p>" if message else ""


def checkout(world: World, named: str, method_: str, body: bytes) -> Answer:
    session = world.objects.get(named)
    if not session or session["object"] != "checkout.session":
        return as_page("No such session", "", 404)
    if session["status"] != "open":
        return as_page("Checkout", f"<p>This session is {session['status']}.</p>")
    if method_ == "GET":
        return _checkout_page(world, session)
    buyer = _buyer(world, session, form(body))
    return _bought(world, session, buyer)


def _bought(world: World, session: Thing, buyer: Buyer) -> Answer:
    try:
        buy(world, session, buyer)
    except AtTheBank:
        world.hidden[session["id"]]["buyer"] = _kept(buyer)
        return to(f"/3ds/{session['id']}")
    except Refused as refused:
        return _checkout_page(world, session, str(refused))
    return to((session["success_url"] or "").replace("{CHECKOUT_SESSION_ID}", session["id"]))


def _kept(buyer: Buyer) -> dict[str, Any]:
    """A buyer as text, while they are at the bank."""
    return {
        "email": buyer.email,
        "name": buyer.name,
        "country": buyer.country,
        "card": buyer.card.number if buyer.card else "",
        "tax_type": buyer.tax_id[0] if buyer.tax_id else "",
        "tax_value": buyer.tax_id[1] if buyer.tax_id else "",
        "code": buyer.code,
        "terms": "yes" if buyer.agrees else "",
        **{f"quantity_{each}": str(value) for each, value in buyer.quantities.items()},
    }


def _buyer(world: World, session: Thing, typed: Mapping[str, str], *, shown: bool = False) -> Buyer:
    items = world.hidden[session["id"]]["items"]
    counts = {each["id"]: typed.get(f"quantity_{each['id']}", "") for each in items}
    return Buyer(
        email=typed.get("email", "").strip(),
        name=typed.get("name", "").strip(),
        country=typed.get("country", "").strip().upper()[:2],
        card=of_number(typed.get("card", "")) if needs_card(session) else None,
        tax_id=(typed["tax_type"], typed["tax_value"].strip()) if typed.get("tax_value", "").strip() else None,
        code=typed.get("code", "").strip(),
        quantities={named: int(count) for named, count in counts.items() if count.isdigit() and len(count) < 7},
        agrees=typed.get("terms") == "yes",
        shown=shown,
    )


def _checkout_page(world: World, session: Thing, message: str = "") -> Answer:
    customer = world.objects.get(session["customer"] or "", {})
    email = customer.get("email") or session["customer_email"]
    rows = "".join(_item_row(world, session, each) for each in world.hidden[session["id"]]["items"])
    fields = [
        f"<p>{escape(email)}</p>" if email else "<label>E-mail <input type=email name=email></label>",
        "<label>Name <input name=name autocomplete=off></label>",
        "<label>Country <input name=country value=FR maxlength=2 autocomplete=off></label>",
        card_field() if needs_card(session) else "<p class=note>No card is needed today.</p>",
    ]
    if session["tax_id_collection"]["enabled"]:
        fields.append("<label>Tax id <select name=tax_type><option>eu_vat<option>in_gst<option>gb_vat</select>"
                      "<input name=tax_value aria-label='Tax id number'></label>")  # fmt: skip
    if session["allow_promotion_codes"]:
        fields.append("<label>Promotion code <input name=code></label>")
    if (session["consent_collection"] or {}).get("terms_of_service") == "required":
        fields.append("<label><input type=checkbox name=terms value=yes> I agree to the terms</label>")
    back = f"<p><a id=cancel href='{escape(session['cancel_url'])}'>Cancel</a></p>" if session["cancel_url"] else ""
    return as_page(
        "Checkout",
        f"{wrong(message)}<form method=post><table><tr><th>What<th>Quantity<th>Price</tr>{rows}</table>"
        f"<p>Due today: <strong id=total>{money(session['amount_total'], session['currency'])}</strong></p>"
        f"{''.join(fields)}<button id=pay>{'Set up' if session['mode'] == 'setup' else 'Pay'}</button></form>{back}"
        "<p class=note>Fake Stripe: no money moves. Test cards decide what happens.</p>",
        400 if message else 200,
    )


def _item_row(world: World, session: Thing, each: Thing) -> str:
    price = each["price"]
    every = f" per {price['recurring']['interval']}" if price["recurring"] else ""
    count = str(each["quantity"])
    if (each["adjust"] or {}).get("enabled"):
        count = f"<input type=number min=1 name='quantity_{each['id']}' value='{count}' aria-label=Quantity>"
    product = escape(world.objects[price["product"]]["name"])
    return f"<tr><td>{product}<td>{count}<td>{money(price['unit_amount'], session['currency'])}{every}</tr>"


def bank(world: World, named: str, method_: str, body: bytes) -> Answer:
    """The bank's own page (3-D Secure), for a session or for a payment that waits."""
    thing = world.objects.get(named)
    waits = thing and (
        world.hidden[named].get("buyer")
        if thing["object"] == "checkout.session"
        else thing.get("status") == "requires_action"
    )
    if not thing or not waits:
        return as_page("Nothing to prove", "", 404)
    if method_ == "GET":
        return as_page(
            "Your bank",
            "<p>Is it you who pays?</p><form method=post><button name=answer value=yes id=yes>Yes, it is me</button> "
            "<button name=answer value=no id=no>No</button></form>",
        )
    yes = form(body).get("answer") == "yes"
    if thing["object"] == "checkout.session":
        typed = world.hidden[named].pop("buyer")
        if not yes:
            return _checkout_page(world, thing, "The bank was not shown who pays.")
        return _bought(world, thing, _buyer(world, thing, typed, shown=True))
    return _answered(world, thing, yes=yes)


def _answered(world: World, intent: Thing, *, yes: bool) -> Answer:
    if not yes and intent["object"] == "payment_intent":
        not_shown(world, intent)
    elif intent["object"] == "setup_intent":
        if yes:
            kept(world, intent)
        else:
            intent |= {"status": "requires_payment_method", "next_action": None}
    elif "invoice" in world.hidden[intent["id"]]:
        proven(world, intent, yes=True)
    else:
        attempt(world, intent, world.objects[intent["payment_method"]], shown=True)
    return as_page("Your bank", f"<p>The payment is {intent['status']}.</p>")


def invoice(world: World, named: str, method_: str, body: bytes) -> Answer:
    """An invoice, which whoever has its address can pay."""
    thing = world.objects.get(named)
    if not thing or thing["object"] != "invoice" or thing["status"] == "draft":
        return as_page("No such invoice", "", 404)
    message = ""
    if method_ == "POST" and thing["status"] == "open":
        card = of_number(form(body).get("card", ""))
        message = "The number of the card is not right."
        if card:
            word = next(each for each, one in CARDS.items() if one is card)
            intent = world.objects[world.hidden[named]["intent"]]
            done = pay(world, thing, method(world, f"pm_card_{word}", "card"))
            if intent["status"] == "requires_action":
                return to(f"/3ds/{intent['id']}")
            message = "" if done else "The card was declined."
    rows = "".join(
        f"<tr><td>{escape(line['description'] or '')}<td>{money(line['amount'], line['currency'])}</tr>"
        for line in thing["lines"]["data"]
    )
    paying = f"<form method=post>{card_field()}<button id=pay>Pay</button></form>" if thing["status"] == "open" else ""
    return as_page(
        f"Invoice {escape(thing['number'])}",
        f"{wrong(message)}<p>Status: <strong id=status>{thing['status']}</strong></p><table>{rows}</table>"
        f"<p>Total: {money(thing['total'], thing['currency'])}, due: {money(thing['amount_remaining'], thing['currency'])}</p>{paying}",
        400 if message else 200,
    )
