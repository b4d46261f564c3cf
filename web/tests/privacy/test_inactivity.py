"""Accounts that nobody uses: off unless the operator wants it; three warnings, then thirty days; any use counts."""

from contextlib import contextmanager
from datetime import timedelta

import making
import pytest
from mailing import mails

from vallum_web.accounts import services as accounts
from vallum_web.accounts import tokens
from vallum_web.accounts.models import ApiToken, Membership, Operator, User
from vallum_web.accounts.services import members
from vallum_web.privacy.erasure.models import Deletion
from vallum_web.privacy.inactivity import figures, queries, services
from vallum_web.privacy.inactivity.models import Idle
from vallum_web.tenancy import clock, entitlements
from vallum_web.tenancy.jobs import is_leaving
from vallum_web.tenancy.plans import Given
from vallum_web.tenancy.scope import looking_back, scope

pytestmark = [pytest.mark.django_db, pytest.mark.policy("PP-4a")]
RULE = timedelta(days=730)
UNUSED = "unless you use it"


@pytest.fixture(autouse=True)
def _rule(settings):
    settings.INACTIVE_MONTHS = 24


@contextmanager
def days_later(days):
    """As the daily job sees it."""
    with clock.travelled(timedelta(days=days)):
        services.run()
        yield


def warned(who):
    return len(mails(to=who.email, subject=UNUSED))


def used_by_all_but(people, *unused):
    """Everybody else signs in now."""
    User.objects.exclude(pk__in=[each.pk for each in unused]).update(last_login=clock.now())


@pytest.fixture
def dora(people):
    """Somebody who belongs to no organization, with whom no one else's fate is bound up."""
    return making.person("dora@example.test", name="Dora")


def test_it_is_off_unless_wanted(dora, settings):
    settings.INACTIVE_MONTHS = 0
    with days_later(5_000):
        assert not Idle.objects.exists()
        assert figures.beyond() is None
    assert not warned(dora)
    with looking_back():
        assert not Deletion.objects.exists()


def test_three_warnings_and_then_thirty_days(dora):
    told = []
    for day in (669, 671, 672, 699, 701, 722, 724, 729):
        with days_later(day):
            told.append(warned(dora))
            assert not is_leaving(dora.pk)
            assert figures.beyond() == 0
    assert told == [0, 1, 1, 1, 2, 2, 3, 3]
    with days_later(731):
        assert is_leaving(dora.pk)
        with looking_back():
            made = Deletion.objects.get(subject=dora.pk)
        assert made.asked_by is None
        assert round((made.purge_at - made.asked_at) / timedelta(days=1)) == 30
        assert not Idle.objects.filter(person=dora.pk).exists()
    assert "Nobody has used Your account for 7" in mails(to=dora.email, kind="deletion")[-1].text


def test_a_job_that_stood_still_takes_no_warning_away(dora):
    """Two years after the rule's end the first warning goes out: from there on there are sixty days, and seven after the last."""
    last = 0
    for day in range(1_460, 1_530):
        with days_later(day):
            if is_leaving(dora.pk):
                break
            last = warned(dora)
    assert (last, day - 1_460) == (3, 60)


@pytest.mark.parametrize("use", ["signs in", "uses a token"])
def test_whoever_uses_it_is_left_alone(use, people):
    bob, token = people.bob, tokens.make(people.org, people.alice, tokens.Wanted(name="ci", role="developer"))[0]
    with days_later(671):
        assert warned(bob) == 1
        if use == "signs in":
            User.objects.filter(pk=bob.pk).update(last_login=clock.now())
        else:
            with scope(people.org.pk):
                ApiToken.objects.of(people.org).filter(pk=token.pk).update(by=bob.pk, used_at=clock.now())
    with days_later(672):
        assert not Idle.objects.filter(person=bob.pk).exists()
    with days_later(1_300):
        assert warned(bob) == 1
    with days_later(671 + 671):
        assert warned(bob) == 2


def test_people_of_single_sign_on_have_no_other_rule(dora):
    dora.set_unusable_password()
    dora.save()
    with days_later(671):
        assert warned(dora) == 1
        used_by_all_but(None)
    with days_later(735):
        assert not is_leaving(dora.pk)


def run_through(people, *unused):
    for day in (671, 701, 724, 731, 740):
        with clock.travelled(timedelta(days=day)):
            used_by_all_but(people, *unused)
            services.run()


def test_the_last_owner_stays_while_others_work_there_and_they_are_told(people):
    run_through(people, people.alice)
    assert not is_leaving(people.alice.pk)
    assert Idle.objects.get(person=people.alice.pk).waits
    assert not warned(people.alice)  # nobody is told of a deletion that does not come
    own = mails(to=people.alice.email, subject="Nobody has used your account")
    assert (len(own), all("the only owner of Acme" in mail.text for mail in own)) == (3, True)
    told = mails(to=people.bob.email, subject="The only owner of Acme")
    assert len(told) == 4  # with each warning, and when it was over
    with clock.travelled(timedelta(days=741)):
        assert queries.late() == 0
        with scope(people.org.pk):
            owner = Membership.objects.of(people.org).get(user=people.alice)
            bob = Membership.objects.of(people.org).get(user=people.bob)
        members.change_role(people.org, owner, bob.pk, "owner")
        services.run()
        assert is_leaving(people.alice.pk)
        assert not is_leaving(people.org.pk)


def test_an_organization_of_theirs_alone_goes_with_them_unless_it_is_paid_for(people):
    other = accounts.found("Other", "other", people.charlie)
    entitlements.give(other, Given(source="stripe", plan="pro", seats=5))
    run_through(people, people.charlie)
    assert not is_leaving(people.charlie.pk)
    own = mails(to=people.charlie.email, subject="Nobody has used your account")
    assert (warned(people.charlie), len(own)) == (0, 3)
    assert "the only owner of Other" in own[0].text
    entitlements.give(other, Given(source="stripe", plan="pro", seats=5, until=clock.now()))
    run_through(people, people.charlie)
    assert is_leaving(people.charlie.pk)
    assert is_leaving(people.elsewhere.pk)
    assert is_leaving(other.pk)


def test_operators_are_never_among_them(dora):
    Operator.objects.create(user=dora)
    with days_later(5_000):
        assert not Idle.objects.filter(person=dora.pk).exists()


def test_the_figure_sees_whom_the_job_forgot(dora):
    with days_later(671):
        pass
    with clock.travelled(timedelta(days=735)):
        assert figures.beyond() > 0
