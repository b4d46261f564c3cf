"""Organizations, members, tokens, theme."""

import re

import pytest

from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken, User
from vallum_web.tenancy.scope import scope

SETTINGS = "/acme/settings/"


def test_a_new_organization_gets_an_address_from_its_name(signed_in, charlie):
    browser = signed_in(charlie)
    assert browser.get("/new/").status_code == 200
    assert browser.post("/new/", {"name": "Blue & Green Ltd", "slug": ""})["Location"] == "/blue-green-ltd/"
    assert "Blue &amp; Green Ltd" in browser.get("/blue-green-ltd/").content.decode()


@pytest.mark.parametrize(
    ("name", "slug", "said"),
    [
        pytest.param("Acme too", "acme", "taken", id="another's address"),
        pytest.param("Acme", "", "taken", id="another's address, from the name"),
        pytest.param("Api", "api", "taken", id="a reserved word"),
        pytest.param("Inbox", "", "taken", id="a reserved word, from the name"),
        pytest.param("Kept", "Not A Slug", "lower-case", id="no address"),
        pytest.param("株式会社", "", "No address can be made", id="a name without latin letters"),
    ],
)
def test_an_address_that_may_not_be_says_so_and_stays(signed_in, charlie, name, slug, said):
    answer = signed_in(charlie).post("/new/", {"name": name, "slug": slug})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'value="{name}"' in answer.content.decode()


def test_members_and_their_roles_are_listed(signed_in, bob):
    page = signed_in(bob).get(SETTINGS).content.decode()
    for said in ("Alice", "alice@example.test", "Owner", "Bob", "Developer"):
        assert said in page


def test_a_token_is_shown_once(signed_in, alice, org):
    browser = signed_in(alice)
    page = browser.post(f"{SETTINGS}tokens/make/", {"name": "ci", "role": "developer", "days": "30"}).content.decode()
    text = re.search(r"vlm_api_[a-z2-7]{26}\w{6}", page)[0]
    assert tokens.authenticate(text).name == "ci"
    assert text not in browser.get(f"{SETTINGS}tokens/").content.decode()
    assert text[:12] in browser.get(f"{SETTINGS}tokens/").content.decode()


def test_an_admin_token_makes_tokens_up_to_its_own_role(signed_in, alice, client):
    asked = {"name": "ops", "role": "admin", "days": "30", "scopes": ["tokens.make", "tokens.read"]}
    page = signed_in(alice).post(f"{SETTINGS}tokens/make/", asked).content.decode()
    bearer = {"Authorization": "Bearer " + re.search(r"vlm_api_[a-z2-7]{26}\w{6}", page)[0]}

    def make(role):
        body = {"name": "made", "role": role, "scopes": ["tokens.read"]}
        return client.post("/api/v1/tokens", body, content_type="application/json", headers=bearer).status_code

    assert [make(role) for role in ("developer", "admin", "owner")] == [201, 201, 403]


def test_a_revoked_token_opens_nothing(signed_in, alice, org):
    token, text = tokens.make(org, alice, tokens.Wanted(name="ci", role="developer"))
    browser = signed_in(alice)
    answer = browser.post(f"{SETTINGS}tokens/{token.pk}/revoke/")
    assert "is revoked" in browser.get(answer["Location"]).content.decode()
    assert tokens.authenticate(text) is None


def test_a_refused_token_keeps_the_input(signed_in, alice):
    answer = signed_in(alice).post(f"{SETTINGS}tokens/make/", {"name": "kept", "role": "owner", "days": "9999"})
    assert answer.status_code == 422
    assert 'value="kept"' in answer.content.decode()


def test_only_managers_make_and_revoke(signed_in, alice, bob, org):
    token, _ = tokens.make(org, alice, tokens.Wanted(name="ci", role="developer"))
    browser = signed_in(bob)
    assert "Make a token" not in browser.get(f"{SETTINGS}tokens/").content.decode()
    assert browser.post(f"{SETTINGS}tokens/make/", {"name": "x", "role": "developer", "days": "1"}).status_code == 403
    assert browser.post(f"{SETTINGS}tokens/{token.pk}/revoke/").status_code == 403
    with scope(org.pk):
        assert ApiToken.objects.of(org).get().revoked_at is None


@pytest.mark.parametrize(
    ("back", "to"),
    [
        pytest.param("/acme/findings/?q=x", "/acme/findings/?q=x", id="the page it was on"),
        pytest.param("https://evil.example/", "/", id="another site"),
        pytest.param("//evil.example/", "/", id="another site without a scheme"),
        pytest.param("", "/", id="nowhere"),
    ],
)
def test_a_theme_is_kept_for_the_person(signed_in, alice, back, to):
    browser = signed_in(alice)
    assert browser.post("/accounts/theme/", {"theme": "dark", "next": back})["Location"] == to
    assert 'data-theme="dark"' in browser.get("/acme/").content.decode()


def test_an_unknown_theme_changes_nothing(signed_in, alice):
    signed_in(alice).post("/accounts/theme/", {"theme": "pink"})
    assert User.objects.get(pk=alice.pk).theme == "system"
