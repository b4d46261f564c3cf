"""Syncs of a size: how many queries a request makes, what a sync of many people leaves, and two syncs at once."""

import os
import threading
import time

import making
import pytest
from allauth.account.models import EmailAddress
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from providing import GROUP, USER, provisioner

from vallum_web.accounts import services
from vallum_web.accounts.models import Membership, ScimGroupMember, ScimUser, TeamMember, User
from vallum_web.tenancy.scope import scope

PEOPLE = int(os.environ.get("VALLUM_SYNC", "200"))
"""Of one sync, each in a request of their own. A thousand took 43 s of this process on a busy machine of two cores."""


def many(people, provider, number):
    """Members whom the provider knows."""
    with scope(people.org.pk):
        ScimUser.objects.bulk_create(
            ScimUser(
                org=people.org,
                user_name=f"u{n}@example.test",
                user_name_key=f"u{n}@example.test",
                address=f"u{n}@example.test",
                address_keys=[f"u{n}@example.test"],
                said={"emails": [{"value": f"u{n}@example.test", "type": "work"}], "active": True},
            )
            for n in range(number)
        )
        return [str(key) for key in ScimUser.objects.of(people.org).order_by("id").values_list("pk", flat=True)]


@pytest.mark.parametrize("number", [3, 300])
def test_a_request_makes_the_same_queries_however_many_there_are(number, provider, people):
    keys = many(people, provider, number)
    members = [{"value": key} for key in keys]
    provider("POST", "/Groups", {"schemas": [GROUP], "displayName": "All", "members": members})
    group = provider("GET", "/Groups").json["Resources"][0]["id"]
    bob = {"schemas": [USER], "userName": "bob@example.test", "displayName": "Bob"}

    def counted(most, method, path, body=None):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            answer = provider(method, path, body)
        assert answer.status < 300
        # Savepoints and settings of scopes are no questions.
        real = [
            q["sql"] for q in asked if q["sql"].split(" ", 1)[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE"}
        ]
        asks = [sql for sql in real if "set_config" not in sql]
        assert len(asks) <= most, "\n".join(asks)
        return answer

    counted(7, "GET", "/Users?count=200")
    counted(7, "GET", '/Users?filter=emails[type eq "work"].value eq "u1@example.test"')
    counted(8, "GET", "/Groups")
    counted(8, "GET", f"/Groups/{group}")
    made = counted(30, "POST", "/Users", bob).json["id"]
    counted(20, "PATCH", f"/Users/{made}", _patch({"op": "replace", "path": "displayName", "value": "B"}))
    counted(26, "PATCH", f"/Groups/{group}", _patch({"op": "add", "path": "members", "value": [{"value": made}]}))
    counted(26, "PATCH", f"/Groups/{group}", _patch({"op": "remove", "path": "members"}))
    counted(26, "PUT", f"/Groups/{group}", {"schemas": [GROUP], "displayName": "All", "members": members})
    counted(30, "DELETE", f"/Users/{made}")


def _patch(*operations):
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


def known_members(people, number):
    """People with confirmed addresses who are members already, made at one stroke."""
    made = User.objects.bulk_create(User(email=f"u{n}@example.test", password="!") for n in range(number))
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in made
    )
    with scope(people.org.pk):
        Membership.objects.bulk_create(Membership(org=people.org, user=user, role="developer") for user in made)


@pytest.mark.slow
def test_many_people_are_synced(live_database):
    """Half are members already, half get an invitation; then a group of them all, and one in ten of the members is ended."""
    people = making.people()
    provider, _ = provisioner(people.org, people.alice)
    half = PEOPLE // 2
    known_members(people, half)
    keys = [provider.person(f"u{n}@example.test", externalId=str(n))["id"] for n in range(PEOPLE)]
    members = [{"value": key} for key in keys]
    made = provider("POST", "/Groups?attributes=id", {"schemas": [GROUP], "displayName": "All", "members": members})
    assert made.status == 201
    ended = keys[:half:10]
    for key in ended:
        assert provider.patch(f"/Users/{key}", {"op": "Replace", "path": "active", "value": "False"}).status == 200
    with scope(people.org.pk):
        assert ScimUser.objects.of(people.org).filter(member__isnull=False).count() == half - len(ended)
        assert ScimUser.objects.of(people.org).filter(invitation__isnull=False).count() == PEOPLE - half
        assert TeamMember.objects.of(people.org).count() == half - len(ended)


@pytest.mark.slow
def test_a_group_of_thousands_is_changed_in_seconds(provider, people):
    keys = many(people, provider, 4000)
    whole = {"schemas": [GROUP], "displayName": "All", "members": [{"value": key} for key in keys]}
    group = provider("POST", "/Groups?excludedAttributes=members", whole).json["id"]
    began = time.monotonic()
    assert provider.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{keys[7]}"]'}).status == 204
    assert time.monotonic() - began < 10
    again = provider("PUT", f"/Groups/{group}?attributes=displayName", whole)
    assert again.status == 200
    with scope(people.org.pk):
        assert ScimGroupMember.objects.of(people.org).count() == 4000
        assert TeamMember.objects.of(people.org).count() == 0


def test_two_syncs_make_one_person(live_database):
    """Of two that make the same user at once, one is told that there is one."""
    people = making.people()
    provider, _ = provisioner(people.org, people.alice)
    answers, start = [], threading.Barrier(4)

    def sync():
        start.wait()
        body = {"schemas": [USER], "userName": "bob@example.test", "emails": [{"value": "bob@example.test"}]}
        answers.append(provider("POST", "/Users", body))
        connections.close_all()

    threads = [threading.Thread(target=sync) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer.json["scimType"] for answer in answers if answer.status == 409} == {"uniqueness"}
    with scope(people.org.pk):
        assert ScimUser.objects.of(people.org).get().member.user_id == people.bob.pk
        assert Membership.objects.of(people.org).count() == 2


def test_two_syncs_end_no_two_last_owners(live_database):
    people = making.people()
    dana = making.person("dana@example.test")
    services.join(people.org, dana, Membership.Role.OWNER)
    provider, _ = provisioner(people.org, people.alice)
    other, _ = provisioner(people.org, dana)
    alice, second = (provider.person(f"{name}@example.test")["id"] for name in ("alice", "dana"))
    answers, start = [], threading.Barrier(2)

    def end(who, key):
        start.wait()
        answers.append(who.patch(f"/Users/{key}", {"op": "replace", "path": "active", "value": False}))
        connections.close_all()

    threads = [threading.Thread(target=end, args=pair) for pair in ((provider, second), (other, alice))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with scope(people.org.pk):
        assert Membership.objects.of(people.org).filter(role="owner").count() == 1
    assert min(answer.status for answer in answers) == 200
