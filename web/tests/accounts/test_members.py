"""Members: invited, given roles, removed, leaving; and the organization that always keeps an owner."""

import re
import threading
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

import making
import pytest
from django.db import connections
from django.test import Client
from mailing import last

from vallum_web.accounts import queries, services, tokens
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Invitation, Membership, User
from vallum_web.accounts.services import invitations, members
from vallum_web.accounts.standing import may_move
from vallum_web.tenancy import clock
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope

SETTINGS = "/acme/settings/"


@pytest.fixture(autouse=True)
def _outbox(settings):
    settings.PUBLIC_URL = "https://vallum.example.test"


def kinds(org):
    with scope(org.pk):
        return list(Event.objects.of(org).order_by("id").values_list("kind", flat=True))


def role_of(org, user):
    with scope(org.pk):
        found = Membership.objects.of(org).filter(user=user).first()
        return found and found.role


def key_of(org, user):
    with scope(org.pk):
        return Membership.objects.of(org).get(user=user).pk


def member(org, user):
    with scope(org.pk):
        return queries.member(org, user.pk)


def link_to(address):
    text = last(to=address).text
    return urlsplit(re.search(r"https://\S+", text)[0]).path


@pytest.mark.parametrize(
    ("actor", "present", "wanted", "expected"),
    [
        pytest.param("owner", "owner", "admin", True, id="an owner may take an owner down"),
        pytest.param("owner", "billing", "owner", True, id="an owner may make owners"),
        pytest.param("admin", "owner", "admin", False, id="an admin does not reach owners"),
        pytest.param("admin", "developer", "owner", False, id="an admin makes no owner"),
        pytest.param("admin", "admin", "auditor", True, id="an admin may take an admin down"),
        pytest.param("admin", "owner", None, False, id="an admin removes no owner"),
        pytest.param("owner", "owner", None, True, id="an owner may remove an owner"),
    ],
)
def test_nobody_reaches_above_themselves(actor, present, wanted, expected):
    assert may_move(actor, present, wanted) is expected


@pytest.mark.policy("PP-1.1d")
@pytest.mark.asvs("8.2.1", "8.3.1")
def test_a_role_is_changed_and_counts_on_the_next_page(people, signed_in):
    bobs = signed_in(people.bob)
    assert bobs.get("/acme/assets/add/").status_code == 200
    answer = signed_in(people.alice).post(
        f"{SETTINGS}members/{key_of(people.org, people.bob)}/role/", {"role": "auditor"}
    )
    assert answer.status_code == 302
    assert bobs.get("/acme/assets/add/").status_code == 403
    assert "member.role" in kinds(people.org)


def test_an_admin_cannot_make_themselves_or_others_an_owner(people, signed_in):
    with scope(people.org.pk):
        Membership.objects.of(people.org).filter(user=people.bob).update(role=Role.ADMIN)
    browser = signed_in(people.bob)
    for user in (people.bob, people.alice):
        path = f"{SETTINGS}members/{key_of(people.org, user)}/role/"
        assert browser.post(path, {"role": "owner"}).status_code == 422
    assert browser.post(f"{SETTINGS}members/{key_of(people.org, people.alice)}/remove/").status_code == 422
    assert (role_of(people.org, people.alice), role_of(people.org, people.bob)) == ("owner", "admin")


def test_the_last_owner_stays_one(people, signed_in):
    browser, key = signed_in(people.alice), key_of(people.org, people.alice)
    assert browser.post(f"{SETTINGS}members/{key}/role/", {"role": "admin"}).status_code == 422
    assert browser.post(f"{SETTINGS}members/{key}/remove/").status_code == 422
    assert "last owner" in browser.post(f"{SETTINGS}general/leave/", follow=True).content.decode()
    assert role_of(people.org, people.alice) == "owner"
    User.objects.filter(pk=people.bob.pk).update(is_active=False)
    with scope(people.org.pk):
        Membership.objects.of(people.org).filter(user=people.bob).update(role=Role.OWNER)
    assert browser.post(f"{SETTINGS}members/{key}/role/", {"role": "admin"}).status_code == 422


def test_who_is_removed_is_a_stranger_at_once_and_so_are_their_tokens(people, signed_in):
    _, text = tokens.make(people.org, people.bob, tokens.Wanted(name="ci", role=Role.DEVELOPER))
    bobs = signed_in(people.bob)
    assert bobs.get("/acme/").status_code == 200
    signed_in(people.alice).post(f"{SETTINGS}members/{key_of(people.org, people.bob)}/remove/")
    assert bobs.get("/acme/").status_code == 404
    assert tokens.authenticate(text) is None


