"""The pages behind `short_url`: a customer makes a mandate, changes it, approves a debit, or pays a link."""

from html import escape
from urllib.parse import parse_qsl

from dev.fakes.doors import as_page, to
from dev.fakes.loopback import Answer
from dev.fakes.razorpay import links
from dev.fakes.razorpay.money import Method
from dev.fakes.razorpay.subscriptions import OVER, authorise, change_method, charge
from dev.fakes.razorpay.world import Thing, World

_REFUSALS = ("payment_declined", "insufficient_funds", "incorrect_otp", "payment_cancelled")


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except (ValueError, UnicodeDecodeError):
        return {}


def _money(amount: int, currency: str) -> str:
    return f"{amount / 100:.2f} {escape(currency)}"


def _fields(button: str) -> str:
    methods = "".join(f"<option>{each.value}" for each in Method)
    refusals = "".join(f"<option>{each}" for each in _REFUSALS)
    return (
        "<form method=post><label>E-mail <input name=email type=email value='ada@acme.test'></label>"
        "<label>Phone <input name=contact value='+919000090000'></label>"
        f"<label>Pay by <select name=method>{methods}</select></label>"
        f"<button name=answer value=yes id=pay>{button}</button> "
        f"<label>The bank says <select name=why>{refusals}</select></label>"
        "<button name=answer value=no id=refuse>Let the bank refuse</button></form>"
        "<p class=note>Fake Razorpay: no money moves.</p>"
    )


def subscription(world: World, named: str, asked: str, body: bytes) -> Answer:
    sub = world.things.get(named)
    if not sub or sub["entity"] != "subscription":
        return as_page("No such subscription", "", 404)
    if asked == "POST":
        return _answered(world, sub, _form(body))
    return _page(world, sub)


def _page(world: World, sub: Thing, message: str = "", status: int = 200) -> Answer:
    item = world.things[sub["plan_id"]]["item"]
    about = (
        f"<p role=status>{escape(message)}</p>"
        f"<p>{escape(item['name'])}: {_money(item['amount'] * sub['quantity'], item['currency'])} a cycle</p>"
        f"<p>State: <strong id=status>{sub['status']}</strong></p>"
    )
    if sub["status"] == "created":
        about += _fields("Authorise")
    elif sub["status"] not in OVER:
        about += _fields("Change the method")
    if sub["status"] == "pending":
        about += "<form method=post><button name=answer value=approve id=approve>Approve this debit</button></form>"
    return as_page("Subscription", about, status)


def _answered(world: World, sub: Thing, typed: dict[str, str]) -> Answer:
    answer = typed.get("answer")
    why_not = None if answer == "yes" else typed.get("why", _REFUSALS[0])
    if answer == "approve" and sub["status"] == "pending":
        charge(world, sub, there=True)
        return _page(world, sub, "The debit was approved.")
    if answer not in {"yes", "no"} or typed.get("method", "card") not in set(Method) or sub["status"] in OVER:
        return _page(world, sub, "That cannot be done here.", 400)
    method = Method(typed.get("method", "card"))
    if sub["status"] == "created":
        payment = authorise(world, sub, method, _customer(world, sub, typed), why_not=why_not)
        return _page(world, sub, f"The payment {payment['id']} is {payment['status']}.", 400 if why_not else 200)
    change_method(world, sub, method, why_not=why_not)
    return _page(world, sub, "Refused by the bank." if why_not else "The method was changed.", 400 if why_not else 200)


def _customer(world: World, sub: Thing, typed: dict[str, str]) -> Thing:
    if sub["customer_id"]:
        return world.things[sub["customer_id"]]
    email = typed.get("email", "")
    known = world.all("customer", lambda each: each["email"] == email)
    return known[0] if known else world.add(
        "customer", name=None, email=email, contact=typed.get("contact", ""), gstin=None, notes=[]
    )  # fmt: skip


def link(world: World, named: str, asked: str, body: bytes, secret: str) -> Answer:
    thing = world.things.get(named)
    if not thing or thing["entity"] != "payment_link":
        return as_page("No such link", "", 404)
    message = ""
    if asked == "POST" and thing["status"] == "created":
        typed = _form(body)
        method = Method(typed["method"]) if typed.get("method") in set(Method) else Method.CARD
        why_not = None if typed.get("answer") == "yes" else typed.get("why", _REFUSALS[0])
        back = links.paid(world, thing, method, secret, why_not=why_not)
        if back:
            return to(back)
        message = "Refused by the bank." if why_not else "Paid."
    fields = _fields("Pay") if thing["status"] == "created" else ""
    return as_page(
        "Payment",
        f"<p role=status>{message}</p><p>{escape(thing['description'])}: {_money(thing['amount'], thing['currency'])}</p>"
        f"<p>State: <strong id=status>{thing['status']}</strong></p>{fields}",
    )


def invoice(world: World, named: str) -> Answer:
    thing = world.things.get(named)
    if not thing or thing["entity"] != "invoice":
        return as_page("No such invoice", "", 404)
    return as_page(
        f"Invoice {thing['invoice_number']}",
        f"<p>State: <strong id=status>{thing['status']}</strong></p><p>{_money(thing['amount'], thing['currency'])}</p>",
    )
