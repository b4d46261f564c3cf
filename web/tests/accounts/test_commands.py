"""People and organizations from the operator's command line."""

import io

import making
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from vallum_web.accounts.models import Membership, User
from vallum_web.tenancy import lookups
from vallum_web.tenancy.models import Event
from vallum_web.tenancy.scope import scope


def run(*arguments):
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def role_of(org, email):
    with scope(org.pk):
        return Membership.objects.of(org).get(user__email=email).role


def test_a_second_owner_gets_an_organization_of_another_name(db, client):
    assert "/main/" in run("create_owner", "one@example.test", "--generate")
    with pytest.raises(CommandError, match=r"taken.*--org NAME or --slug ADDRESS"):
        run("create_owner", "two@example.test", "--generate")
    said = run("create_owner", "two@example.test", "--org", "Blue & Green", "--generate")
    assert "/blue-green/" in said
    password = said.rsplit("password: ", 1)[1].strip()
    client.post("/accounts/login/", {"login": "two@example.test", "password": password})
    making.accept(client)
    assert client.get("/")["Location"] == "/blue-green/"


def test_a_new_person_joins_and_can_sign_in(client, org):
    said = run("add_member", "Dora@example.test", "--org", "acme", "--role", "security", "--generate")
    assert role_of(org, "dora@example.test") == "security"
    password = said.rsplit("password: ", 1)[1].strip()
    client.post("/accounts/login/", {"login": "dora@example.test", "password": password})
    making.accept(client)
    assert client.get("/acme/").status_code == 200


def test_a_person_with_an_account_joins_with_it(org, charlie):
    before = charlie.password
    said = run("add_member", "charlie@example.test", "--org", "acme", "--role", "auditor")
    assert "password" not in said
    assert role_of(org, "charlie@example.test") == "auditor"
    assert User.objects.get(pk=charlie.pk).password == before


def test_a_password_comes_from_the_environment_where_nobody_can_be_asked(org, monkeypatch):
    monkeypatch.setenv("VALLUM_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        run("add_member", "dora@example.test", "--org", "acme", "--role", "developer")
    monkeypatch.setenv("VALLUM_PASSWORD", "a rather long sentence")
    run("add_member", "dora@example.test", "--org", "acme", "--role", "developer")
    assert User.objects.get(email="dora@example.test").check_password("a rather long sentence")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("dora@example.test", "--org", "nowhere"), "no organization at /nowhere/", id="no organization"),
        pytest.param(("bob@example.test", "--org", "acme"), "belongs to /acme/ already", id="a member"),
        pytest.param(("dora", "--org", "acme"), "no e-mail address", id="no address"),
    ],
)
def test_what_cannot_be_added_is_said(org, arguments, said):
    with pytest.raises(CommandError, match=said):
        run("add_member", *arguments, "--role", "developer", "--generate")
    assert not User.objects.filter(email__startswith="dora").exists()


class TestLimits:
    def test_an_organization_is_given_its_own_and_loses_it_again(self, org):
        said = run("set_limit", "ApiPerOrg", "--org", "acme", "--count", "6000", "--burst", "2000")
        assert said == "ApiPerOrg lets 6,000 in 0:01:00 through for /acme/, 2,000 at once.\n"
        assert lookups.limits_of(org.pk) == [("ApiPerOrg", 6000, 60, 2000)]
        assert (
            run("set_limit", "ApiPerOrg", "--org", "acme", "--default")
            == "ApiPerOrg is the default for /acme/ again.\n"
        )
        assert lookups.limits_of(org.pk) == []
        with scope(org.pk):
            kinds = [event.kind for event in Event.objects.of(org).filter(kind__startswith="limit.").order_by("id")]
        assert kinds == ["limit.set", "limit.restored"]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("ApiPerOrg", "--org", "nowhere", "--count", "1"), "no organization at /nowhere/"),
            (("ApiPerOrg", "--org", "acme"), "--count"),
            (("ApiPerOrg", "--org", "acme", "--count", "0"), "from 1 to"),
            (("ApiPerOrg", "--org", "acme", "--count", "5", "--period", "soon"), "'soon' is no period"),
            (("ApiPerIP", "--org", "acme", "--count", "5"), "invalid choice"),
        ],
    )
    def test_what_cannot_be_is_said(self, org, arguments, said):
        with pytest.raises(CommandError, match=said):
            run("set_limit", *arguments)
