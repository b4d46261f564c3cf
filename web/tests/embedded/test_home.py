import os
import stat
from pathlib import Path

import pytest

from vallum_web.embedded import account, home
from vallum_web.embedded.errors import AlreadyRunningError, HomeError

CHECKOUT = '[project]\nname = "vallum-workspace"\n'


def make_checkout(folder: Path, project: str = CHECKOUT) -> Path:
    (folder / "Makefile").touch()
    (folder / "pyproject.toml").write_text(project)
    return folder


@pytest.mark.parametrize(
    ("environ", "project", "expected"),
    [
        pytest.param({"VALLUM_HOME": "/srv/vallum"}, CHECKOUT, "/srv/vallum", id="what the operator says wins"),
        pytest.param({}, CHECKOUT, "{cwd}/.vallum/home", id="in a checkout"),
        pytest.param({"XDG_STATE_HOME": "/s"}, '[project]\nname = "other"\n', "/s/vallum", id="another project"),
        pytest.param({"XDG_STATE_HOME": "/s"}, "not toml [", "/s/vallum", id="a damaged project file"),
        pytest.param({"XDG_STATE_HOME": "/s"}, None, "/s/vallum", id="no project"),
    ],
)
def test_where_the_state_lies(tmp_path, environ, project, expected):
    if project is not None:
        make_checkout(tmp_path, project)
    assert str(home.locate(environ, tmp_path)) == expected.format(cwd=tmp_path)


def test_without_any_hint_it_lies_with_the_users_state(tmp_path):
    assert home.locate({}, tmp_path) == Path.home() / ".local" / "state" / "vallum"


def test_the_folder_is_closed_and_its_parents_are_left_alone(tmp_path):
    parent = tmp_path / "parent"
    parent.mkdir()
    (parent / "home").mkdir()
    for folder in (parent, parent / "home"):
        folder.chmod(0o755)  # whatever the umask
    home.ensure(parent / "home")
    assert stat.S_IMODE((parent / "home").stat().st_mode) == 0o700
    assert stat.S_IMODE(parent.stat().st_mode) == 0o755


def test_a_symlink_or_a_file_is_no_state_folder(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(HomeError, match="is not a folder"):
            home.ensure(tmp_path / name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(HomeError, match="belongs to uid 65534"):
        home.ensure(tmp_path / "theirs")


def test_a_private_file_is_replaced_in_one_step_and_closed(tmp_path):
    for value in ({"port": 1}, {"port": 2}):
        home.write_json(tmp_path / "state.json", value)
    assert home.read_json(tmp_path / "state.json") == {"port": 2}
    assert stat.S_IMODE((tmp_path / "state.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("text", ["{", "[]", "\udcff"])
def test_a_damaged_file_is_refused_by_name(tmp_path, text):
    (tmp_path / "state.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(HomeError, match=r"state\.json is damaged"):
        home.read_json(tmp_path / "state.json")


def test_a_lock_has_one_holder_and_the_next_learns_how_the_last_ended(tmp_path):
    first, second = home.Lock(tmp_path / "lock"), home.Lock(tmp_path / "lock")
    assert not first.is_held()
    assert first.take("one", taken="{note}") == ""
    assert second.is_held()
    first.write("one, at an address")
    with pytest.raises(AlreadyRunningError, match="held by one, at an address"):
        second.take("two", taken="held by {note}")
    os.close(first._handle)  # what the kernel does when a holder is killed
    assert second.take("two", taken="{note}") == "one, at an address"
    second.release()
    assert home.Lock(tmp_path / "lock").take("three", taken="{note}") == ""


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_a_way_to_the_data_is_open_to_pass_whatever_the_umask_and_nothing_existing_changes(tmp_path, umask):
    existing = tmp_path / "existing"
    existing.mkdir(mode=0o700)
    former = os.umask(umask)
    try:
        account.make_passage(existing / "a" / "b")
    finally:
        os.umask(former)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (existing, existing / "a", existing / "a" / "b")]
    assert modes == [0o700, 0o755, 0o755]