def test_a_member_leaves(people, signed_in):
    signed_in(people.bob).post(f"{SETTINGS}general/leave/")
    assert role_of(people.org, people.bob) is None
    assert kinds(people.org)[-1] == "member.removed"


def test_ownership_is_handed_over_after_a_fresh_proof(people, signed_in):
    heir = {"member": str(key_of(people.org, people.bob))}
    stale = signed_in(people.alice, fresh=False).post(f"{SETTINGS}general/transfer/", heir)
    assert stale["Location"].startswith("/accounts/reauthenticate/")
    assert role_of(people.org, people.bob) == "developer"
    assert signed_in(people.bob).post(f"{SETTINGS}general/transfer/", heir).status_code == 403
    assert signed_in(people.alice).post(f"{SETTINGS}general/transfer/", heir).status_code == 302
    assert (role_of(people.org, people.alice), role_of(people.org, people.bob)) == ("admin", "owner")


class TestAddress:
    @pytest.mark.policy("PP-1.1b")
    def test_the_former_one_leads_members_on_for_90_days_and_is_then_free(self, people, signed_in):
        browser = signed_in(people.alice)
        assert browser.post(f"{SETTINGS}general/rename/", {"name": "Acme", "slug": "acme-two"}).status_code == 302
        assert browser.get("/acme/findings/?q=x")["Location"] == "/acme-two/findings/?q=x"
        assert signed_in(people.charlie).get("/acme/").status_code == 404
        taken = {"name": "Other", "slug": "acme"}
        assert signed_in(people.charlie).post("/new/", taken).status_code == 422
        with clock.travelled(timedelta(days=91)):
            fresh = signed_in(people.charlie)
            assert fresh.post("/new/", taken).status_code == 302
            assert signed_in(people.alice).get("/acme/").status_code == 404

    def test_it_can_be_taken_back(self, people, signed_in):
        browser = signed_in(people.alice)
        browser.post(f"{SETTINGS}general/rename/", {"name": "Acme", "slug": "acme-two"})
        assert browser.post("/acme-two/settings/general/rename/", {"name": "Acme", "slug": "acme"}).status_code == 302
        assert browser.get("/acme/").status_code == 200
        assert browser.get("/acme-two/")["Location"] == "/acme/"

    def test_somebody_elses_and_reserved_ones_are_refused(self, people, signed_in):
        for slug in ("elsewhere", "api", "Not A Slug"):
            answer = signed_in(people.alice).post(f"{SETTINGS}general/rename/", {"name": "Acme", "slug": slug})
            assert answer.status_code == 422


