"""Messages for people: Slack and Teams get the shapes that they take, and text of strangers stays text."""

import json

import pytest
from hooking import PATH, Hook

from vallum_web.notify import chat, payload
from vallum_web.tenancy.models import Departure
from vallum_web.tenancy.scope import scope

HOSTILE = "<!channel> <https://evil.example|click> *b* [x](https://evil.example) & \u202eabc\nnext"
FINDING = {"title": HOSTILE, "severity": "high", "path": "a.py", "line": 3, "url": "https://vallum.test/f/1/"}


def told(kind="finding.opened", **data):
    organization = {"slug": "acme", "name": "Acme & Sons"}
    return json.dumps({"version": 1, "type": kind, "data": {"organization": organization, **data}})


def findings(count):
    listed = [{**FINDING, "asset": {"id": "1", "name": "shop"}} for _ in range(min(count, payload.LISTED))]
    return told(count=count, findings=listed, url="https://vallum.test/acme/findings/")


def test_slack_is_given_text_that_calls_nobody_and_links_nowhere():
    said = json.loads(chat.body("slack", findings(1)))
    assert said["text"] == "1 finding opened in Acme &amp; Sons"
    head, line, more = said["blocks"]
    assert head["text"] == {"type": "mrkdwn", "text": "*1 finding opened in Acme &amp; Sons*", "verbatim": True}
    assert line["text"]["text"] == (
        "<https://vallum.test/f/1/|High: &lt;!channel&gt; &lt;https://evil.example|click&gt; *b* [x](https://evil.example) "
        "&amp; abc next (shop, a.py:3)>"
    )
    assert line["text"]["text"].count("<") == 1
    assert line["text"]["verbatim"] is True
    assert more["elements"][0]["text"] == "<https://vallum.test/acme/findings/|Open in Vallum>"


def test_teams_is_given_a_card_of_runs_that_read_no_mark_up():
    said = json.loads(chat.body("teams", findings(1)))
    [attached] = said["attachments"]
    assert (said["type"], attached["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attached["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    head, line = (block["inlines"][0] for block in card["body"])
    assert head == {"type": "TextRun", "text": "1 finding opened in Acme & Sons", "weight": "Bolder"}
    assert line["text"].startswith("High: <!channel> <https://evil.example|click> *b*")
    assert "\n" not in line["text"]
    assert line["selectAction"] == {"type": "Action.OpenUrl", "url": "https://vallum.test/f/1/"}
    assert card["actions"][0]["url"] == "https://vallum.test/acme/findings/"


@pytest.mark.parametrize("shape", ["slack", "teams"])
def test_many_are_ten_and_how_many_more(shape):
    body = chat.body(shape, findings(5000))
    assert "5,000 findings opened" in body
    assert "and 4,990 more" in body
    assert body.count("vallum.test/f/1/") == chat.LINES
    assert len(body) < 20_000  # Teams takes 28 KB


@pytest.mark.parametrize("shape", ["slack", "teams"])
@pytest.mark.parametrize(
    ("message", "says"),
    [
        (
            told("gate.failed", gate={"name": "Strict"}, asset={"name": "shop"}, reasons=["A secret."], url="u"),
            "The gate Strict failed for shop",
        ),
        (told("scan.failed", asset={"name": "shop"}, reason="The host is down.", url="u"), "The host is down."),
        (told("test", text="A test."), "A test."),
    ],
    ids=["a gate", "a scan", "a test"],
)
def test_other_occasions_are_told_in_words(shape, message, says):
    assert says in chat.body(shape, message)


@pytest.mark.django_db
@pytest.mark.parametrize("shape", ["slack", "teams"])
def test_a_chat_is_told_unsigned_and_on_record(shape, people, receiver):
    hook = Hook(people, f"{receiver.url}{PATH}", shape=shape)
    hook.test()
    hook.work()
    [asked] = receiver.asked
    assert not [name for name in asked.headers if name.lower().startswith("webhook-")]
    assert asked.body.decode() == hook.deliveries()[0].body
    assert "A test" in asked.body.decode()
    with scope(people.org.pk):
        left = Departure.objects.of(people.org).get()
    assert (left.entry, left.purpose, left.ok) == ("chat", shape, True)


@pytest.mark.django_db
def test_a_chat_is_made_by_page_and_api_and_shows_no_secret(people, receiver, signed_in, machine):
    form = {"name": "Room", "shape": "slack", "occasions": ["finding.opened"], "severity": "0"}
    page = signed_in(people.alice).post("/acme/settings/webhooks/new/", {**form, "url": f"{receiver.url}{PATH}"})
    assert page.status_code == 200
    assert "whsec_" not in page.content.decode()
    assert "Make a new secret" not in page.content.decode()
    body = {"name": "Team", "shape": "teams", "url": f"{receiver.url}{PATH}", "occasions": ["gate.failed"]}
    assert machine("post", "webhooks", body).json()["shape"] == "teams"
    assert [row["shape"] for row in machine("get", "webhooks").json()["items"]] == ["slack", "teams"]
