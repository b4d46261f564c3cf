"""Teams, and the assets they answer for."""

import pytest

from vallum_web.accounts import tokens
from vallum_web.accounts.models import Membership, Team, TeamMember
from vallum_web.accounts.services import members, teams
from vallum_web.assets.models import Asset
from vallum_web.repositories import services as repositories
from vallum_web.tenancy.scope import scope

TEAMS = "/acme/settings/teams/"


def in_org(people, model):
    with scope(people.org.pk):
        return list(model.objects.of(people.org))


@pytest.fixture
def team(people):
    return teams.make(people.org, people.alice.pk, "Platform")


def test_a_team_is_made_filled_named_and_deleted(people, signed_in):
    browser = signed_in(people.alice)
    assert browser.post(f"{TEAMS}make/", {"name": "Platform"}).status_code == 302
    team = in_org(people, Team)[0]
    bob = next(item for item in in_org(people, Membership) if item.user_id == people.bob.pk)
    browser.post(f"{TEAMS}{team.pk}/put/", {"member": str(bob.pk)})
    browser.post(f"{TEAMS}{team.pk}/put/", {"member": str(bob.pk)})
    assert len(in_org(people, TeamMember)) == 1
    assert "Bob" in browser.get(TEAMS).content.decode()
    browser.post(f"{TEAMS}{team.pk}/rename/", {"name": "Core"})
    assert in_org(people, Team)[0].name == "Core"
    browser.post(f"{TEAMS}{team.pk}/take-out/", {"member": str(bob.pk)})
    assert in_org(people, TeamMember) == []
    browser.post(f"{TEAMS}{team.pk}/delete/")
    assert in_org(people, Team) == []


def test_two_teams_have_two_names(people, signed_in, team):
    assert signed_in(people.alice).post(f"{TEAMS}make/", {"name": "platform"}).status_code == 422
    other = teams.make(people.org, people.alice.pk, "Other")
    assert signed_in(people.alice).post(f"{TEAMS}{other.pk}/rename/", {"name": "PLATFORM"}).status_code == 422


def test_a_place_in_a_team_ends_with_the_membership(people, team):
    bob = next(item for item in in_org(people, Membership) if item.user_id == people.bob.pk)
    teams.put(team, people.alice.pk, bob)
    members.leave(people.org, people.bob)
    assert in_org(people, TeamMember) == []


def test_a_developer_sees_teams_and_changes_none(people, signed_in, team):
    browser = signed_in(people.bob)
    page = browser.get(TEAMS).content.decode()
    assert "Platform" in page
    assert "Make a team" not in page
    assert browser.post(f"{TEAMS}{team.pk}/delete/").status_code == 403


def test_an_asset_is_given_to_a_team_and_outlives_it(people, signed_in, team):
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/a/b").asset
    browser = signed_in(people.alice)
    assert browser.post(f"/acme/assets/{asset.pk}/team/", {"team": str(team.pk)}).status_code == 302
    assert "owned by Platform" in browser.get(f"/acme/assets/{asset.pk}/").content.decode()
    assert signed_in(people.bob).post(f"/acme/assets/{asset.pk}/team/", {"team": ""}).status_code == 403
    teams.delete(team, people.alice.pk)
    assert in_org(people, Asset)[0].team_id is None
    assert "owned by no team" in browser.get(f"/acme/assets/{asset.pk}/").content.decode()


def test_somebody_elses_team_owns_nothing_here(people, signed_in):
    asset = repositories.add_by_url(people.org, people.alice.pk, url="https://code.example.test/a/b").asset
    theirs = teams.make(people.elsewhere, people.charlie.pk, "Theirs")
    for wanted in (str(theirs.pk), "nonsense"):
        assert signed_in(people.alice).post(f"/acme/assets/{asset.pk}/team/", {"team": wanted}).status_code == 404
    _, text = tokens.make(people.elsewhere, people.charlie, tokens.Wanted(name="x", role="owner"))
    assert text.startswith("vlm_api_")
