"""What is sealed opens for its owner and its place, and nowhere else."""

import base64
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from vallum_web.repositories import services
from vallum_web.repositories.models import Credential
from vallum_web.tenancy import keyring
from vallum_web.tenancy.keyring import errors, kek, keys, store
from vallum_web.tenancy.keyring.keys import Owner
from vallum_web.tenancy.scope import scope

CANARY = "canary-b7f1d0c2"
COLUMN = "repositories.Credential.token"


@pytest.fixture
def apart(tmp_path, settings):
    """A keyring and a key-encryption key of the test's own."""
    settings.HOME = tmp_path
    settings.KEK_FILE = tmp_path / "keyring_key"
    return tmp_path


def place():
    return f"{COLUMN}:{uuid4()}"


@pytest.mark.asvs("11.3.3")
def test_a_value_opens_at_its_place_for_its_owner(apart, org):
    where = place()
    with scope(org.pk):
        sealed = keyring.seal(org, where, CANARY)
        assert keyring.unseal(org.pk, where, sealed) == CANARY
    assert keyring.unseal(org, where, sealed) == CANARY
    assert sealed.startswith("v1.1.gAAAA")
    assert CANARY not in sealed


@pytest.mark.parametrize("value", ["", "ü€😀", "a" * 10_000, '{"context": "x"}', "two\nlines\0"])
def test_any_text_comes_back_as_it_was(apart, value):
    person = uuid4()
    assert keyring.unseal_for(person, "here", keyring.seal_for(person, "here", value)) == value


@pytest.mark.asvs("11.3.3")
def test_a_text_moved_to_another_place_is_refused(apart, org):
    with scope(org.pk):
        sealed = keyring.seal(org, place(), CANARY)
        with pytest.raises(errors.NotOursError, match="sealed for another place"):
            keyring.unseal(org, place(), sealed)


def test_a_text_moved_to_another_organization_is_refused(apart, people):
    where = place()
    with scope(people.org.pk):
        sealed = keyring.seal(people.org, where, CANARY)
    with scope(people.elsewhere.pk):
        own = keyring.seal(people.elsewhere, where, "theirs")
        with pytest.raises(errors.NotOursError, match="another owner"):
            keyring.unseal(people.elsewhere, where, sealed)
        with pytest.raises(errors.NotOursError, match="another organization's scope"):
            keyring.unseal(people.org, where, sealed)
        assert keyring.unseal(people.elsewhere, where, own) == "theirs"


def test_a_persons_and_an_organizations_key_differ_even_under_one_id(apart, org):
    where = place()
    with scope(org.pk):
        sealed = keyring.seal(org, where, CANARY)
    keyring.seal_for(org.pk, where, "something")
    with pytest.raises(errors.NotOursError, match="another owner"):
        keyring.unseal_for(org.pk, where, sealed)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text[:-6], id="cut"),
        pytest.param(lambda text: text.replace("v1.", "v2.", 1), id="another format"),
        pytest.param(lambda text: text.replace("v1.1.", "v1.", 1), id="no version"),
        pytest.param(lambda text: text[:40] + ("A" if text[40] != "A" else "B") + text[41:], id="one character"),
        pytest.param(lambda text: CANARY, id="never sealed"),
        pytest.param(lambda text: "", id="nothing"),
    ],
)
def test_a_damaged_text_is_refused_without_being_repeated(apart, damage):
    person = uuid4()
    broken = damage(keyring.seal_for(person, "here", CANARY))
    with pytest.raises(errors.NotOursError) as refused:
        keyring.unseal_for(person, "here", broken)
    assert CANARY not in str(refused.value)


def test_a_key_that_never_was_is_named(apart):
    person = uuid4()
    sealed = keyring.seal_for(person, "here", CANARY).replace("v1.1.", "v1.7.")
    with pytest.raises(errors.NoSuchKeyError, match=f"no key 7 of subject {person}"):
        keyring.unseal_for(person, "here", sealed)


def test_nothing_is_sealed_for_a_place_that_a_rotation_would_not_find(apart, org):
    with scope(org.pk), pytest.raises(errors.UndeclaredError, match=r"accounts\.User\.email"):
        keyring.seal(org, f"accounts.User.email:{uuid4()}", CANARY)


def test_nothing_is_sealed_outside_the_scope_that_stores_it(apart, people):
    with pytest.raises(errors.OutsideScopeError):
        keyring.seal(people.org, place(), CANARY)
    with scope(people.elsewhere.pk), pytest.raises(errors.OutsideScopeError):
        keyring.seal(people.org, place(), CANARY)


@pytest.mark.policy("PP-5b")
@pytest.mark.asvs("13.3.1")
def test_a_column_for_sealed_texts_takes_no_other(apart, people):
    repository = services.add_by_url(people.org, None, url="https://code.example/a/b")
    with pytest.raises(errors.PlaintextError) as refused, scope(people.org.pk):
        Credential.objects.create(org=people.org, repository=repository, user="x", token=CANARY, digest="0")
    assert CANARY not in str(refused.value)


def test_forgotten_keys_open_nothing_and_never_come_back(apart, people):
    where = place()
    with scope(people.org.pk):
        sealed = keyring.seal(people.org, where, CANARY)
    wrapped = rows("select wrapped from data_key where kind = 'org'")[0][0]
    keyring.forget_org(people.org)
    keyring.forget_org(people.org)
    with pytest.raises(errors.ForgottenError):
        keyring.unseal(people.org, where, sealed)
    with scope(people.org.pk), pytest.raises(errors.ForgottenError):
        keyring.seal(people.org, where, CANARY)
    assert rows("select count(*) from data_key where kind = 'org'") == [(0,)]
    assert not [file for file in store.path().parent.iterdir() if wrapped in file.read_bytes()]


