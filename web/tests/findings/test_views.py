"""Lists that people come back to."""

import json

import pytest
from django.http import QueryDict
from django.test import Client
from making import report, secret

from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership
from vallum_web.assets import services as assets
from vallum_web.findings import services
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Finding, View
from vallum_web.scans import services as scans
from vallum_web.tenancy.audit.models import Entry
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

LIST = "/acme/findings/"
VIEWS = f"{LIST}views/"


def kept(org):
    with scope(org.pk):
        return list(View.objects.of(org).order_by("id"))


def save(org, person, name, query="", *, shared=False):
    return services.save_view(org, person.pk, name, Filters.parse(QueryDict(query)), shared=shared)


def link(page, name):
    """The chip of a view."""
    return next((part.partition("</a>")[0] for part in page.split('<a class="chip"') if f">{name}<" in part), "")


def test_a_list_is_saved_found_and_deleted_without_javascript(org, signed_in, bob):
    browser = signed_in(bob)
    answer = browser.post(f"{VIEWS}?severity=high&sort=-opened&after=x&nonsense=1", {"name": " Fresh "})
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?severity=high&sort=-opened")
    (view,) = kept(org)
    assert (view.name, view.query, view.by, view.shared) == ("Fresh", "severity=high&sort=-opened", bob.pk, False)
    assert f'href="{LIST}?severity=high&amp;sort=-opened"' in link(browser.get(LIST).content.decode(), "Fresh")
    assert 'aria-current="page"' not in link(browser.get(LIST).content.decode(), "Fresh")
    assert 'aria-current="page"' in link(browser.get(answer["Location"]).content.decode(), "Fresh")
    gone = browser.post(f"{VIEWS}{view.pk}/delete/?severity=high")
    assert (gone.status_code, gone["Location"]) == (302, f"{LIST}?severity=high")
    assert kept(org) == []
    assert not link(browser.get(LIST).content.decode(), "Fresh")


def test_the_list_as_it_comes_is_a_view_too(org, signed_in, bob):
    browser = signed_in(bob)
    browser.post(VIEWS, {"name": "All open"})
    assert f'href="{LIST}" aria-current="page"' in link(browser.get(LIST).content.decode(), "All open")


def test_what_one_keeps_is_seen_by_nobody_else_and_what_one_shares_by_all(org, signed_in, alice, bob):
    browser = signed_in(bob)
    browser.post(VIEWS, {"name": "Mine"})
    browser.post(f"{VIEWS}shared/?kind=secret", {"name": "Ours"})
    page = signed_in(alice).get(LIST).content.decode()
    assert not link(page, "Mine")
    assert 'aria-label="shared"' in page
    assert f'href="{LIST}?kind=secret"' in link(page, "Ours")


def test_me_is_whoever_looks(org, signed_in, alice, bob):
    scan = scans.uploaded(assets.add(org, "repository", "shop", alice.pk), None)
    with scope(org.pk):
        services.digest(scan, report(secret("one"), secret("two")))
        keys = list(Finding.objects.of(org).values_list("pk", flat=True))
    for person, key in zip((alice, bob), keys, strict=True):
        services.assign(org, key, alice.pk, assignee=person.pk, team=None)
    signed_in(bob).post(f"{VIEWS}shared/?assignee=me", {"name": "My work"})
    assert kept(org)[0].query == "assignee=me"
    for person, own, other in ((alice, *keys), (bob, *reversed(keys))):
        browser = signed_in(person)
        assert f'href="{LIST}?assignee=me"' in link(browser.get(LIST).content.decode(), "My work")
        page = browser.get(f"{LIST}?{kept(org)[0].query}").content.decode()
        assert f'id="finding-{own}"' in page
        assert f'id="finding-{other}"' not in page


def test_others_views_are_not_ones_own_to_delete(org, signed_in, alice, bob):
    own, shared = save(org, alice, "Mine"), save(org, alice, "Ours", shared=True)
    browser = signed_in(bob)
    assert "Delete a view" not in browser.get(LIST).content.decode()
    assert browser.post(f"{VIEWS}{own.pk}/delete/").status_code == 404
    assert browser.post(f"{VIEWS}{shared.pk}/delete/").status_code == 404
    assert browser.post(f"{VIEWS}shared/{shared.pk}/delete/").status_code == 403
    assert len(kept(org)) == 2


def test_an_owner_deletes_what_is_shared_and_nothing_that_is_private(org, signed_in, alice, bob):
    own, shared = save(org, bob, "Mine"), save(org, bob, "Ours", shared=True)
    browser = signed_in(alice)
    assert f"{VIEWS}shared/{shared.pk}/delete/" in browser.get(LIST).content.decode()
    assert browser.post(f"{VIEWS}shared/{own.pk}/delete/").status_code == 404
    assert browser.post(f"{VIEWS}shared/{shared.pk}/delete/").status_code == 302
    assert kept(org) == [own]


