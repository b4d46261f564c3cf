"""A private repository's token opens it, and is seen by nobody else on the machine."""

import base64
import os
import threading
from pathlib import Path

import pytest

from vallum_guard import errors, git, sandbox
from vallum_guard.git import Credential, Origin
from vallum_guard.sandbox import Mechanism

TOKEN = "hush" + "-1f9c0e" * 4
PROOF = base64.b64encode(f"x-access-token:{TOKEN}".encode())
ABLE = [mechanism for mechanism in Mechanism if mechanism.own_network]


@pytest.fixture(params=ABLE, ids=lambda mechanism: mechanism.value)
def mechanism(request):
    if problem := sandbox.problem(request.param):
        pytest.skip(f"{request.param.value}: {problem}")
    return request.param


def origin(repository, way):
    url = repository[0].replace("/project.git", f"/{way}/project.git")
    return Origin(url=url, credential=Credential(token=TOKEN))


def told(content):
    return TOKEN.encode() in content or PROOF in content


def processes():
    """What any account's `ps` shows of every process, and what the same account may read besides."""
    found = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found[process.name] = ((process / "cmdline").read_bytes(), (process / "environ").read_bytes())
            except OSError:
                continue  # it ended meanwhile
    return found


def test_a_credential_opens_a_repository_and_stays_in_none_of_its_files(host, repository, tmp_path, mechanism):
    asked = origin(repository, "locked")
    git.clone(asked, tmp_path / "clone", route=host.route, mechanism=mechanism)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "clone").rglob("*") if path.is_file())
    assert (tmp_path / "clone" / "README").exists()
    assert not told(kept)
    assert TOKEN not in repr(asked)
    assert {request[2].get("Authorization") for request in host.requests} == {f"Basic {PROOF.decode()}"}


@pytest.mark.asvs("13.3.2")
def test_no_process_shows_it_in_arguments_or_environment_while_git_runs(host, repository, tmp_path, mechanism):
    outcome = []

    def clone():
        outcome.append(git.clone(origin(repository, "held"), tmp_path / "clone", route=host.route, mechanism=mechanism))

    running = threading.Thread(target=clone)
    running.start()
    try:
        assert host.holding.wait(30)
        seen = processes()
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        kept = b"".join(path.read_bytes() for path in files)
    finally:
        host.released.set()
        running.join()
    assert outcome[0].files == 6
    # The walk saw the very processes that hold it: git's, the one that speaks HTTPS, and the sandbox around them.
    shown = [arguments.split(b"\0") for arguments, _ in seen.values()]
    assert any(arguments[0].endswith(b"git-remote-https") or b"remote-https" in arguments for arguments in shown)
    assert any(b"GIT_CONFIG_GLOBAL=/proc/self/fd/" in environment for _, environment in seen.values())
    assert str(os.getpid()) in seen
    assert not [name for name, facts in seen.items() if any(told(fact) for fact in facts)]
    assert not told(kept)


def test_a_host_that_repeats_it_is_not_repeated(host, repository, tmp_path):
    lines = []
    with pytest.raises(errors.GuardError) as refused:
        git.clone(origin(repository, "telltale"), tmp_path / "clone", route=host.route, progress=lines.append)
    assert any("You said [concealed], which is x-access-token:[concealed]" in line for line in lines)
    assert not told(" ".join([*lines, str(refused.value), repr(refused.value)]).encode())


def test_a_wrong_credential_is_said_without_repeating_it(host, repository, tmp_path):
    asked = Origin(url=f"{host.address}/missing.git", credential=Credential(token=TOKEN))
    with pytest.raises(errors.RepositoryNotFound, match="token") as refused:
        git.clone(asked, tmp_path / "clone", route=host.route)
    assert not told(str(refused.value).encode())


def test_an_empty_token_conceals_nothing():
    assert Credential(token="").conceal("plain words") == "plain words"
