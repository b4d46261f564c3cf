import io
import os
from pathlib import Path

import pytest

from vallum_web.embedded import doctor
from vallum_web.embedded.doctor import Verdict
from vallum_web.embedded.ephemeral import ephemeral
from vallum_web.embedded.narrator import Narrator


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        pytest.param(doctor.python((3, 11, 0)), Verdict.OK, id="Python 3.11"),
        pytest.param(doctor.python((3, 10, 9)), Verdict.FAIL, id="Python 3.10"),
        pytest.param(doctor.git("git version 2.39.4"), Verdict.OK, id="git, oldest"),
        pytest.param(doctor.git("git version 2.50.1 (Apple Git-155)"), Verdict.OK, id="git of a Mac"),
        pytest.param(doctor.git("git version 2.100"), Verdict.OK, id="git with two numbers"),
        pytest.param(doctor.git("git version 2.39.3"), Verdict.FAIL, id="git, too old"),
        pytest.param(doctor.git(None), Verdict.FAIL, id="no git"),
        pytest.param(doctor.sandbox("full\n\n"), Verdict.OK, id="isolation full"),
        pytest.param(doctor.sandbox("reduced\ninstall it"), Verdict.WARN, id="isolation reduced"),
        pytest.param(doctor.sandbox("none\n"), Verdict.WARN, id="isolation none"),
        pytest.param(doctor.sandbox(None), Verdict.WARN, id="isolation unknown"),
        pytest.param(doctor.disk(6 * 1024**3), Verdict.OK, id="disk"),
        pytest.param(doctor.disk(2 * 1024**3), Verdict.WARN, id="little disk"),
        pytest.param(doctor.disk(1024**2), Verdict.FAIL, id="no disk"),
        pytest.param(doctor.advisories(6.9, Path("/home")), Verdict.OK, id="fresh advisories"),
        pytest.param(doctor.advisories(7.1, Path("/home")), Verdict.WARN, id="old advisories"),
        pytest.param(doctor.advisories(None, Path("/home")), Verdict.WARN, id="starter set"),
        pytest.param(doctor.queue(2, 5, 0), Verdict.OK, id="worker at work"),
        pytest.param(doctor.queue(0, 5, 0), Verdict.WARN, id="no worker"),
        pytest.param(doctor.queue(2, 0, 1), Verdict.WARN, id="failed jobs"),
        pytest.param(doctor.clock(4.9), Verdict.OK, id="clocks agree"),
        pytest.param(doctor.clock(-5.1), Verdict.FAIL, id="database behind"),
        pytest.param(doctor.clock(5.1), Verdict.FAIL, id="database ahead"),
    ],
)
def test_verdicts_and_their_advice(line, verdict):
    assert line.verdict is verdict
    assert bool(line.advice) is (verdict is not Verdict.OK), "what is not right says what to do, and only that"


def test_a_new_installation_has_nothing_that_fails_and_nothing_is_made(tmp_path):
    out = io.StringIO()
    assert doctor.run(tmp_path / "home", Narrator(out), environ={}) == 0
    assert "none yet: the first start makes it" in out.getvalue()
    assert not (tmp_path / "home").exists()


def test_a_state_folder_open_to_others_fails_with_the_command_that_closes_it(tmp_path):
    tmp_path.chmod(0o755)
    line = doctor.folder(tmp_path)
    assert (line.verdict, line.advice) == (Verdict.FAIL, f"Others can enter it. Run: chmod -R go= {tmp_path}")
    os.system(line.advice.partition("Run: ")[2])
    assert doctor.folder(tmp_path).verdict is Verdict.OK


def test_the_database_is_examined_as_both_roles(tmp_path):
    with ephemeral() as server:
        right = {"DATABASE_URL": server.urls.app, "DATABASE_OWNER_URL": server.urls.owner}
        mighty = {**right, "DATABASE_URL": server.cluster.super_url("vallum")}
        found = {line.subject: line for line in doctor.examine(tmp_path, right)}
        wrong = {line.subject: line for line in doctor.examine(tmp_path, mighty)}
    assert {
        name: found[name].verdict.value
        for name in ("database", "app role", "owner role", "migrations", "worker", "clock")
    } == {
        "database": "OK",
        "app role": "OK",
        "owner role": "OK",
        "migrations": "WARN",
        "worker": "OK",
        "clock": "OK",
    }
    assert wrong["app role"].verdict is Verdict.FAIL
    gone = {line.subject: line for line in doctor.examine(tmp_path, right)}
    assert gone["database"].verdict is Verdict.FAIL


def test_half_an_address_is_a_failure_that_names_the_other_half(tmp_path):
    lines = list(doctor.examine(tmp_path, {"DATABASE_URL": "postgresql://x"}))
    assert lines[-1].verdict is Verdict.FAIL
    assert "DATABASE_OWNER_URL" in lines[-1].found
