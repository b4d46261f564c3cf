"""What a provider's word does to memberships, and what it never does to a person."""

from dataclasses import replace
from datetime import timedelta

import making
import pytest
from allauth.account.models import EmailAddress
from mailing import mails
from providing import GROUP, USER, provisioner

from vallum_web.accounts import queries, tokens
from vallum_web.accounts.models import Domain, Invitation, User
from vallum_web.accounts.scim.services import connection
from vallum_web.accounts.scim.services import people as provisioning
from vallum_web.accounts.services import invitations, join, set_plan
from vallum_web.accounts.services import members as services
from vallum_web.accounts.throttle import PROVIDERS_INVITES
from vallum_web.tenancy import clock
from vallum_web.tenancy.limits.rate import Rate
from vallum_web.tenancy.scope import scope

OFF = {"op": "replace", "value": {"active": False}}
ON = {"op": "replace", "value": {"active": True}}


def accept(people, row, user):
    invitations.accept(people.org, row.invitation_id, user, verified=True)


def person(email, **more):
    return making.person(email, **more)


@pytest.mark.asvs("7.4.2", "8.3.1")
def test_an_ended_membership_ends_at_once_and_comes_back(provider, people, row, members, events, signed_in):
    key = provider.person("bob@example.test")["id"]
    browser = signed_in(people.bob)
    wanted = tokens.Wanted(name="ci", role="developer")
    _, text = tokens.make(people.org, people.bob, wanted)
    assert row(key).member.user == people.bob
    assert browser.get("/acme/findings/").status_code == 200

    assert provider.patch(f"/Users/{key}", OFF).json["active"] is False
    assert sorted(members()) == ["alice@example.test"]
    assert browser.get("/acme/findings/").status_code == 404
    assert tokens.authenticate(text) is None
    assert User.objects.get(pk=people.bob.pk).is_active

    assert provider.patch(f"/Users/{key}", ON).status == 200
    assert members()["bob@example.test"] == "developer"
    assert browser.get("/acme/findings/").status_code == 200
    assert [kind for kind in events() if "scim" in kind or kind.startswith("member.")] == [
        "member.joined",
        "scim.user_made",
        "scim.user_linked",
        "scim.user_changed",
        "member.removed",
        "scim.user_changed",
        "member.joined",
        "scim.user_linked",
    ]


def test_a_membership_comes_back_with_its_role(provider, people, members):
    with scope(people.org.pk):
        alice, bob = (queries.member(people.org, who.pk) for who in (people.alice, people.bob))
        services.change_role(people.org, alice, bob.pk, "security")
    key = provider.person("bob@example.test")["id"]
    provider.patch(f"/Users/{key}", OFF)
    provider.patch(f"/Users/{key}", ON)
    assert members()["bob@example.test"] == "security"


def test_the_persons_own_account_is_never_changed(provider, people, members):
    before = User.objects.filter(pk=people.bob.pk).values().get()
    addresses = list(EmailAddress.objects.filter(user=people.bob).values())
    key = provider.person("bob@example.test", displayName="Robert", password="new password of the provider")["id"]
    provider.patch(
        f"/Users/{key}",
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "robert@example.test"},
        {"op": "replace", "path": "userName", "value": "robert@example.test"},
        {"op": "replace", "path": "password", "value": "another"},
    )
    assert provider("DELETE", f"/Users/{key}").status == 204
    assert User.objects.filter(pk=people.bob.pk).values().get() == before
    assert list(EmailAddress.objects.filter(user=people.bob).values()) == addresses
    assert "bob@example.test" not in members()


def test_who_is_deleted_and_made_anew_is_invited_where_no_domain_is_proved(provider, people, row, members):
    key = provider.person("bob@example.test")["id"]
    provider("DELETE", f"/Users/{key}")
    again = provider.person("bob@example.test")["id"]
    assert again != key
    assert row(again).invitation.email == "bob@example.test"


def test_an_address_that_nobody_proved_gets_an_invitation(provider, people, row, members, team):
    key = provider.person("dana@example.test")["id"]
    group = provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "Ops", "members": [{"value": key}]}).json
    assert "dana@example.test" not in members()
    assert row(key).invitation.email == "dana@example.test"
    assert team(group["id"]) == []

    accept(people, row(key), person("dana@example.test"))
    assert members()["dana@example.test"] == "developer"
    assert row(key).member.user.email == "dana@example.test"
    assert row(key).invitation is None
    assert team(group["id"]) == ["dana@example.test"]


