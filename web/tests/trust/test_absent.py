"""What the policy speaks of and is not built, and what it says that there is not: held absent."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import get_resolver

import vallum_web
from vallum_guard.errors import NotForeseen
from vallum_web.accounts.figures import ACCOUNT
from vallum_web.accounts.models import User
from vallum_web.mail import kinds
from vallum_web.mail.figures import FAMILIES
from vallum_web.tenancy import egress_registry
from vallum_web.tenancy.egress_registry import Role

SOURCES = sorted(Path(vallum_web.__file__).parent.rglob("*.py"))
FIELDS = {field.name for model in apps.get_models() for field in model._meta.concrete_fields}
TABLES = {model._meta.db_table for model in apps.get_models()}


def routes(resolver=None):
    for item in (resolver or get_resolver()).url_patterns:
        yield str(item.pattern)
        if hasattr(item, "url_patterns"):
            yield from routes(item)


def named(*words):
    """Tables, apps and doors with one of these words in their names."""
    doors = set(routes())
    pattern = re.compile(rf"(?:^|[_/.<])(?:{'|'.join(words)})(?:[_/.>]|$)")
    return sorted(name for name in {*TABLES, *settings.INSTALLED_APPS, *doors} if pattern.search(name))


@pytest.mark.policy("PP-1.2b")
def test_nothing_takes_what_an_agent_on_a_server_would_tell():
    assert named("agents?", "hosts?", "telemetry", "heartbeats?") == []
    assert find_spec("vallum_web.hosts") is None


@pytest.mark.policy("PP-1.2c")
def test_nothing_takes_the_configuration_of_a_cluster():
    assert named("clusters?", "kubernetes") == []
    assert find_spec("vallum_web.clusters") is None


@pytest.mark.policy("PP-1.2d")
def test_nothing_asks_for_credentials_of_a_cloud_account():
    assert named("clouds?", "cloud_accounts?") == []
    assert find_spec("vallum_web.clouds") is None


@pytest.mark.policy("PP-3b")
@pytest.mark.parametrize("purpose", ["ai", "remediation", "suggested fix", "artificial intelligence", "anthropic"])
def test_nothing_may_leave_for_artificial_intelligence(purpose):
    """Anthropic's host stands in the registry for live checks alone: the secret, to its own issuer."""
    with pytest.raises(NotForeseen):
        egress_registry.admit(purpose, "api.anthropic.com")
    named_for = [party.id for party in egress_registry.parties() if "api.anthropic.com" in party.hosts]
    assert named_for == ["secret-issuer"]


@pytest.mark.policy("PP-2g", "PP-Q2", "PP-3e")
def test_nobody_in_the_registry_buys_advertises_or_trains():
    assert {role.value for role in Role} == {"sub-processor", "host", "customer instruction", "data feed"}
    for party in egress_registry.parties():
        said = " ".join((party.id, party.who, party.why, *party.purposes)).lower()
        assert not re.search(r"advert|broker|market|analytics|training|train a|\bsell", said), party.id


@pytest.mark.policy("PP-2g")
def test_no_part_of_the_program_trains_a_model():
    learning = re.compile(r"^\s*(?:import|from) (?:torch|tensorflow|sklearn|transformers|keras|jax)\b", re.MULTILINE)
    assert [path.name for path in SOURCES if learning.search(path.read_text("utf-8"))] == []
    assert len(SOURCES) > 300


@pytest.mark.policy("PP-1.1a")
def test_of_an_account_only_what_the_policy_names_is_kept():
    assert {field.attname for field in User._meta.concrete_fields} == ACCOUNT


@pytest.mark.policy("PP-1.3c")
def test_no_screen_is_measured_to_the_pixel_and_no_fingerprint_taken():
    scripts = sorted(Path(vallum_web.__file__).parent.rglob("static/**/*.js"))
    taken = re.compile(r"screen\.(?:width|height)|toDataURL|getImageData|enumerateDevices|navigator\.(?:plugins|fonts)")
    assert [path.name for path in scripts if taken.search(path.read_text("utf-8"))] == []
    assert len(scripts) >= 8
    assert FIELDS & {"screen_width", "screen_height"} == set()


@pytest.mark.policy("PP-9b")
def test_no_table_has_an_age():
    assert FIELDS & {"age", "birth", "birthday", "birth_date", "date_of_birth", "born", "born_at"} == set()


@pytest.mark.policy("PP-2c")
def test_essential_mails_are_of_the_families_that_the_policy_names():
    assert {kind.id for kind in kinds.all_kinds().values() if kind.essential} <= FAMILIES
    assert {"verification", "reset", "security", "billing"} <= FAMILIES


@pytest.mark.policy("PP-7b", "PP-7c", "PP-1.3b")
def test_a_page_may_load_nothing_from_elsewhere():
    sources = {source for found in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].values() for source in found}
    assert sources == {"'self'", "'none'"}


@pytest.mark.policy("PP-5c", "PP-1.1c")
def test_bcrypt_is_the_only_way_a_password_is_kept():
    from_settings = Path(vallum_web.__file__).with_name("config") / "settings.py"
    assert re.findall(r"PASSWORD_HASHERS = \[(.*)\]", from_settings.read_text("utf-8")) == [
        '"vallum_web.accounts.hashers.Bcrypt"'
    ]


@pytest.mark.policy("PP-7a", "PP-5d")
@pytest.mark.django_db
def test_two_cookies_and_both_out_of_reach_of_scripts(alice, signed_in):
    browser = signed_in(alice)
    set_there = {}
    for path in ("/accounts/profile/", "/acme/", "/acme/findings/", "/accounts/login/", "/legal/privacy/", "/trust/"):
        set_there |= browser.get(path).cookies
        set_there |= Client().get(path).cookies
    assert set(set_there) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert all(
        cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["domain"] for cookie in set_there.values()
    )
    assert settings.CSRF_COOKIE_NAME in set_there
