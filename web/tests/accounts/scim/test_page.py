"""The page of provisioning: a provider is connected and let go, and what it made is shown."""

import re

import making
import pytest
from providing import GROUP, USER, provisioner

from vallum_web.accounts import services, tokens
from vallum_web.accounts.models import ApiToken, Provisioning, ScimUser, Team
from vallum_web.accounts.scim import listing
from vallum_web.tenancy.scope import scope

PAGE = "/acme/settings/provisioning/"


@pytest.fixture
def browser(alice, signed_in):
    return signed_in(alice)


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_a_token_is_shown_once_and_opens_provisioning(browser, people):
    made = browser.post(f"{PAGE}connect/", {"name": "Okta", "networks": "", "days": 90})
    secret = re.search(r"vlm_scim_[a-z2-7]{26}[0-9A-Za-z]{6}", made.content.decode())[0]
    assert secret not in browser.get(PAGE).content.decode()
    token = tokens.authenticate(secret, ApiToken.Kind.SCIM)
    assert (token.role, token.scopes) == ("owner", ["scim.manage"])
    assert tokens.authenticate(secret) is None
    assert "connected" in text(browser.get(PAGE))
    gone = browser.post(f"{PAGE}{token.pk}/disconnect/", follow=True)
    assert "reaches nothing here any more" in text(gone)
    assert tokens.authenticate(secret, ApiToken.Kind.SCIM) is None


@pytest.mark.asvs("7.5.3")
def test_connecting_asks_for_a_fresh_proof(people, signed_in):
    stale = signed_in(people.alice, fresh=False)
    for path, form in (
        (f"{PAGE}connect/", {"name": "Okta", "days": 90}),
        (f"{PAGE}settle/", {"default_role": "auditor"}),
    ):
        sent = stale.post(path, form)
        assert sent.status_code == 302
        assert "reauthenticate" in sent.headers["Location"]
    with scope(people.org.pk):
        assert not ApiToken.objects.of(people.org).exists()
        assert not Provisioning.objects.of(people.org).exists()


def test_a_form_that_cannot_be_says_why(browser, people):
    wrong = browser.post(f"{PAGE}connect/", {"name": "Okta", "networks": "nowhere", "days": 9000})
    assert (wrong.status_code, "is no network" in text(wrong)) == (422, True)
    owner = browser.post(f"{PAGE}settle/", {"default_role": "owner"})
    assert owner.status_code == 422
    with scope(people.org.pk):
        assert not ApiToken.objects.of(people.org).exists()


def test_what_is_settled_holds(browser, provider, members):
    browser.post(f"{PAGE}settle/", {"default_role": "auditor", "roles_count": "on"})
    assert browser.get(PAGE).context["how"].default_role == "auditor"
    provider.person("bob@example.test")
    assert members()["bob@example.test"] == "auditor"


def test_another_kind_of_token_is_not_let_go_here(browser, people):
    token, _ = tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="developer"))
    assert browser.post(f"{PAGE}{token.pk}/disconnect/").status_code == 404


def test_people_are_listed_by_how_they_stand(browser, provider, people):
    provider.person("bob@example.test", displayName="Bob\u202e")
    provider.person("dana@example.test")
    provider("POST", "/Users", {"schemas": [USER], "userName": "robot"})
    services.join(people.org, making.person("erin@example.test"), "developer")
    gone = provider.person("erin@example.test")["id"]
    provider.patch(f"/Users/{gone}", {"op": "replace", "value": {"active": False}})
    provider("POST", "/Users", {"schemas": [USER], "userName": "robot"})
    shown = browser.get(PAGE)
    words = text(shown)
    for word in ("U+202E", "Member Developer", "Invited at dana@example.test", "No email address", "Ended"):
        assert word in words
    assert "The provider was told no just now : There is a user of this userName" in words
    assert shown.context["counts"] == {"all": 4, "members": 1, "waiting": 2, "ended": 1}
    for state, number in (("members", 1), ("waiting", 2), ("ended", 1), ("nonsense", 4)):
        assert len(browser.get(PAGE, {"state": state}).context["page"].lines) == number


def test_a_long_list_has_pages_and_the_same_queries(browser, people, django_assert_max_num_queries):
    def page(**search):
        with django_assert_max_num_queries(45):
            return browser.get(PAGE, search)

    for first in (0, 60):
        with scope(people.org.pk):
            ScimUser.objects.bulk_create(
                ScimUser(org=people.org, user_name=f"u{n:03}", user_name_key=f"u{n:03}")
                for n in range(first, first + 60)
            )
        found = page()
        assert len(found.context["page"].lines) == 50
    second = page(after=found.context["page"].next)
    assert second.context["page"].lines[0].row.user_name == "u050"
    assert page(after="forged").context["page"].lines[0].row.user_name == "u000"


def test_a_providers_team_is_not_changed_by_hand(browser, provider, people):
    bob = provider.person("bob@example.test")["id"]
    provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Ops", "members": [{"value": bob}]})
    with scope(people.org.pk):
        team = Team.objects.of(people.org).get()
        member = ScimUser.objects.of(people.org).get().member_id
    page = text(browser.get("/acme/settings/teams/"))
    assert "looked after by your identity provider" in page
    assert "Take out" not in page
    for act, form in (
        ("rename", {"name": "Mine"}),
        ("delete", {}),
        ("put", {"member": member}),
        ("take-out", {"member": member}),
    ):
        refused = browser.post(f"/acme/settings/teams/{team.pk}/{act}/", form)
        assert (refused.status_code, "change its group there" in text(refused)) == (422, True)
    with scope(people.org.pk):
        assert Team.objects.of(people.org).get().name == "Ops"


def test_calls_are_counted(people):
    provider, _ = provisioner(people.org, people.alice)
    answer = provider("GET", "/Users")
    assert '"ProvisioningPerToken";q=1200;w=60' in answer.headers["RateLimit-Policy"]
    statuses = set()
    unknown = provider.client
    for _ in range(40):
        refused = unknown.get("/scim/v2/Users", headers={"Authorization": "Bearer vlm_scim_x"})
        statuses.add(refused.status_code)
    assert statuses == {401, 429}
    assert refused.headers["Content-Type"] == "application/scim+json"
    assert int(refused.headers["Retry-After"]) > 0
    assert provider("GET", "/Users").status == 200


def test_words_of_every_state_have_a_mark():
    assert {listing.known(text) for text in ("", "members", "waiting", "ended")} == set(listing.State)
