"""Providers of two organizations, and what is kept of what they say."""

import pytest
from providing import provisioner

from vallum_web.accounts.models import Membership, ScimGroup, ScimUser
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope


@pytest.fixture
def provider(people):
    return provisioner(people.org, people.alice)[0]


@pytest.fixture
def theirs(people):
    """Charlie's organization has a provider as well."""
    return provisioner(people.elsewhere, people.charlie)[0]


@pytest.fixture
def row(people):
    """What is kept of a user or group, by id."""

    def read(key, kind=ScimUser):
        with scope(people.org.pk):
            joined = ("member__user", "invitation") if kind is ScimUser else ("team",)
            return kind.objects.of(people.org).select_related(*joined).filter(pk=key).first()

    return read


@pytest.fixture
def members(people):
    """Who is a member: addresses and roles."""

    def read():
        with scope(people.org.pk):
            return {m.user.email: m.role for m in Membership.objects.of(people.org).select_related("user")}

    return read


@pytest.fixture
def team(people):
    """The names of those in a group's team."""

    def read(group):
        with scope(people.org.pk):
            kept = ScimGroup.objects.of(people.org).get(pk=group)
            return sorted(place.member.user.email for place in kept.team.places.select_related("member__user"))

    return read


@pytest.fixture
def events(people):
    def read():
        with scope(people.org.pk):
            return list(Event.objects.of(people.org).order_by("id").values_list("kind", flat=True))

    return read
