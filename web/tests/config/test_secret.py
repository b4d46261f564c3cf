"""Keys are made once, whole, and by one of many."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from vallum_web.config import secret
from vallum_web.tenancy.once import written_once


def test_a_key_is_made_once_and_closed_to_others(tmp_path):
    made = secret.key(tmp_path / "home", "example_key")
    assert len(made) >= 48
    assert secret.key(tmp_path / "home", "example_key") == made
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["example_key"]
    assert (tmp_path / "home" / "example_key").stat().st_mode & 0o077 == 0


def test_of_many_that_ask_at_once_all_get_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            asked = [pool.submit(secret.key, tmp_path, f"key_{number}") for _ in range(8)]
            assert len({answer.result() for answer in asked}) == 1


def test_what_is_there_is_never_replaced(tmp_path):
    (tmp_path / "kept").write_text("first")
    assert written_once(tmp_path / "kept", "second") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_an_empty_key_is_refused_by_the_name_of_its_file(tmp_path):
    (tmp_path / "example_key").write_text("\n")
    with pytest.raises(secret.EmptyKeyError, match="example_key is empty"):
        secret.key(tmp_path, "example_key")


def test_the_environment_speaks_first(tmp_path, monkeypatch):
    monkeypatch.setenv("VALLUM_EXAMPLE_KEY", "given")
    assert secret.key(tmp_path, "example_key") == "given"
    assert not list(tmp_path.iterdir())
