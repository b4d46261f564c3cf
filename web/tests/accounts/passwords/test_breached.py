"""The set of breached passwords: what is put in is found, whatever the list looks like, and nothing else is."""

import hashlib
import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_web.accounts.passwords import breached

KNOWN = ("correct horse battery staple", "Tr0ub4dor&3 and more", "пароль на все времена", "x" * 300)
UNKNOWN = ("correct horse battery stapl", "CORRECT HORSE BATTERY STAPLE", "", "y" * 300)


def digest(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()


def lines(*texts, end="\n"):
    return [f"{text}{end}".encode() for text in texts]


LISTS = {
    "passwords": lines(*KNOWN),
    "passwords of another system": lines(*KNOWN, end="\r\n"),
    "passwords, some twice": lines(*KNOWN, *KNOWN),
    "digests": lines(*map(digest, KNOWN)),
    "digests in small letters": lines(*(digest(known).lower() for known in KNOWN)),
    "digests with counts": lines(*(f"{digest(known)}:{count}" for count, known in enumerate(KNOWN))),
    "digests in order": lines(*sorted(map(digest, KNOWN))),
    "after empty lines": [b"\n", b"\r\n", *lines(*map(digest, KNOWN))],
    "without an end": [b"".join(lines(*KNOWN)[:-1]), lines(*KNOWN)[-1].strip()][1:] + lines(*KNOWN)[:-1],
}


@pytest.mark.asvs("6.2.12")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("in_memory", [1, 2, 1 << 20])
def test_what_the_list_holds_is_found(name, in_memory, tmp_path, monkeypatch):
    monkeypatch.setattr(breached, "IN_MEMORY", in_memory)
    written = breached.write(LISTS[name], tmp_path / "set")
    assert (written.kept, written.hashes) == (len(KNOWN), "digests" in name or "empty" in name)
    assert [breached.contains(tmp_path / "set", known) for known in KNOWN] == [True] * len(KNOWN)
    assert [breached.contains(tmp_path / "set", unknown) for unknown in UNKNOWN] == [False] * len(UNKNOWN)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=12, max_size=20), max_size=40))
def test_any_passwords_are_found_and_what_is_left_out_is_counted(tmp_path_factory, passwords):
    path = tmp_path_factory.mktemp("sets") / "set"
    written = breached.write(lines(*passwords, "too short"), path)
    assert (written.kept, written.skipped) == (len(passwords), 1)
    assert all(breached.contains(path, password) for password in passwords)
    assert path.stat().st_size == len(breached.MAGIC) + breached.WIDTH * len(passwords)


def test_a_list_that_cannot_be_read_changes_nothing(tmp_path):
    breached.write(lines(*KNOWN), tmp_path / "set")
    with pytest.raises(breached.BrokenSetError, match="NTLM"):
        breached.write(lines("8846F7EAEE8FB117AD06BDD830B7586C:12"), tmp_path / "set")

    def breaks():
        yield from lines("another long password")
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        breached.write(breaks(), tmp_path / "set")
    assert breached.contains(tmp_path / "set", KNOWN[0])
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("content", [b"", b"VLMPWD1", b"something else entirely", breached.MAGIC + b"1234567"])
def test_a_file_that_is_no_set_is_said_to_be_none(content, tmp_path):
    (tmp_path / "set").write_bytes(content)
    with pytest.raises(breached.BrokenSetError, match="import the list again"):
        breached.contains(tmp_path / "set", "whatever it is")


def test_the_command_says_what_it_made_of_the_list(tmp_path, settings):
    settings.BREACHED_PASSWORDS = str(tmp_path / "set")
    file = tmp_path / "list.txt"
    file.write_bytes(b"".join([*LISTS["digests"], b"no digest\n"]))
    said = io.StringIO()
    call_command("passwords", "import", str(file), stdout=said)
    assert "read as SHA-1 digests. 4 are kept" in said.getvalue()
    assert "hold no digest: 1." in said.getvalue()
    assert breached.contains(Path(settings.BREACHED_PASSWORDS), KNOWN[0])
    with pytest.raises(CommandError, match=r"nowhere\.txt: No such file.*Nothing was changed"):
        call_command("passwords", "import", str(tmp_path / "nowhere.txt"))