@pytest.fixture
def proved(people):
    """example.test is Acme's own, elsewhere.test is Charlie's, and pending.test is nobody's yet."""
    for org, name, at in (
        (people.org, "example.test", clock.now()),
        (people.elsewhere, "elsewhere.test", clock.now()),
        (people.org, "pending.test", None),
    ):
        with scope(org.pk):
            Domain.objects.create(org=org, name=name, challenge="x", verified_at=at)


def test_an_address_of_a_proved_domain_is_a_member_at_once(proved, provider, people, row, members, events):
    key = provider.person("New.Person@Example.test", displayName="New Person")["id"]
    assert members()["new.person@example.test"] == "developer"
    user = row(key).member.user
    assert (user.name, user.has_usable_password()) == ("New Person", False)
    assert EmailAddress.objects.get(user=user).verified
    assert not mails()
    provider.patch(f"/Users/{key}", OFF)
    assert User.objects.filter(pk=user.pk, is_active=True).exists()
    provider("DELETE", f"/Users/{key}")
    again = provider.person("new.person@example.test")["id"]
    assert row(again).member.user == user, "one person, whatever the provider calls them"


def test_somebody_with_an_account_of_such_an_address_is_that_person(proved, provider, people, row, members):
    dana = person("dana@example.test")
    key = provider.person("dana@example.test", displayName="Another name")["id"]
    assert row(key).member.user == dana
    assert User.objects.get(pk=dana.pk).name == ""


@pytest.mark.asvs("8.2.2")
@pytest.mark.parametrize(
    "address",
    [
        "dana@elsewhere.test",
        "dana@pending.test",
        "dana@sub.example.test",
        "dana@notexample.test",
        "dana@example.test.evil.test",
        "dana@example.testx",
    ],
)
def test_an_address_of_any_other_domain_is_invited(address, proved, provider, row, members):
    key = provider.person(address)["id"]
    assert address not in members()
    assert row(key).invitation.email == address
    assert not User.objects.filter(email=address).exists()


def test_an_account_that_waits_for_its_address_is_not_let_in(proved, provider, row, members):
    """Somebody signed up with another person's address: were it a member, whose confirmation opens it would be theirs."""
    making.person("dana@example.test", verified=False)
    key = provider.person("dana@example.test")["id"]
    assert "dana@example.test" not in members()
    assert row(key).invitation.email == "dana@example.test"


def test_a_provider_invites_so_many_strangers_a_day(provider, people, members, monkeypatch):
    few = replace(PROVIDERS_INVITES, rate=Rate(count=2, period=timedelta(days=1), burst=2))
    monkeypatch.setattr(provisioning, "PROVIDERS_INVITES", few)
    provider.person("a@example.test")
    provider.person("b@example.test")
    body = {"schemas": [USER], "userName": "c@example.test"}
    refused = provider("POST", "/Users", body)
    assert (refused.status, int(refused.headers["Retry-After"]) > 3600) == (429, True)
    assert "prove the address's domain" in refused.json["detail"]
    assert provider("GET", "/Users").json["totalResults"] == 2


def test_ending_somebody_who_is_only_invited_takes_the_invitation_back(provider, people, row):
    key = provider.person("dana@example.test")["id"]
    sent = row(key).invitation_id
    provider.patch(f"/Users/{key}", OFF)
    assert row(key).invitation is None
    with scope(people.org.pk):
        assert Invitation.objects.of(people.org).get(pk=sent).withdrawn_at is not None
    provider.patch(f"/Users/{key}", ON)
    assert row(key).invitation.email == "dana@example.test"


def test_another_address_gets_another_invitation(provider, people, row):
    key = provider.person("dana@example.test")["id"]
    provider.patch(f"/Users/{key}", {"op": "replace", "path": "emails", "value": [{"value": "d@example.test"}]})
    with scope(people.org.pk):
        assert [each.email for each in queries.open_invitations(people.org)] == ["d@example.test"]


def test_who_joins_another_way_is_known_all_the_same(provider, people, row):
    key = provider.person("dana@example.test")["id"]
    dana = person("dana@example.test")
    join(people.org, dana, "auditor")
    assert row(key).member.user == dana


def test_an_account_whose_address_is_not_proved_is_not_taken_for_the_person(provider, people, row, members):
    squatter = User.objects.create_user("dana@example.test", "correct horse battery")
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    key = provider.person("dana@example.test")["id"]
    assert "dana@example.test" not in members()
    assert row(key).invitation is not None
    join(people.org, squatter, "developer")
    assert row(key).member is None


@pytest.mark.asvs("8.2.1")
def test_the_last_owner_stays(provider, row, members):
    key = provider.person("alice@example.test")["id"]
    for method in ("PATCH", "DELETE"):
        refused = provider.patch(f"/Users/{key}", OFF) if method == "PATCH" else provider("DELETE", f"/Users/{key}")
        assert refused.status == 409
        assert "last owner" in refused.json["detail"]
    assert members()["alice@example.test"] == "owner"
    assert row(key).active is True


