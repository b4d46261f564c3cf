"""The keyring on a server of its own: the same promises, and never the server that holds what it opens."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
import roomy

from vallum_web.embedded.ephemeral import ephemeral
from vallum_web.tenancy import keyring
from vallum_web.tenancy.keyring import errors, keys, progress, rotation, store
from vallum_web.tenancy.keyring.keys import Owner

pytestmark = [pytest.mark.slow, pytest.mark.django_db]  # which says where the platform's own database is
CANARY = "canary-b7f1d0c2"


@pytest.fixture(scope="module")
def other():
    """Another server, where a role of the keyring's own owns a database."""
    with ephemeral(within=roomy.PLACE) as running:
        with psycopg.connect(running.cluster.super_url(), autocommit=True) as connection:
            connection.execute("create role keeper login password 'keeper-of-keys'")
            connection.execute("create database keys owner keeper")
        address = psycopg.conninfo.conninfo_to_dict(running.urls.owner)
        yield f"postgresql://keeper:keeper-of-keys@/keys?host={address['host']}&port={address.get('port', 5432)}"


@pytest.fixture
def apart(tmp_path, settings, other, server):
    settings.HOME, settings.KEK_FILE, settings.KEYRING_URL = tmp_path, tmp_path / "keyring_key", other
    yield other
    with psycopg.connect(other) as connection:
        connection.execute("truncate fact, data_key, forgotten, rotation")


def test_values_open_and_keys_lie_on_the_other_server_alone(apart, tmp_path):
    person = uuid4()
    text = keyring.seal_for(person, "here", CANARY)
    assert keyring.unseal_for(person, "here", text) == CANARY
    with pytest.raises(errors.NotOursError):
        keyring.unseal_for(person, "there", text)
    assert not (tmp_path / "keyring").exists()
    keys.check()


def test_first_uses_at_once_agree_on_one_key(apart):
    person = uuid4()
    with ThreadPoolExecutor(6) as pool:
        texts = list(pool.map(lambda number: keyring.seal_for(person, "here", str(number)), range(18)))
    assert [keyring.unseal_for(person, "here", text) for text in texts] == [str(number) for number in range(18)]
    with store.reading() as run:
        assert run("select count(*) from data_key") == [(1,)]


def test_forgotten_keys_never_come_back(apart):
    person = uuid4()
    text = keyring.seal_for(person, "here", CANARY)
    keyring.forget_subject(person)
    keyring.forget_subject(person)
    for attempt in (
        lambda: keyring.unseal_for(person, "here", text),
        lambda: keyring.seal_for(person, "here", CANARY),
    ):
        with pytest.raises(errors.ForgottenError):
            attempt()


def test_keys_are_rotated_and_wrapped_anew(apart):
    owner, person = Owner.org(uuid4()), uuid4()
    text = keyring.seal_for(person, "here", CANARY)
    keys.current(owner)
    progress.begin(owner, progress.target(owner))
    assert [key.version for key in keys.listed(owner)] == [1, 2]
    progress.finish(owner, 2)
    assert [key.version for key in keys.listed(owner)] == [2]
    assert rotation.rotate_kek() == 2
    assert keyring.unseal_for(person, "here", text) == CANARY


def test_what_fails_half_way_leaves_nothing(apart):
    owner = Owner.org(uuid4())

    def broken():
        with store.writing() as run:
            keys.make(run, owner, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert keys.listed(owner) == []


def test_the_server_of_what_it_opens_is_refused(settings, server, tmp_path):
    settings.KEK_FILE, settings.KEYRING_URL = tmp_path / "keyring_key", server.urls.owner
    with pytest.raises(errors.StoreError, match="a backup of it would hold the keys beside"):
        keyring.seal_for(uuid4(), "here", CANARY)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        pytest.param("postgresql://a:hush@keys.example.test/keys", "verify-full", id="over a network, unchecked"),
        pytest.param("postgresql://a:hush@keys.example.test/keys?sslmode=require", "verify-full", id="half checked"),
        pytest.param("postgresql://a:hush@/keys?host=/nonexistent", "KEYRING_URL", id="nobody there"),
        pytest.param("mysql://a:hush@localhost/keys", "KEYRING_URL cannot be read", id="another kind"),
    ],
)
def test_a_place_that_cannot_be_used_is_said_without_its_password(settings, server, tmp_path, url, said):
    settings.KEK_FILE, settings.KEYRING_URL = tmp_path / "keyring_key", url
    with pytest.raises(errors.StoreError, match=said) as refused:
        keyring.seal_for(uuid4(), "here", CANARY)
    assert "hush" not in str(refused.value)
