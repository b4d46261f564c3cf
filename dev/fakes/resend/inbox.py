"""Pages for people who run the fake: what was sent, as its recipient sees it. And control doors for tests."""

import json
from html import escape

from dev.fakes.clock import iso
from dev.fakes.doors import CONTROL, Call, Controls, as_json, as_page, route
from dev.fakes.loopback import Answer
from dev.fakes.resend.checks import Refused
from dev.fakes.resend.fates import Fate
from dev.fakes.resend.mails import Hook, Mails


def page(mails: Mails, path: str) -> Answer:
    name = path.removeprefix("/inbox").strip("/")
    if not name:
        return as_page("Inbox of the fake Resend", _rows(mails))
    try:
        mail = mails.find(name)
    except Refused:
        return as_page("No such mail", "<p><a href=/inbox>Back</a></p>", 404)
    about = "".join(
        f"<tr><th scope=row>{escape(label)}<td>{escape(str(value))}"
        for label, value in [
            ("From", mail["from"]),
            ("To", ", ".join([*mail["to"], *mail["cc"], *mail["bcc"]])),
            ("Taken", iso(mail["created"])),
            ("State", mail["last_event"]),
            ("Idempotency key", mail["key"] or "none"),
            *mail["headers"].items(),
        ]
    )
    text = f"<h2>Text</h2><pre>{escape(mail['text'])}</pre>" if mail["text"] else ""
    # Without a word after it, `sandbox` forbids scripts, forms and links out.
    shown = (
        f"<h2>HTML</h2><iframe sandbox title='The mail' style='width:100%;height:30rem' srcdoc='{escape(mail['html'])}'></iframe>"
        if mail["html"]
        else ""
    )
    return as_page(escape(mail["subject"]), f"<p><a href=/inbox>All mails</a></p><table>{about}</table>{text}{shown}")


def _rows(mails: Mails) -> str:
    rows = "".join(
        f"<tr><td>{iso(mail['created'])}<td>{escape(', '.join(mail['to']))}"
        f"<td><a href='/inbox/{mail['id']}'>{escape(mail['subject'])}</a><td>{mail['last_event']}"
        for mail in reversed(mails.kept.values())
    )
    head = "<tr><th>Taken<th>To<th>Subject<th>State"
    return f"<table>{head}{rows}</table>" if rows else "<p class=note>Nothing was sent yet.</p>"


def controls(mails: Mails) -> Controls:
    """`accepted`: every mail that was taken, and how many under each idempotency key. `fates`: `{"address": …, "fate": …}`."""

    def accepted(_call: Call) -> Answer:
        return as_json({"mails": list(mails.kept.values()), "by_key": mails.accepted_under()})

    def fate(call: Call) -> Answer:
        given = json.loads(call.asked.body)
        mails.fates[given["address"].lower()] = Fate(given["fate"])
        return as_json(given)

    def hook(call: Call) -> Answer:
        given = json.loads(call.asked.body)
        made = Hook(url=given["url"], secret=given["secret"])
        mails.hooks.append(made)
        return as_json({"id": made.id})

    return [
        route("GET", f"{CONTROL}accepted", accepted),
        route("POST", f"{CONTROL}fates", fate),
        route("POST", f"{CONTROL}hooks", hook),
    ]