class TestInvitations:
    def invite(self, people, address="dana@example.test", role="developer"):
        return invitations.invite(people.org, member(people.org, people.alice), email=address, role=role)

    def test_from_the_form_to_the_first_page(self, people, signed_in):
        asked = {"email": "Dana@Example.test", "role": "security"}
        assert signed_in(people.alice).post(f"{SETTINGS}invite/", asked).status_code == 302
        link = link_to("dana@example.test")
        stranger = Client().get(link).content.decode()
        assert "Acme" in stranger
        assert "dana@" not in stranger
        dana = making.person("dana@example.test")
        browser = signed_in(dana)
        assert browser.post(link)["Location"] == "/acme/"
        assert role_of(people.org, dana) == "security"
        assert Client().get(link).status_code == 404
        assert kinds(people.org)[-2:] == ["member.invited", "member.joined"]

    @pytest.mark.asvs("6.3.4")
    def test_it_is_good_for_its_own_address_alone(self, people, signed_in):
        self.invite(people)
        link = link_to("dana@example.test")
        page = signed_in(people.charlie).post(link)
        assert page.status_code == 422
        assert "dana@" not in page.content.decode()
        assert role_of(people.org, people.charlie) is None
        unproved = making.person("dana@example.test", verified=False)
        assert signed_in(unproved).post(link).status_code == 422

    def test_it_ends(self, people, signed_in):
        made = self.invite(people)
        link = link_to("dana@example.test")
        with clock.travelled(timedelta(days=8)):
            assert Client().get(link).status_code == 404
        assert Client().get(link).status_code == 200
        assert signed_in(people.alice).post(f"{SETTINGS}invitations/{made.pk}/withdraw/").status_code == 302
        assert Client().get(link).status_code == 404

    def test_a_second_one_replaces_the_first(self, people):
        self.invite(people)
        first = link_to("dana@example.test")
        self.invite(people, role="auditor")
        assert Client().get(first).status_code == 404
        assert Client().get(link_to("dana@example.test")).status_code == 200

    def test_nobody_invites_above_themselves(self, people):
        with scope(people.org.pk):
            Membership.objects.of(people.org).filter(user=people.bob).update(role=Role.ADMIN)
        with pytest.raises(invitations.NotInvitedError):
            invitations.invite(people.org, member(people.org, people.bob), email="x@example.test", role="owner")

    def test_who_was_invited_signs_up_where_signing_up_is_closed(self, people, settings):
        settings.SIGNUP_OPEN = False
        self.invite(people)
        browser = Client()
        assert b"closed" in browser.get("/accounts/signup/").content.lower()
        browser.get(link_to("dana@example.test"))
        other = making.signup_form("other@example.test")
        assert browser.post("/accounts/signup/", other).status_code == 200
        mine = making.signup_form("dana@example.test")
        assert browser.post("/accounts/signup/", mine).status_code == 302
        assert User.objects.filter(email="dana@example.test").exists()
        assert not User.objects.filter(email="other@example.test").exists()

    def test_they_are_forgotten_30_days_after_their_end(self, people):
        self.invite(people)
        with clock.travelled(timedelta(days=40)):
            invitations.prune(people.org.pk)
        with scope(people.org.pk):
            assert not Invitation.objects.of(people.org).exists()

    @pytest.mark.asvs("2.3.2")
    def test_without_a_seat_the_answer_says_whom_to_ask(self, people, signed_in):
        services.set_plan(people.org, "free", 2)
        self.invite(people)
        dana = making.person("dana@example.test")
        answer = signed_in(dana).post(link_to("dana@example.test"))
        assert answer.status_code == 422
        assert "an owner has to add a seat" in answer.content.decode()
        services.set_plan(people.org, "free", 3)
        assert signed_in(dana).post(link_to("dana@example.test")).status_code == 302


def together(*calls):
    """Run the calls at the same moment, each on a connection of its own; what each raised, or None."""
    barrier, ends = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, call):
        try:
            barrier.wait()
            call()
        except ValueError as error:
            ends[number] = type(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


@pytest.mark.slow
@pytest.mark.asvs("2.3.3", "2.3.4", "15.4.1", "15.4.2")
class TestRaces:
    ROUNDS = 25

    def test_the_last_seat_is_given_once(self, live_database):
        people = making.people()
        services.set_plan(people.org, "free", 3)
        for number in range(self.ROUNDS):
            rivals = [making.person(f"r{number}-{which}@example.test") for which in range(3)]
            ends = together(*[lambda rival=rival: services.join(people.org, rival, "auditor") for rival in rivals])
            assert sorted(map(str, ends)).count("None") == 1
            with scope(people.org.pk):
                assert Membership.objects.of(people.org).count() == 3
                Membership.objects.of(people.org).filter(user__in=rivals).delete()

    def test_two_owners_do_not_leave_at_once(self, live_database):
        people = making.people()
        for _ in range(self.ROUNDS):
            with scope(people.org.pk):
                Membership.objects.of(people.org).filter(user=people.bob).update(role=Role.OWNER)
                Membership.objects.of(people.org).filter(user=people.alice).update(role=Role.OWNER)
            alice, bob = (member(people.org, user) for user in (people.alice, people.bob))
            ends = together(
                lambda alice=alice, bob=bob: members.change_role(people.org, alice, bob.pk, "developer"),
                lambda alice=alice, bob=bob: members.change_role(people.org, bob, alice.pk, "developer"),
            )
            assert ends.count(None) == 1
            with scope(people.org.pk):
                assert Membership.objects.of(people.org).filter(role=Role.OWNER).count() == 1

    def test_an_invitation_is_used_once(self, live_database):
        people = making.people()
        for number in range(self.ROUNDS):
            dana = making.person(f"d{number}@example.test")
            made = invitations.invite(people.org, member(people.org, people.alice), email=dana.email, role="developer")
            accept = partial(invitations.accept, people.org, made.pk, dana, verified=True)
            assert together(accept, accept, accept).count(None) == 1
