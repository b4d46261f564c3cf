"""Clones of a real repository over real TLS, and of everything that only looks like one."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from vallum_guard import errors, git, sandbox
from vallum_guard.git import Limits, Origin
from vallum_guard.git.command import require_version
from vallum_guard.http import Route
from vallum_guard.sandbox import Mechanism

NAMED = {
    f"GIT_{who}_{what}": f"alice{end}"
    for who in ("AUTHOR", "COMMITTER")
    for what, end in (("NAME", ""), ("EMAIL", "@example.org"))
}
ABLE = [mechanism for mechanism in Mechanism if mechanism.own_network]


@pytest.fixture(params=ABLE, ids=lambda mechanism: mechanism.value)
def mechanism(request):
    if problem := sandbox.problem(request.param):
        pytest.skip(f"{request.param.value}: {problem}")
    return request.param


def test_a_repository_arrives_without_its_traps(host, repository, tmp_path, mechanism):
    url, commit = repository
    lines = []
    got = git.clone(Origin(url=url), tmp_path / "clone", route=host.route, mechanism=mechanism, progress=lines.append)
    assert (got.commit, got.branch, got.left_out, got.mechanism) == (commit, "main", (), mechanism)
    assert got.files == 6
    link = tmp_path / "clone" / "passwd"
    assert not link.is_symlink()
    assert link.read_text() == "/etc/passwd"
    assert (tmp_path / "clone" / "nested" / "deep" / "file.txt").read_text() == "deep\n"
    assert any("Receiving objects" in line for line in lines)
    assert {(each.party_host, each.purpose, each.address, each.ok) for each in host.departures} == {
        ("127.0.0.1", "clone", "127.0.0.1", True)
    }
    assert sum(each.received_bytes for each in host.departures) > 300_000


def test_a_large_file_is_left_out_and_named(host, repository, tmp_path):
    url, _ = repository
    limits = Limits(blob_bytes=100_000)
    got = git.clone(Origin(url=url, branch="feature"), tmp_path / "clone", route=host.route, limits=limits)
    assert (got.branch, got.left_out, got.files) == ("feature", ("large.bin",), 5)
    assert not (tmp_path / "clone" / "large.bin").exists()
    assert (tmp_path / "clone" / "README").exists()


def test_submodules_are_left_out_and_named_as_folders(host, tmp_path):
    bare = host.root / "nested.git"

    def run(*arguments):
        done = subprocess.run(
            ("git", *arguments), cwd=tmp_path, env={**os.environ, **NAMED}, check=True, stdout=subprocess.PIPE
        )
        return done.stdout.decode().strip()

    run("init", "-q", "--bare", "-b", "main", str(bare))
    run("-C", str(bare), "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib/dep")
    commit = run("-C", str(bare), "commit-tree", "-m", "x", run("-C", str(bare), "write-tree"))
    run("-C", str(bare), "update-ref", "refs/heads/main", commit)
    got = git.clone(Origin(url=f"{host.address}/nested.git"), tmp_path / "clone", route=host.route)
    assert got.left_out == ("lib/dep/",)
    assert got.files == 0


PROBLEMS = [
    pytest.param("{}/missing.git", None, errors.RepositoryNotFound, "not found, or needs a credential", id="missing"),
    pytest.param("{}/locked/project.git", None, errors.RepositoryNotFound, "token", id="needs a credential"),
    pytest.param("{}/empty.git", None, errors.RepositoryEmpty, "empty", id="empty"),
    pytest.param("{}/project.git", "nowhere", errors.BranchMissing, "no such branch", id="branch missing"),
    pytest.param("{}/to-metadata", None, errors.RedirectRefused, "not followed", id="redirect to metadata"),
    pytest.param("{}/page", None, errors.CloneFailed, "git repository", id="no repository at all"),
]


@pytest.mark.parametrize(("address", "branch", "kind", "words"), PROBLEMS)
@pytest.mark.usefixtures("repository")
def test_what_went_wrong_is_said_and_nothing_stays(host, tmp_path, address, branch, kind, words):
    origin = Origin(url=address.format(host.address), branch=branch)
    with pytest.raises(kind, match=words):
        git.clone(origin, tmp_path / "clone", route=host.route)
    assert not (tmp_path / "clone").exists()


NAMES = {
    "github.local": ["10.0.0.1"],
    "mixed.example.org": ["203.0.113.9", "93.184.216.34"],
    "meta.example.org": ["169.254.169.254"],
}


def fake_resolver(name, _port):
    if name not in NAMES:
        raise OSError("Name or service not known")
    return NAMES[name]


UNREACHABLE = [
    pytest.param(
        "https://github.local/a.git",
        errors.AddressDenied,
        r"github\.local resolves to 10\.0\.0\.1, and 10\.0\.0\.1 is a private",
        id="private",
    ),
    pytest.param("https://mixed.example.org/a.git", errors.AddressDenied, "documentation", id="mixed answers"),
    pytest.param("https://meta.example.org/a.git", errors.AddressDenied, "stays closed", id="metadata"),
    pytest.param("https://nowhere.example.org/a.git", errors.Unresolvable, "cannot be resolved", id="no such name"),
]


@pytest.mark.parametrize(("url", "kind", "words"), UNREACHABLE)
def test_the_proxy_s_reason_is_the_answer(tmp_path, host, url, kind, words):
    route = Route(resolver=fake_resolver, authorities=host.authorities, ledger=host.departures.append)
    with pytest.raises(kind, match=words):
        git.clone(Origin(url=url), tmp_path / "clone", route=route)
    assert [each.ok for each in host.departures] == [False]


@pytest.mark.asvs("12.3.2")
def test_a_certificate_nobody_vouches_for(host, repository, tmp_path):
    with pytest.raises(errors.TransportFailed, match="certificate"):
        git.clone(Origin(url=repository[0]), tmp_path / "clone", route=replace(host.route, authorities=None))


LIMITS = [
    pytest.param(Limits(transfer_bytes=100_000), errors.TooLarge, "100000 bytes", id="bytes carried"),
    pytest.param(Limits(disk_bytes=100_000), errors.TooLarge, "bytes of disk", id="bytes on disk"),
    pytest.param(Limits(files=3), errors.TooLarge, "3 files", id="files"),
]


@pytest.mark.parametrize(("limits", "kind", "words"), LIMITS)
def test_limits_end_a_clone(host, repository, tmp_path, limits, kind, words):
    with pytest.raises(kind, match=words):
        git.clone(Origin(url=repository[0]), tmp_path / "clone", route=host.route, limits=limits)
    assert not (tmp_path / "clone").exists()


def test_a_host_that_never_answers_costs_the_time_allowed(host, tmp_path):
    with pytest.raises(errors.TooSlow, match="1 seconds"):
        git.clone(Origin(url=f"{host.address}/stuck"), tmp_path / "clone", route=host.route, limits=Limits(seconds=1.0))


def test_an_existing_destination_is_not_touched(host, repository, tmp_path):
    (tmp_path / "clone").mkdir()
    (tmp_path / "clone" / "mine").touch()
    with pytest.raises(FileExistsError):
        git.clone(Origin(url=repository[0]), tmp_path / "clone", route=host.route)
    assert (tmp_path / "clone" / "mine").exists()


REFUSED_ADDRESSES = [
    pytest.param("ext::sh -c whoami", id="ext"),
    pytest.param("ext::sh%20-c%20whoami", id="ext without spaces"),
    pytest.param("file:///etc", id="file"),
    pytest.param("/etc", id="local path"),
    pytest.param("../up", id="relative path"),
    pytest.param("ssh://git@github.com/a/b", id="ssh"),
    pytest.param("git@github.com:a/b.git", id="scp form"),
    pytest.param("git://github.com/a/b", id="git protocol"),
    pytest.param("http://github.com/a/b", id="plain http"),
    pytest.param("--upload-pack=touch /tmp/x", id="option"),
    pytest.param("-uhttps://github.com/a", id="short option"),
    pytest.param(f"https://user:{'word'}@github.com/a/b", id="password inside"),
    pytest.param("https://tok@github.com/a/b", id="token inside"),
    pytest.param("https://github.com/a/b#main", id="fragment"),
    pytest.param("https://github.com/a/b?x=1", id="query"),
    pytest.param("https://github.com", id="no path"),
    pytest.param("https://github.com:22/a/b", id="ssh port"),
    pytest.param("https://127.0.0.1/a/b", id="loopback"),
    pytest.param("https://8.8.8.8/a/b", id="public address"),
    pytest.param("", id="empty"),
    pytest.param("github.com/a/b", id="no scheme"),
]


@pytest.mark.parametrize("url", REFUSED_ADDRESSES)
@pytest.mark.asvs("1.2.5")
def test_other_addresses_are_refused_before_anything_runs(url):
    with pytest.raises(errors.GuardError) as refusal:
        git.validate(url)
    assert str(refusal.value).endswith(".")
    assert ":word" not in str(refusal.value)
    assert "tok@" not in str(refusal.value)


@pytest.mark.parametrize("url", ["https://github.com/a/b.git", " https://gitlab.example.org:8443/a/b/c "])
def test_an_https_address_is_fine(url):
    assert git.validate(url).url == url.strip()


@pytest.mark.parametrize("branch", ["-x", "--upload-pack=x", "a..b", "a b", "a^", "x.lock", "/x", "a\n", "", "a@{1}"])
@pytest.mark.asvs("1.2.5")
def test_names_no_branch_can_have_are_refused(branch):
    with pytest.raises(errors.BadUrl):
        git.check_branch(branch)


@pytest.mark.parametrize("branch", [None, "main", "feature/x-1", "release/2.0", "ümlaut"])
def test_branches_keep_their_names(branch):
    git.check_branch(branch)


@pytest.mark.parametrize(
    ("said", "good"),
    [
        ("git version 2.39.5", True),
        ("git version 2.39.4", True),
        ("git version 2.45.1 (Apple Git-1)", True),
        ("git version 3.0", True),
        ("git version 2.39.3", False),
        ("git version 2.30.2", False),
        ("not git", False),
    ],
)
def test_old_versions_of_git_are_refused_with_the_install_line(said, good):
    if good:
        require_version(said)
        return
    with pytest.raises(errors.GitUnusable, match="apt-get install git"):
        require_version(said)


@pytest.mark.parametrize("mechanism", [Mechanism.LANDLOCK, Mechanism.NOTHING], ids=lambda each: each.value)
def test_no_clone_without_a_network_of_its_own(host, repository, tmp_path, mechanism):
    with pytest.raises(errors.SandboxUnavailable, match="empty network"):
        git.clone(Origin(url=repository[0]), tmp_path / "clone", route=host.route, mechanism=mechanism)


def test_nothing_of_the_caller_s_environment_matters(host, repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    got = git.clone(Origin(url=repository[0]), tmp_path / "clone", route=host.route)
    assert got.commit == repository[1]
    assert Path(os.environ["GIT_DIR"]).exists() is False