def test_an_admins_token_does_not_reach_an_owner(people, members):
    dana, erin = person("dana@example.test"), person("erin@example.test")
    join(people.org, dana, "admin")
    join(people.org, erin, "owner")
    provider, _ = provisioner(people.org, dana, role="admin")
    key = provider.person("erin@example.test")["id"]
    refused = provider.patch(f"/Users/{key}", OFF)
    assert (refused.status, members()["erin@example.test"]) == (403, "owner")
    owners, _ = provisioner(people.org, people.alice)
    assert owners.patch(f"/Users/{key}", OFF).status == 200
    assert "erin@example.test" not in members()


def test_seats_are_counted(provider, people, row, members):
    key = provider.person("bob@example.test")["id"]
    provider.patch(f"/Users/{key}", OFF)
    set_plan(people.org, "free", 1)
    refused = provider.patch(f"/Users/{key}", ON)
    assert refused.status == 403
    assert "as many members as its plan Free allows" in refused.json["detail"]
    assert (row(key).active, "bob@example.test" in members()) == (False, False)
    with scope(people.org.pk):
        kept = connection.Provisioning.objects.of(people.org).get()
    assert kept.refused == refused.json["detail"]
    set_plan(people.org, "free", 2)
    assert provider.patch(f"/Users/{key}", ON).status == 200


def test_who_was_removed_by_hand_stays_out_until_activated_anew(provider, people, row, members):
    key = provider.person("bob@example.test")["id"]
    with scope(people.org.pk):
        alice, bob = (queries.member(people.org, who.pk) for who in (people.alice, people.bob))
        services.remove(people.org, alice, bob.pk)
    assert provider.patch(f"/Users/{key}", {"op": "replace", "path": "displayName", "value": "Bob"}).status == 200
    assert "bob@example.test" not in members()
    provider.patch(f"/Users/{key}", OFF)
    provider.patch(f"/Users/{key}", ON)
    assert "bob@example.test" in members()


def test_one_person_is_one_user(provider, row):
    provider.person("bob@example.test")
    twice = provider(
        "POST", "/Users", {"schemas": [USER], "userName": "robert", "emails": [{"value": "bob@example.test"}]}
    )
    assert (twice.status, twice.json["scimType"]) == (409, "uniqueness")
    assert "another user name" in twice.json["detail"]


def test_a_providers_token_dies_with_its_makers_membership(people, members):
    dana = person("dana@example.test")
    join(people.org, dana, "admin")
    provider, _ = provisioner(people.org, dana, role="admin")
    key = provider.person("dana@example.test")["id"]
    assert provider.patch(f"/Users/{key}", OFF).status == 200
    assert provider("GET", "/Users").status == 401


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        ({"roles": [{"value": "Auditor"}]}, "auditor"),
        ({"roles": [{"value": "auditor"}, {"value": "ADMIN"}]}, "admin"),
        ({"entitlements": [{"value": "security"}]}, "security"),
        ({"roles": [{"value": '{"id":"7","value":"Admin","displayName":"Admins"}'}]}, "admin"),
        ({"roles": [{"value": "owner"}]}, "developer"),
        ({"roles": [{"value": "billing"}, {"value": "root"}]}, "developer"),
        ({}, "developer"),
    ],
)
def test_where_the_providers_word_counts_it_says_the_role(said, becomes, provider, people, members):
    connection.settle(people.org, people.alice.pk, default_role="developer", roles_count=True)
    provider.person("bob@example.test", **said)
    assert members()["bob@example.test"] == becomes


def test_where_it_does_not_count_nothing_changes(provider, people, members):
    key = provider.person("bob@example.test", roles=[{"value": "admin"}])["id"]
    assert members()["bob@example.test"] == "developer"
    connection.settle(people.org, people.alice.pk, default_role="auditor", roles_count=True)
    provider.patch(f"/Users/{key}", {"op": "add", "path": "displayName", "value": "Bob"})
    assert members()["bob@example.test"] == "admin"
    provider.patch(f"/Users/{key}", {"op": "remove", "path": "roles"})
    assert members()["bob@example.test"] == "auditor"


def test_an_owner_is_no_less_by_a_providers_word(provider, people, members):
    connection.settle(people.org, people.alice.pk, default_role="developer", roles_count=True)
    provider.person("alice@example.test", roles=[{"value": "auditor"}])
    assert members()["alice@example.test"] == "owner"
