"""What people say about a finding."""

import json
from uuid import uuid4

import pytest
from django.test import Client
from making import report, secret

from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import prose, services
from vallum_web.findings.models import Comment, Finding
from vallum_web.scans import services as scans
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

PANEL = {"HX-Request": "true", "HX-Target": "panel"}


@pytest.fixture
def finding(org, alice):
    scan = scans.uploaded(assets.add(org, "repository", "shop", alice.pk), None)
    with scope(org.pk):
        services.digest(scan, report(secret("one")))
        return Finding.objects.of(org).get()


@pytest.fixture
def url(finding):
    return f"/acme/findings/{finding.pk}/"


def comments(org):
    with scope(org.pk):
        return list(Comment.objects.of(org).order_by("id"))


def told(org):
    with scope(org.pk):
        return list(Event.objects.of(org).filter(kind__contains="comment").order_by("id").values_list("kind", "actor"))


def test_a_comment_is_written_edited_and_deleted_without_javascript(org, signed_in, bob, url):
    browser = signed_in(bob)
    answer = browser.post(f"{url}comments/?severity=high", {"text": "Is this **live**?"})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?severity=high")
    (said,) = comments(org)
    page = browser.get(url).content.decode()
    for shown in ("Is this <strong>live</strong>?", "Commented by Bob", "Edit or delete"):
        assert shown in page
    browser.post(f"{url}comments/{said.pk}/", {"text": "It is `live`.\r\nRevoked."})
    page = browser.get(url).content.decode()
    for shown in ("It is <code>live</code>.<br />\nRevoked.", ", edited "):
        assert shown in page
    assert "<strong>live</strong>" not in page
    browser.post(f"{url}comments/{said.pk}/delete/")
    page = browser.get(url).content.decode()
    assert "Deleted by its writer" in page
    assert "Edit or delete" not in page
    (gone,) = comments(org)
    assert gone.text == ""
    assert gone.deleted_at
    assert told(org) == [
        ("finding.commented", bob.pk),
        ("finding.comment_edited", bob.pk),
        ("finding.comment_deleted", bob.pk),
    ]


def test_nothing_of_a_deleted_text_stays_anywhere(org, signed_in, bob, url):
    browser = signed_in(bob)
    browser.post(f"{url}comments/", {"text": "hunter2 is the password"})
    (said,) = comments(org)
    browser.post(f"{url}comments/{said.pk}/delete/")
    with scope(org.pk):
        for model in (Comment, Event, Entry):
            assert "hunter2" not in json.dumps(list(model.objects.of(org).values()), default=str)


def test_a_deleted_comment_cannot_be_written_anew(org, signed_in, bob, url):
    browser = signed_in(bob)
    browser.post(f"{url}comments/", {"text": "x"})
    (said,) = comments(org)
    browser.post(f"{url}comments/{said.pk}/delete/")
    assert browser.post(f"{url}comments/{said.pk}/", {"text": "again"}).status_code == 404
    assert browser.post(f"{url}comments/{said.pk}/delete/").status_code == 404


def test_with_htmx_the_panel_is_the_answer(signed_in, bob, finding, url):
    answer = signed_in(bob).post(f"{url}comments/", {"text": "Here."}, headers=PANEL).content.decode()
    assert "<html" not in answer
    assert answer.count(f'id="detail-{finding.pk}"') == 1
    assert "<p>Here.</p>" in answer
    assert "<template>" not in answer


def test_the_newest_stands_first_as_in_the_history(signed_in, bob, url):
    browser = signed_in(bob)
    for text in ("first words", "second words"):
        browser.post(f"{url}comments/", {"text": text})
    page = browser.get(url).content.decode()
    assert page.index("second words") < page.index("first words")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("  ", "This field is required", id="nothing"),
        pytest.param("x" * (prose.LONGEST + 1), "at most 5000 characters", id="too long"),
        pytest.param("kept\x00words", "Null characters are not allowed", id="NUL"),
    ],
)
def test_a_refused_text_is_kept_in_its_form(org, signed_in, bob, url, text, said):
    browser = signed_in(bob)
    browser.post(f"{url}comments/", {"text": "Mine."})
    (own,) = comments(org)
    for address in (f"{url}comments/", f"{url}comments/{own.pk}/"):
        for headers in ({}, PANEL):
            answer = browser.post(address, {"text": text}, headers=headers)
            assert answer.status_code == 422
            assert said in answer.content.decode()
    assert [row.text for row in comments(org)] == ["Mine."]


