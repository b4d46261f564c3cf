"""`vallum scan --history`: every content that a ref reaches, once, with who brought it and whether HEAD still has it."""

import os
import subprocess
import sys

import pytest

from vallum.cli.exits import Exit
from vallum_engine.secrets.samples import fill

OTHER = fill("npm_{github:36}")


class TestWhatIsSaid:
    def test_what_is_gone_is_only_in_history(self, repository, look, token):
        first = repository.commit({"app/a.env": f"T={token}\n"})
        last = repository.commit({"app/a.env": f"# moved\nT={token}\n"})
        repository.commit({"app/a.env": "T=\n"})
        assert look(repository.folder).findings == []
        answer = look(repository.folder, "--history")
        assert answer.code == Exit.FINDINGS
        assert answer.places == [("app/a.env", 2)]
        assert answer.one["history"] == {
            "first": {"id": first, "date": "2023-11-14T22:14:20Z", "path": "app/a.env"},
            "last": {"id": last, "date": "2023-11-14T22:15:20Z", "path": "app/a.env"},
            "in_head": False,
        }
        assert answer.one["ruleset"] == "secrets/history"
        assert "only in history" in answer.one["message"]
        assert token not in str(answer.report)

    def test_what_is_still_there_keeps_its_name_and_place(self, repository, look, token):
        first = repository.commit({"a.env": f"T={token}\n"})
        last = repository.commit({"a.env": f"\n\nT={token}\n"})
        plain = look(repository.folder).one
        found = look(repository.folder, "--history").one
        assert found.pop("history") == {
            "first": {"id": first, "date": "2023-11-14T22:14:20Z", "path": "a.env"},
            "last": {"id": last, "date": "2023-11-14T22:15:20Z", "path": "a.env"},
            "in_head": True,
        }
        assert plain.pop("history") is None
        assert found == plain

    def test_the_name_stays_when_it_goes(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        before = look(repository.folder).one["fingerprint"]
        repository.remove("a.env")
        assert look(repository.folder, "--history").one["fingerprint"] == before

    def test_moved_it_has_two_paths(self, repository, look, token):
        repository.commit({"old.env": f"T={token}\n"})
        repository.git("mv", "old.env", "new.env")
        repository.commit()
        repository.remove("new.env")
        history = look(repository.folder, "--history").one["history"]
        assert (history["first"]["path"], history["last"]["path"]) == ("old.env", "new.env")

    def test_what_was_never_committed_has_no_history(self, repository, look, token):
        repository.commit({"a.txt": "hello\n"})
        repository.put({"a.env": f"T={token}\n"})
        assert look(repository.folder, "--history").one["history"] is None

    def test_gone_from_the_work_tree_and_still_in_head(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        (repository.folder / "a.env").unlink()
        one = look(repository.folder, "--history").one
        assert one["history"]["in_head"]
        assert "still in HEAD" in one["message"]

    def test_files_that_keep_credentials_are_read_whatever_is_in_them(self, repository, look):
        repository.commit({".netrc": "machine git.shop.internal login bob password kq7" + "Zx9vLm2\n"})
        repository.remove(".netrc")
        for _ in range(2):  # the second time contents in which nothing was found are remembered
            answer = look(repository.folder, "--history")
            assert [path for path, _ in answer.places] == [".netrc"]

    def test_messages_of_commits_and_tags(self, repository, look, token):
        spoken = repository.commit({"a.txt": "hello\n"}, f"Use it\n\nT={token}\n")
        repository.git("tag", "-a", "v1", "-m", f"npm {OTHER}")
        tag = repository.git("rev-parse", "v1")
        answer = look(repository.folder, "--history")
        assert answer.places == [(f".git/commit-messages/{spoken}", 3), (".git/tags/v1", 1)]
        assert {one["history"]["first"]["id"] for one in answer.findings} == {spoken, tag}
        assert not any(one["history"]["in_head"] for one in answer.findings)

    def test_the_figures(self, repository, look):
        repository.commit({"a.txt": "one\n"})
        repository.commit({"a.txt": "two\n", "b.txt": "one\n"})
        repository.git("tag", "-a", "v1", "-m", "the first")
        stats = look(repository.folder, "--history").report["stats"]
        assert (stats["commits"], stats["versions"]) == (2, 5)  # two contents, two messages of commits, one of a tag

    def test_the_table_says_it(self, repository, vallum, token):
        first = repository.commit({"a.env": f"T={token}\n"})
        repository.remove("a.env")
        said = vallum("scan", repository.folder, "--history").out
        assert f"Only in history, written by {first[:12]} (2023-11-14)" in said
        assert "Looked back over 2 commits, 3 contents." in said

    def test_it_rotates_and_does_not_ask_to_edit_a_file_that_is_gone(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        repository.remove("a.env")
        steps = look(repository.folder, "--history").one["remediation"]["steps"]
        assert "every clone" in steps[-1]
        assert not any("out of the file" in step for step in steps)

    def test_the_same_again_is_the_same_bytes(self, repository, vallum, token):
        repository.commit({"a.env": f"T={token}\n", "b.txt": "hello\n", "c.bin": b"\0"}, f"say {OTHER}")
        repository.commit({"a.env": "T=\n"})

        def run():
            document = vallum("scan", repository.folder, "--history", "--format", "json").out.splitlines()
            return [line for line in document if '"seconds"' not in line]

        assert run() == run()


class TestWhatIsReached:
    def test_branches_stashes_and_detached_heads(self, repository, look, token):
        base = repository.commit({"a.txt": "hello\n"})
        repository.git("checkout", "-q", "-b", "side")
        repository.commit({"side.env": f"T={token}\n"})
        repository.git("checkout", "-q", "--detach", base)
        repository.put({"a.txt": f"T={OTHER}\n"})
        repository.git("stash", "-q")
        assert look(repository.folder, "--history").places == [("a.txt", 1), ("side.env", 1)]

    def test_what_only_a_merge_made(self, repository, look, token):
        repository.commit({"a.txt": "one\n"})
        repository.git("checkout", "-q", "-b", "side")
        repository.commit({"a.txt": "two\n"})
        repository.git("checkout", "-q", "main")
        repository.commit({"a.txt": "three\n"})
        repository.git("merge", "-q", "side", check=False)
        merge = repository.commit({"a.txt": f"T={token}\n"})
        repository.commit({"a.txt": "four\n"})
        history = look(repository.folder, "--history").one["history"]
        assert history["first"]["id"] == history["last"]["id"] == merge

    def test_a_history_full_of_merges(self, repository, look, token):
        repository.commit({"a.txt": "0\n"})
        first = ""
        for number in range(12):
            repository.git("checkout", "-q", "-b", f"side{number}", "HEAD")
            brought = repository.commit({f"side{number}.txt": f"T={token}\n" if number == 5 else f"{number}\n"})
            first = brought if number == 5 else first
            repository.git("checkout", "-q", "main")
            repository.commit({"a.txt": f"{number}\n"})
            repository.git("merge", "-q", "--no-ff", "-m", "together", f"side{number}")
        repository.git("merge", "-q", "-m", "many", *(f"side{number}" for number in range(4)), check=False)
        repository.remove("side5.txt")
        history = look(repository.folder, "--history").one["history"]
        assert history["first"]["id"] == history["last"]["id"] == first
        assert history["in_head"] is False

    def test_a_tag_of_a_file_and_one_of_a_folder(self, repository, look, token):
        repository.commit({"a.txt": "hello\n"})
        blob = repository.git("hash-object", "-w", "--stdin", stdin=f"T={token}\n".encode())
        other = repository.git("hash-object", "-w", "--stdin", stdin=f"T={OTHER}\n".encode())
        tree = repository.git("mktree", stdin=f"100644 blob {other}\tdeep.env\n".encode())
        repository.git("tag", "file", blob)
        repository.git("tag", "-a", "folder", "-m", "a folder", tree)
        assert look(repository.folder, "--history").places == [(".git/tags/file", 1), (".git/tags/folder/deep.env", 1)]

    def test_bare(self, repository, make, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        repository.commit({"b.txt": "hello\n"})
        repository.git("clone", "-q", "--bare", ".", "../bare.git")
        answer = look(repository.folder.parent / "bare.git", "--history")
        assert answer.one["history"]["in_head"]
        assert answer.report["stats"]["files"] == 0

    def test_a_linked_work_tree(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        repository.remove("a.env")
        repository.git("worktree", "add", "-q", "../linked", "-b", "linked")
        assert look(repository.folder.parent / "linked", "--history").places == [("a.env", 1)]

    def test_borrowed_objects(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        repository.remove("a.env")
        repository.git("clone", "-q", "--shared", ".", "../shared")
        answer = look(repository.folder.parent / "shared", "--history")
        assert answer.places == [("a.env", 1)]
        assert answer.gaps == []

    def test_sha256(self, make, look, token):
        wide = make("wide", "--object-format=sha256")
        first = wide.commit({"a.env": f"T={token}\n"})
        wide.remove("a.env")
        for _ in range(2):  # the second time from what is remembered
            assert look(wide.folder, "--history").one["history"]["first"]["id"] == first
        assert len(first) == 64

    def test_a_repository_without_a_commit(self, repository, look):
        answer = look(repository.folder, "--history")
        assert (answer.code, answer.findings) == (Exit.CLEAN, [])

    def test_submodules_are_other_repositories(self, repository, make, look, token):
        inner = make("inner")
        inner.commit({"a.env": f"T={token}\n"})
        repository.commit({"a.txt": "hello\n"})
        repository.git("submodule", "add", "-q", str(inner.folder), "inner")
        repository.commit()
        repository.git("rm", "-q", "-f", "inner")
        repository.commit()
        answer = look(repository.folder, "--history")
        assert (answer.code, answer.findings) == (Exit.CLEAN, [])

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            pytest.param(b"latin-\xe9.env", r"latin-\xe9.env", id="no UTF-8"),
            pytest.param(b"new\nline.env", r"new\nline.env", id="a newline"),
            pytest.param(b":colon.env", ":colon.env", id="what a record begins with"),
            pytest.param('π "q".env'.encode(), 'π "q".env', id="quotes and letters"),
            pytest.param(b"tab\there.env", r"tab\there.env", id="a tab"),
        ],
    )
    def test_paths_of_any_bytes(self, repository, look, token, name, shown):
        repository.commit({name: f"T={token}\n"})
        repository.remove(os.fsdecode(name))
        answer = look(repository.folder, "--history")
        assert answer.places == [(shown, 1)]
        assert answer.one["history"]["first"]["path"] == shown

    def test_binary_contents_are_left_out_and_links_too(self, repository, look, token):
        repository.put({"a.bin": b"\0" + f"T={token}\n".encode()})
        (repository.folder / "link").symlink_to(f"T={token}")
        repository.commit()
        answer = look(repository.folder, "--history")
        assert answer.findings == []
        rows = [(row["path"], row["why"]) for row in answer.report["coverage"]["exclusions"] if row["ruleset"]]
        assert rows == [(".git/", "1 binary versions")]


class TestIgnoring:
    def test_a_mark_in_the_history(self, repository, look, token):
        repository.commit({"a.env": f"T={token} # vallum:ignore a sample\n"})
        repository.remove("a.env")
        answer = look(repository.folder, "--history")
        assert (answer.code, answer.findings) == (Exit.CLEAN, [])
        assert answer.suppressed[0]["reason"] == "a sample"
        assert look(repository.folder, "--history", "--no-ignore").code == Exit.FINDINGS

    def test_a_mark_made_today_holds_for_the_past_of_the_same_secret(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        repository.commit({"a.env": f"T={token} # vallum:ignore a sample\n"})
        answer = look(repository.folder, "--history")
        assert (answer.code, answer.findings) == (Exit.CLEAN, [])
        assert answer.suppressed[0]["history"]["in_head"]

    def test_the_ignore_file_as_it_is_today(self, repository, look, token):
        repository.commit({"samples/a.env": f"T={token}\n"})
        repository.git("rm", "-q", "-r", "samples")
        repository.commit({"b.txt": "hello\n"})
        repository.put({".vallumignore": "samples/\n"})
        answer = look(repository.folder, "--history")
        assert (answer.code, answer.findings) == (Exit.CLEAN, [])
        assert ".vallumignore: 1 versions in the history" in str(answer.report["coverage"])
        assert look(repository.folder, "--history", "--no-ignore").places == [("samples/a.env", 1)]

    def test_in_a_bare_repository_as_head_has_it(self, repository, look, token):
        repository.commit({"samples/a.env": f"T={token}\n", ".vallumignore": "samples/\n"})
        repository.git("clone", "-q", "--bare", ".", "../bare.git")
        assert look(repository.folder.parent / "bare.git", "--history").findings == []


class TestGaps:
    def test_a_shallow_clone(self, repository, look):
        repository.commit({"a.txt": "one\n"})
        repository.commit({"a.txt": "two\n"})
        repository.git("clone", "-q", "--depth=1", f"file://{repository.folder}", "../shallow")
        answer = look(repository.folder.parent / "shallow", "--history")
        assert answer.code == Exit.INCOMPLETE
        assert answer.gaps == [("", "a shallow clone: what came before is not here (git fetch --unshallow brings it)")]

    def test_a_missing_content(self, repository, look, token):
        repository.commit({"a.txt": "one\n", "b.env": f"T={token}\n"})
        _lose(repository, "HEAD:a.txt")
        answer = look(repository.folder, "--history")
        assert answer.code == Exit.INCOMPLETE
        assert answer.gaps == [("a.txt", "missing (a version in the history)")]
        assert answer.places == [("b.env", 1)]

    def test_a_damaged_content(self, repository, look, token):
        repository.commit({"a.txt": "one\n", "b.env": f"T={token}\n", "c.txt": "three\n"})
        path = _object(repository, "HEAD:a.txt")
        path.chmod(0o600)
        path.write_bytes(b"this is no zlib stream")
        answer = look(repository.folder, "--history")
        assert answer.code == Exit.INCOMPLETE
        assert [path for path, _ in answer.gaps] == ["a.txt"]
        assert answer.places == [("b.env", 1)]

    def test_a_missing_tree(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        broken = repository.commit({"deep/b.txt": "two\n"})
        repository.commit({"c.env": f"T={OTHER}\n"})
        _lose(repository, f"{broken}:deep")
        answer = look(repository.folder, "--history")
        assert answer.code == Exit.INCOMPLETE
        assert f"commit {broken[:12]} cannot be compared" in str(answer.gaps)
        assert answer.places == [("a.env", 1), ("c.env", 1)]

    def test_a_missing_commit(self, repository, look, token):
        lost = repository.commit({"a.txt": "one\n"})
        repository.commit({"b.env": f"T={token}\n"})
        repository.commit({"b.env": "T=\n"})
        _lose(repository, lost)
        answer = look(repository.folder, "--history")
        assert answer.code == Exit.INCOMPLETE
        assert "commits are missing" in str(answer.gaps)
        assert answer.places == [("b.env", 1)]

    def test_a_ref_to_nothing(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        (repository.folder / ".git/refs/heads/gone").write_text("1" * 40 + "\n")
        (repository.folder / ".git/refs/heads/broken").write_text("no object at all\n")
        answer = look(repository.folder, "--history")
        assert answer.code == Exit.INCOMPLETE
        said = str(answer.gaps)
        assert "refs/heads/gone points to an object that is missing" in said
        assert "refs/heads/broken is broken" in said
        assert answer.places == [("a.env", 1)]

    def test_large_contents_by_name(self, repository, look):
        repository.commit({"big.txt": "x" * 5000, "small.txt": "hello\n"})
        repository.remove("big.txt")
        answer = look(repository.folder, "--history", "--max-file-bytes", "4k")
        assert answer.gaps == [("big.txt", "larger than 4 KiB: 4.9 KiB (a version in the history)")]

    def test_a_limit_on_contents_and_one_on_all(self, repository, look):
        repository.commit({f"{number}.txt": f"{number}\n" * 1000 for number in range(9)})
        for number in range(9):
            repository.remove(f"{number}.txt")
        assert look(repository.folder, "--history", "--max-files", "5").gaps == [("", "4 versions beyond the first 5")]
        [(path, why)] = look(repository.folder, "--history", "--max-bytes", "6k").gaps
        assert path == ""
        assert "it holds more than 6 KiB" in why

    def test_replaced_and_grafted_commits_are_seen_as_they_are(self, repository, look, token):
        secret = repository.commit({"a.env": f"T={token}\n"})
        clean = repository.remove("a.env")
        head = repository.commit({"b.txt": "hello\n"})
        (repository.folder / ".git/info/grafts").write_text(f"{clean}\n")
        repository.git("replace", secret, head)
        assert look(repository.folder, "--history").places == [("a.env", 1)]


class TestMemory:
    def test_what_holds_nothing_is_not_read_again(self, repository, look, home, token):
        repository.commit({"a.env": f"T={token}\n", "b.txt": "hello\n"})
        repository.remove("a.env")
        first = look(repository.folder, "--history")
        [kept] = (home / "cache" / "history").iterdir()
        assert len(kept.read_bytes()) == len(b"0\n") + 20  # b.txt alone: what a rule looked at is looked at again
        _lose(repository, "HEAD:b.txt")  # it would be missed if it were asked for
        second = look(repository.folder, "--history")
        assert second.findings == first.findings
        assert second.report["stats"]["versions"] == first.report["stats"]["versions"]
        assert second.gaps == []


class TestRefused:
    @pytest.mark.parametrize(
        ("options", "says"),
        [
            pytest.param(["--history", "--only", "packages"], "add secrets", id="no secrets"),
            pytest.param(["--history", "--staged"], "exclude each other", id="two parts"),
            pytest.param(["--range", "main"], "no range", id="no range"),
            pytest.param(["--range", "--all..HEAD"], "expected one argument", id="an option as a range"),
            pytest.param(["--range=-x..HEAD"], "no range", id="another option as a range"),
            pytest.param(
                ["--staged", "--upload", "https://a.example", "--asset", "x"], "has not ended", id="an upload"
            ),
        ],
    )
    def test_what_cannot_be(self, repository, vallum, options, says):
        ran = vallum("scan", repository.folder, *options)
        assert ran.code == Exit.USAGE
        assert says in ran.err

    def test_a_range_of_commits_that_are_not_there(self, repository, look):
        repository.commit({"a.txt": "hello\n"})
        (gap,) = look(repository.folder, "--range", "elsewhere..HEAD").gaps
        assert "unknown revision" in str(gap)

    @pytest.mark.parametrize("option", ["--history", "--staged", "--range=A..B"])
    def test_no_repository(self, tmp_path, vallum, option):
        (tmp_path / "plain").mkdir()
        ran = vallum("scan", tmp_path / "plain", option)
        assert ran.code == Exit.USAGE
        assert "is no git repository" in ran.err

    def test_a_folder_inside_of_one(self, repository, vallum):
        repository.commit({"deep/a.txt": "hello\n"})
        ran = vallum("scan", repository.folder / "deep", "--history")
        assert ran.code == Exit.USAGE
        assert f"name its top folder, {repository.folder}" in ran.err

    def test_nothing_that_the_repository_names_is_run(self, repository, look, tmp_path, token):
        """Pagers, signature programs, monitors, filters and helpers of its configuration."""
        repository.commit({"a.env": f"T={token}\n", ".gitattributes": "* diff=own filter=own\n"})
        trap = tmp_path / "trap.sh"
        trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
        trap.chmod(0o755)
        for name in (
            "core.pager",
            "core.fsmonitor",
            "core.sshCommand",
            "core.alternateRefsCommand",
            "diff.external",
            "diff.own.textconv",
            "diff.own.command",
            "filter.own.smudge",
            "filter.own.clean",
            "gpg.program",
            "credential.helper",
            "pager.diff-tree",
            "pager.rev-list",
            "pager.cat-file",
        ):
            repository.git("config", name, str(trap))
        repository.git("config", "log.showSignature", "true")
        repository.git("config", "alias.cat-file", f"!{trap}")
        assert look(repository.folder, "--history").places == [("a.env", 1)]
        look(repository.folder, "--staged")
        assert not (tmp_path / "sprung").exists()


def test_a_partial_clone_fetches_nothing_and_says_what_is_missing(repository, look, token):
    repository.commit({"a.txt": "x" * 3000, "b.env": f"T={token}\n"})
    repository.remove("a.txt")
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("clone", "-q", "--filter=blob:limit=1k", f"file://{repository.folder}", "../partial")
    answer = look(repository.folder.parent / "partial", "--history")
    assert answer.code == Exit.INCOMPLETE
    assert answer.gaps == [("a.txt", "missing (a version in the history)")]
    assert answer.places == [("b.env", 1)]


@pytest.mark.slow
def test_memory_stays_bounded_over_large_contents(repository, prepared, home):
    """A hundred contents of 9 MiB each, which no folder holds any more."""
    for number in range(100):
        (repository.folder / "big.txt").write_bytes(f"{number} line\n".encode() * (9 << 17))
        repository.commit()
    repository.remove("big.txt")
    # Not `ru_maxrss`: that remembers what the process that started it held.
    measure = (
        "import sys; from vallum.cli.main import main; main(sys.argv[1:]);"
        "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM:')))"
    )
    words = [sys.executable, "-c", measure, "scan", str(repository.folder), "--history", "--format", "json"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, env={**os.environ, "VALLUM_HOME": str(home)}
    )
    assert int(done.stdout.splitlines()[-1]) < 300_000


def _object(repository, name):
    found = repository.git("rev-parse", name)
    return repository.folder / ".git/objects" / found[:2] / found[2:]


def _lose(repository, name):
    path = _object(repository, name)
    path.chmod(0o600)
    path.unlink()