def test_a_person_is_forgotten_alone(apart):
    gone, stays = uuid4(), uuid4()
    texts = {person: keyring.seal_for(person, "here", CANARY) for person in (gone, stays)}
    keyring.forget_subject(gone)
    with pytest.raises(errors.ForgottenError):
        keyring.unseal_for(gone, "here", texts[gone])
    assert keyring.unseal_for(stays, "here", texts[stays]) == CANARY


def test_first_uses_at_once_agree_on_one_key(apart):
    person = uuid4()
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda number: keyring.seal_for(person, "here", str(number)), range(32)))
    assert [keyring.unseal_for(person, "here", text) for text in texts] == [str(number) for number in range(32)]
    assert rows("select count(*) from data_key") == [(1,)]


@pytest.mark.slow
def test_first_uses_of_several_processes_agree_on_one_key(apart):
    """None of them finds a keyring, a key-encryption key or a data key: each would make all three."""
    person = uuid4()
    program = (
        "import django; django.setup()\n"
        "from uuid import UUID; from vallum_web.tenancy import keyring\n"
        f"print(keyring.seal_for(UUID('{person}'), 'here', 'said'))"
    )
    environment = {**os.environ, "VALLUM_HOME": str(apart)}
    started = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    said = [process.communicate(timeout=120)[0].strip() for process in started]
    assert [keyring.unseal_for(person, "here", text) for text in said] == ["said"] * 6
    assert rows("select count(*) from data_key") == [(1,)]


@pytest.mark.asvs("13.3.2")
def test_keys_lie_where_their_owner_alone_can_read(apart):
    keyring.seal_for(uuid4(), "here", CANARY)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (apart / "keyring", store.path(), kek.path())}
    assert modes == {"keyring": 0o700, "keyring.sqlite3": 0o600, "keyring_key": 0o400}
    with store.reading():
        assert {path.stat().st_mode & 0o077 for path in (apart / "keyring").iterdir()} == {0}


def test_a_wrapped_key_does_not_serve_another_owner(apart):
    mine, yours = uuid4(), uuid4()
    sealed = keyring.seal_for(mine, "here", CANARY)
    keyring.seal_for(yours, "here", CANARY)
    write("update data_key set wrapped = (select wrapped from data_key where owner = ?) where owner = ?", mine, yours)
    with pytest.raises(errors.KeyFileError, match=f"dek|subject|{yours}|1"):
        keyring.unseal_for(yours, "here", sealed)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "holds 0 bytes where a key has 32", id="empty"),
        pytest.param(base64.urlsafe_b64encode(b"k" * 16), "holds 16 bytes", id="short"),
        pytest.param(b"not base64!", "holds no key|holds", id="damaged"),
        pytest.param(b"\xff\xfe", "holds no key", id="binary"),
        pytest.param(base64.urlsafe_b64encode(b"k" * 32), "but .* holds", id="another one"),
        pytest.param(None, "is missing", id="gone"),
    ],
)
def test_without_its_key_encryption_key_nothing_opens_and_no_new_one_is_made(apart, content, said):
    person = uuid4()
    sealed = keyring.seal_for(person, "here", CANARY)
    kek.path().unlink()
    if content is not None:
        kek.path().write_bytes(content)
        kek.path().chmod(0o400)
    for attempt in (
        lambda: keyring.unseal_for(person, "here", sealed),
        lambda: keyring.seal_for(uuid4(), "here", CANARY),
    ):
        with pytest.raises(errors.KeyFileError, match=said):
            attempt()
    assert kek.path().exists() is (content is not None)


def test_a_key_that_others_can_read_is_refused(apart):
    keyring.seal_for(uuid4(), "here", CANARY)
    kek.path().chmod(0o444)
    with pytest.raises(errors.KeyFileError, match="chmod 400"):
        keyring.seal_for(uuid4(), "here", CANARY)


@pytest.mark.asvs("11.6.1")
def test_no_key_and_no_value_is_in_a_repr(apart):
    person = uuid4()
    keyring.seal_for(person, "here", CANARY)
    key = keys.current(Owner.subject(person))
    assert key.key.decode() not in repr(key)
    made = kek.made_once(kek.path())
    assert repr(made.key) not in repr(made)


def test_the_keyring_holds_neither_values_nor_bare_keys(apart):
    person = uuid4()
    sealed = keyring.seal_for(person, "here", CANARY)
    key = keys.current(Owner.subject(person)).key
    kept = b"".join(file.read_bytes() for file in store.path().parent.iterdir())
    for bare in (CANARY.encode(), sealed.encode(), key, base64.urlsafe_b64decode(key)):
        assert bare not in kept


def rows(statement, *values):
    with store.reading() as run:
        return run(statement, *map(str, values))


def write(statement, *values):
    with sqlite3.connect(store.path()) as connection:
        connection.execute(statement, [str(value) for value in values])
    connection.close()


def test_a_keyring_that_cannot_be_used_is_named(apart):
    store.path().parent.mkdir()
    store.path().write_bytes(b"not a database" * 100)
    with pytest.raises(errors.StoreError, match=r"keyring\.sqlite3 cannot be used"):
        keyring.seal_for(uuid4(), "here", CANARY)
