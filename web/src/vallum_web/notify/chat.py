"""The same message for people: what Slack's and Microsoft Teams' incoming webhooks take. Pure.

Titles and reasons are text of strangers: in Slack's mark-up `&`, `<` and `>` are escaped, which is all that makes a link or calls a
channel there, and addresses in it stay text (`verbatim`); on a card of Teams they stand in text runs, which know no mark-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from vallum_web.notify import siem
from vallum_web.notify.models import Occasion, Webhook

LINES = 10
"""Findings that a person is shown; the link leads to the others."""
LONGEST = 180
_VERBS = {
    Occasion.OPENED: "opened",
    Occasion.REOPENED: "came back",
    Occasion.RESOLVED: "resolved",
    Occasion.SUPPRESSED: "suppressed",
    Occasion.DUE_SOON: "due within two days",
    Occasion.OVERDUE: "overdue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A message in words: a headline, lines below it, and where to read more."""

    headline: str
    lines: Sequence[Line]
    url: str


def body(shape: str, message: str) -> str:
    """What is sent to a webhook of this shape; `message` is as `payload.message` wrote it."""
    if shape == Webhook.Shape.WEBHOOK:
        return message
    if shape in {Webhook.Shape.SIEM, Webhook.Shape.SYSLOG}:
        return siem.body(message)
    note = _note(orjson.loads(message))
    return orjson.dumps(_slack(note) if shape == Webhook.Shape.SLACK else _teams(note)).decode()


def _note(told: Mapping[str, Any]) -> Note:
    kind, data = told["type"], told["data"]
    where = f"in {_plain(data['organization']['name'])}"
    if kind in _VERBS:
        count = data["count"]
        shown = data["findings"][:LINES]
        lines = [_finding(row) for row in shown]
        if count > len(shown):
            lines.append(Line(text=f"and {count - len(shown):,} more", url=data["url"]))
        what = "1 finding" if count == 1 else f"{count:,} findings"
        return Note(headline=f"{what} {_VERBS[kind]} {where}", lines=lines, url=data["url"])
    if kind == Occasion.GATE_FAILED:
        said = f"The gate {_plain(data['gate']['name'])} failed for {_plain(data['asset']['name'])} {where}"
        return Note(headline=said, lines=[Line(text=_plain(text)) for text in data["reasons"]], url=data["url"])
    if kind == Occasion.SCAN_FAILED:
        said = f"A scan of {_plain(data['asset']['name'])} failed {where}"
        return Note(headline=said, lines=[Line(text=_plain(data["reason"]))], url=data["url"])
    lines = [Line(text=_plain(text)) for text in data.get("lines", ())]
    return Note(
        headline=_plain(f"{data['text']} {where}" if lines else data["text"]), lines=lines, url=data.get("url", "")
    )


def _finding(row: Mapping[str, Any]) -> Line:
    place = f"{row['path']}:{row['line']}" if row["line"] else row["path"]
    where = ", ".join(_plain(part) for part in (row["asset"]["name"], place) if part)
    return Line(text=f"{row['severity'].capitalize()}: {_plain(row['title'])} ({where})", url=row["url"])


def _plain(text: str) -> str:
    """One line of what can be seen, not too long."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _slack(note: Note) -> dict[str, Any]:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: a text to fall back on, and blocks."""
    said = [f"*{_escaped(note.headline)}*", *(_linked(line) for line in note.lines)]
    # A section takes 3,000 characters: one for each line keeps clear of that, and fifty blocks are allowed.
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000], "verbatim": True}} for text in said if text
    ]
    if note.url:
        blocks.append(_slack_context(note.url))
    return {"text": _escaped(note.headline), "blocks": blocks}


def _slack_context(url: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{url}|Open in Vallum>", "verbatim": True}]}


def _linked(line: Line) -> str:
    return f"<{line.url}|{_escaped(line.text)}>" if line.url else _escaped(line.text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(note: Note) -> dict[str, Any]:
    """An adaptive card as the Workflows webhook takes it: text runs alone, because text blocks read Markdown."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_runs(Line(text=note.headline), bold=True), *(_runs(line) for line in note.lines if line.text)],
        "actions": [{"type": "Action.OpenUrl", "title": "Open in Vallum", "url": note.url}] if note.url else [],
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attached]}


def _runs(line: Line, *, bold: bool = False) -> dict[str, Any]:
    run: dict[str, Any] = {"type": "TextRun", "text": line.text}
    if bold:
        run["weight"] = "Bolder"
    if line.url:
        run["selectAction"] = {"type": "Action.OpenUrl", "url": line.url}
    return {"type": "RichTextBlock", "inlines": [run]}