def test_the_longest_text_fits_as_a_browser_sends_it(org, signed_in, bob, url):
    lines = "x\n" * (prose.LONGEST // 2 - 1) + "x"
    assert signed_in(bob).post(f"{url}comments/", {"text": lines.replace("\n", "\r\n")}).status_code == 302
    assert comments(org)[0].text == lines


def test_what_others_wrote_is_theirs(org, signed_in, alice, bob, url):
    signed_in(bob).post(f"{url}comments/", {"text": "Bob's words."})
    (said,) = comments(org)
    browser = signed_in(alice)
    page = browser.get(url).content.decode()
    assert "Bob&#x27;s words." in page
    assert "Edit or delete" not in page
    assert browser.post(f"{url}comments/{said.pk}/", {"text": "Mine now."}).status_code == 404
    assert browser.post(f"{url}comments/{said.pk}/delete/").status_code == 404
    assert comments(org)[0].text == "Bob's words."


def test_a_comment_is_found_under_its_own_finding_alone(org, signed_in, alice, bob, url):
    scan = scans.uploaded(assets.add(org, "repository", "other", alice.pk), None)
    with scope(org.pk):
        services.digest(scan, report(secret("two")))
        other = Finding.objects.of(org).latest("id")
    browser = signed_in(bob)
    browser.post(f"{url}comments/", {"text": "Here."})
    (said,) = comments(org)
    assert browser.post(f"/acme/findings/{other.pk}/comments/{said.pk}/", {"text": "There."}).status_code == 404


def test_an_auditor_talks_and_billing_does_not(org, signed_in, charlie, url):
    accounts.join(org, charlie, Membership.Role.AUDITOR)
    assert signed_in(charlie).post(f"{url}comments/", {"text": "Noted."}).status_code == 302
    assert [row.text for row in comments(org)] == ["Noted."]


def test_whoever_has_left_is_a_former_member(org, signed_in, alice, finding, url):
    services.comment(org, finding.pk, uuid4(), "Farewell.")
    page = signed_in(alice).get(url).content.decode()
    assert "Farewell." in page
    assert "a former member" in page


def test_hostile_markdown_is_text_on_the_page(signed_in, alice, bob, url):
    signed_in(bob).post(f"{url}comments/", {"text": "<script>alert(1)</script> [x](javascript:alert(1))"})
    page = signed_in(alice).get(url).content.decode()
    assert "<script>alert(1)" not in page
    assert 'href="javascript:' not in page


def test_over_the_api(org, alice, bob, finding):
    def client(person):
        _, text = tokens.make(org, person, tokens.Wanted(name="n", role="developer"))
        return Client(headers={"Authorization": f"Bearer {text}"})

    base, mine = f"/api/v1/findings/{finding.pk}/comments", client(bob)
    made = mine.post(base, {"text": " *Look.* "}, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["text"], made.json()["by"]) == ("*Look.*", str(bob.pk))
    assert made.json()["html"] == "<p><em>Look.</em></p>\n"
    one = f"{base}/{made.json()['id']}"
    for text in ("", "  ", "x" * 5001, "a\x00b"):
        assert mine.post(base, {"text": text}, content_type="application/json").status_code == 422
    assert client(alice).patch(one, {"text": "Hers."}, content_type="application/json").status_code == 404
    assert client(alice).delete(one).status_code == 404
    changed = mine.patch(one, {"text": "Done."}, content_type="application/json").json()
    assert (changed["text"], bool(changed["edited_at"])) == ("Done.", True)
    assert mine.delete(one).status_code == 204
    listed = mine.get(base).json()
    assert [(item["text"], bool(item["deleted_at"])) for item in listed["items"]] == [("", True)]
    assert listed["after"] == ""


def test_many_comments_come_in_pages_and_the_panel_counts_the_rest(org, signed_in, bob, finding, url):
    with scope(org.pk):
        Comment.objects.bulk_create(Comment(org=org, finding=finding, by=bob.pk, text=f"n{n}.") for n in range(103))
    assert "3 older not shown" in signed_in(bob).get(url).content.decode()
    _, text = tokens.make(org, bob, tokens.Wanted(name="n", role="developer"))
    browser = Client(headers={"Authorization": f"Bearer {text}"})
    first = browser.get(f"/api/v1/findings/{finding.pk}/comments").json()
    rest = browser.get(f"/api/v1/findings/{finding.pk}/comments", {"after": first["after"]}).json()
    assert [len(first["items"]), len(rest["items"]), rest["after"]] == [100, 3, ""]