def test_who_shared_a_view_deletes_it(org, signed_in, bob):
    view = save(org, bob, "Ours", shared=True)
    assert signed_in(bob).post(f"{VIEWS}{view.pk}/delete/").status_code == 302
    assert kept(org) == []


def test_an_auditor_keeps_views_and_shares_none(org, signed_in, charlie):
    accounts.join(org, charlie, Membership.Role.AUDITOR)
    browser = signed_in(charlie)
    assert "Share with the organization" not in browser.get(LIST).content.decode()
    assert browser.post(VIEWS, {"name": "Mine"}).status_code == 302
    assert browser.post(f"{VIEWS}shared/", {"name": "Ours"}).status_code == 403
    assert [view.name for view in kept(org)] == ["Mine"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("", "This field is required", id="no name"),
        pytest.param("x" * 61, "at most 60 characters", id="too long"),
        pytest.param("a\u202eb", "Write it in one line", id="turns the text around"),
        pytest.param("Taken", "There is a view called Taken", id="taken"),
    ],
)
def test_a_refused_name_leaves_the_list_and_the_form(org, signed_in, bob, name, said):
    save(org, bob, "Taken")
    answer = signed_in(bob).post(f"{VIEWS}?severity=high", {"name": name})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert '<details class="more" open>' in page
    assert f"{VIEWS}?severity=high" in page
    assert len(kept(org)) == 1


def test_a_view_is_one_too_many(org, alice, bob):
    with scope(org.pk):
        for most, shared in ((50, False), (100, True)):
            View.objects.bulk_create(View(org=org, name=f"n{n}", by=bob.pk, shared=shared) for n in range(most))
    with pytest.raises(services.ViewRefusedError, match="You have 50 views"):
        save(org, bob, "One more")
    with pytest.raises(services.ViewRefusedError, match="100 views are shared"):
        save(org, alice, "One more", shared=True)
    save(org, alice, "Of somebody else")


def test_the_log_names_what_is_shared_and_not_what_is_private(org, alice, bob):
    save(org, bob, "Hidden hobby")
    services.delete_view(org, save(org, bob, "Ours", shared=True).pk, bob.pk)
    with scope(org.pk):
        events = Event.objects.of(org).filter(kind__startswith="view.").order_by("id")
        assert [(event.kind, event.data) for event in events] == [
            ("view.saved", {"shared": False}),
            ("view.saved", {"shared": True, "name": "Ours"}),
            ("view.deleted", {"shared": True, "name": "Ours"}),
        ]
        for model in (Event, Entry):
            assert "hobby" not in json.dumps(list(model.objects.of(org).values()), default=str)


def test_a_hostile_name_is_text(org, signed_in, bob):
    signed_in(bob).post(VIEWS, {"name": '"><script>alert(1)</script>'})
    page = signed_in(bob).get(LIST).content.decode()
    assert "<script>alert(1)" not in page
    assert "&quot;&gt;&lt;script&gt;alert(1)" in page


def test_over_the_api(org, alice, bob):
    def client(person, role="developer"):
        _, text = tokens.make(org, person, tokens.Wanted(name="n", role=role))
        return Client(headers={"Authorization": f"Bearer {text}"})

    mine, owners = client(bob), client(alice, "owner")
    sent = {"content_type": "application/json"}
    made = mine.post("/api/v1/views", {"name": "Mine", "query": "?severity=high&q="}, **sent)
    assert (made.status_code, made.json()["query"], made.json()["shared"]) == (201, "severity=high", False)
    shared = mine.post("/api/v1/views/shared", {"name": "Ours", "query": "assignee=me"}, **sent).json()
    assert (shared["query"], shared["shared"], shared["by"]) == ("assignee=me", True, str(bob.pk))
    assert [view["name"] for view in mine.get("/api/v1/views").json()["items"]] == ["Mine", "Ours"]
    assert [view["name"] for view in owners.get("/api/v1/views").json()["items"]] == ["Ours"]
    for name in ("", "x" * 61, "a\nb", "a\u202eb", "Mine"):
        assert mine.post("/api/v1/views", {"name": name}, **sent).status_code == 422
    assert owners.delete(f"/api/v1/views/{made.json()['id']}").status_code == 404
    assert owners.delete(f"/api/v1/views/shared/{made.json()['id']}").status_code == 404
    assert mine.delete(f"/api/v1/views/shared/{shared['id']}").status_code == 403
    assert owners.delete(f"/api/v1/views/shared/{shared['id']}").status_code == 204
    assert mine.delete(f"/api/v1/views/{made.json()['id']}").status_code == 204
    assert kept(org) == []
