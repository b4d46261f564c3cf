"""What mails say and how they look: compared with how they looked before, and safe whatever stands in them."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.mail import EmailMessage

from vallum_web.mail import kinds, letters
from vallum_web.mail.letters import Letter

EXPECTED = Path(__file__).parent / "expected"
HERE = "https://vallum.example.test"
# A stranger's words in every place of a letter: none of them makes a link, a header or a line.
EVIL = (
    "x\r\nBcc: eve@evil.example\n\nhttps://vallum.example.test.evil.example/\u2028<img src=//evil.example/a.png>\u202e"
)


@pytest.fixture(autouse=True)
def _here(settings):
    settings.PUBLIC_URL = HERE


class Seen(HTMLParser):
    """Every address in a document, by the tag that names it; and all words."""

    def __init__(self, html):
        super().__init__()
        self.addresses, self.words, self.tags = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [
            (tag, value) for name, value in attrs if name in {"href", "src", "srcset", "background", "action"}
        ]

    def handle_data(self, data):
        self.words.append(data)


def plain(words):
    return " ".join(" ".join(words).split())


def shown(name):
    said = letters.sample(name)
    return f"=== {name}\nSubject: {said.subject}\n\n{said.text}"


def test_every_letter_reads_as_it_did():
    """Changed on purpose: write what the failure shows into the file."""
    assert "\n".join(map(shown, letters.shapes())) == (EXPECTED / "letters.txt").read_text("utf-8")


def test_a_letter_looks_as_it_did():
    said = letters.sample("alert")
    assert letters.html(said, kinds.named("alert"), leave=f"{HERE}/accounts/mails/") == (
        EXPECTED / "alert.html"
    ).read_text("utf-8")


@pytest.mark.policy("PP-7b")
@pytest.mark.parametrize("name", letters.shapes())
def test_text_and_html_say_the_same_and_nothing_is_loaded(name):
    said, kind = letters.sample(name), letters.shapes()[name].kind
    leave = "" if kind.essential else f"{HERE}/accounts/mails/"
    html = letters.html(said, kind, leave=leave)
    seen = Seen(html)
    everything = plain(seen.words)
    for part in letters.parts(said.text):
        for words in (part.text, *part.lines, part.link):
            assert " ".join(words.split()) in everything
    assert {tag for tag, _ in seen.addresses} <= {"a"}
    assert all(address.startswith(f"{HERE}/") for _, address in seen.addresses)
    assert not re.search(r"url\(|@import|<link|<script|<img", html)
    assert (f'href="{leave}"' in html) == (not kind.essential)
    # Whatever asks for a click says in words what it opens.
    assert bool(letters.shapes()[name].button) == ("http" in said.text)


@pytest.mark.parametrize("name", [name for name, shape in letters.shapes().items() if shape.sample])
def test_strangers_words_stay_words(name):
    sample = letters.shapes()[name].sample
    evil = {
        key: EVIL if isinstance(value, str) and key != "link" else [EVIL] if isinstance(value, list) else value
        for key, value in sample.items()
    }
    said = letters.letter(name, **evil)
    assert len(said.subject.splitlines()) <= 1
    assert (
        EmailMessage(subject=said.subject, body=said.text, from_email="a@b.test", to=["c@d.test"]).message()["Bcc"]
        is None
    )
    seen = Seen(letters.html(said, letters.shapes()[name].kind))
    assert [address for _, address in seen.addresses if "evil" in address] == []
    assert "img" not in seen.tags
    assert "\u202e" not in said.text + said.subject
    assert len(list(letters.parts(said.text))) == len(list(letters.parts(letters.sample(name).text)))


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("One\r\nBcc: eve@evil.example", "One Bcc: eve@evil.example"),
        ("One\x00\x0b\x85Two\u2029Three", "One Two Three"),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_subject_is_one_line(subject, told):
    assert letters.one_line(subject) == told


@pytest.mark.policy("PP-2c")
@pytest.mark.parametrize(
    "text",
    [
        "https://vallum.example.test.evil.example/",
        "https://vallum.example.test@evil.example/",
        "http://vallum.example.test/",
        "https://evil.example/",
        "https://[",
        "javascript:alert(1)",
        "https://vallum.example.test/ https://evil.example/",
    ],
)
def test_only_our_own_address_becomes_a_link(text):
    assert letters.is_ours(f"{HERE}/x")
    assert not letters.is_ours(text)
    assert Seen(letters.html(Letter(subject="s", text=text), kinds.named("security"))).addresses == []


def test_kinds_are_whole():
    found = kinds.all_kinds()
    assert {kind.id for kind in kinds.optional()} == {"alert", "digest", "sla", "news"}
    assert [kind.id for kind in found.values() if kind.essential and not kind.wanted] == []
    assert not found["news"].wanted
    assert {shape.kind.id for shape in letters.shapes().values()} == found.keys() - {"verification", "reset"}
    with pytest.raises(kinds.BrokenKindError, match="twice"):
        kinds.read('[[kind]]\nid="a"\ntitle="A"\nessential=true\ngood_for="1h"\nagain=true\nwhat="w"\n' * 2)
    with pytest.raises(kinds.BrokenKindError, match="wanted"):
        kinds.read('[[kind]]\nid="a"\ntitle="A"\nessential=false\ngood_for="1h"\nagain=true\nwhat="w"\n')


def test_previews_are_the_developers_own(client, settings):
    settings.INBOX_PAGE = True
    page = client.get("/inbox/letters/").content.decode()
    assert all(f'href="/inbox/letters/{name}/"' in page for name in letters.shapes())
    answer = client.get("/inbox/letters/alert/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert client.get("/inbox/letters/nothing/").status_code == 404
    for path in ("/inbox/letters/", "/inbox/letters/alert/"):
        assert client.get(path, REMOTE_ADDR="192.0.2.7").status_code == 404
    settings.INBOX_PAGE = False
    assert client.get("/inbox/letters/alert/").status_code == 404
