"""`--range`, `--staged` and standard input: parts of a repository, and what is no file at all."""

import io
import sys

import pytest

from vallum.cli.exits import Exit
from vallum_engine.secrets.samples import fill

OTHER = fill("npm_{github:36}")


class TestRange:
    def test_only_what_the_commits_wrote(self, repository, look, token):
        repository.commit({"old.env": f"T={OTHER}\n"})
        base = repository.git("rev-parse", "HEAD")
        brought = repository.commit({"new.env": f"T={token}\n"})
        repository.commit({"new.env": "T=\n"})
        answer = look(repository.folder, f"--range={base}..HEAD")
        assert answer.places == [("new.env", 1)]
        assert answer.one["history"]["first"]["id"] == brought
        assert answer.one["ruleset"] == "secrets/range"
        assert answer.report["stats"]["files"] == 0
        assert [rules["name"] for rules in answer.report["coverage"]["rulesets"]] == ["secrets/range"]

    def test_messages_too(self, repository, look, token):
        base = repository.commit()
        spoken = repository.commit({}, f"use {token}")
        assert look(repository.folder, f"--range={base}..").places == [(f".git/commit-messages/{spoken}", 1)]

    def test_nothing_new(self, repository, look, token):
        repository.commit({"a.env": f"T={token}\n"})
        assert look(repository.folder, "--range=HEAD..HEAD").code == Exit.CLEAN

    def test_since_two_branches_parted(self, repository, look, token):
        repository.commit()
        repository.git("checkout", "-q", "-b", "side")
        repository.commit({"side.env": f"T={token}\n"})
        repository.git("checkout", "-q", "main")
        repository.commit({"main.env": f"T={OTHER}\n"})
        assert look(repository.folder, "--range=main..side").places == [("side.env", 1)]
        assert look(repository.folder, "--range=main...side").places == [("main.env", 1), ("side.env", 1)]

    def test_a_range_of_nothing_known_is_no_clean_answer(self, repository, look):
        repository.commit()
        answer = look(repository.folder, "--range=nowhere..HEAD")
        assert answer.code == Exit.INCOMPLETE
        assert "nowhere..HEAD" in answer.gaps[0][1]


class TestStaged:
    def test_the_index_and_not_the_work_tree(self, repository, look, token):
        repository.commit({"a.env": "T=\n", "old.env": f"T={OTHER}\n"})
        repository.put({"a.env": f"# new\nT={token}\n"})
        repository.git("add", "a.env")
        repository.put({"a.env": "T=\n", "loose.env": f"T={OTHER}\n"})
        answer = look(repository.folder, "--staged")
        assert answer.places == [("a.env", 2)]
        assert answer.report["stats"]["files"] == 1
        repository.git("add", "-A")
        assert look(repository.folder, "--staged").places == [("loose.env", 1)]

    def test_before_the_first_commit(self, repository, look, token):
        repository.put({"a.env": f"T={token}\n"})
        repository.git("add", "a.env")
        assert look(repository.folder, "--staged").places == [("a.env", 1)]

    def test_nothing_staged(self, repository, look):
        repository.commit({"a.txt": "hello\n"})
        assert look(repository.folder, "--staged").code == Exit.CLEAN

    def test_packages_too(self, repository, vallum):
        lock = '{"name":"x","lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.15"}}}'
        repository.put({"package-lock.json": lock})
        repository.git("add", "-A")
        assert "lodash 4.17.15" in vallum("scan", repository.folder, "--staged").out

    def test_deleted_renamed_linked_and_binary(self, repository, look, token):
        inner = repository.git("hash-object", "-w", "--stdin", stdin=b"x")
        repository.commit({"gone.env": f"T={OTHER}\n", "moved.env": f"T={token}\n"})
        repository.git("rm", "-q", "gone.env")
        repository.git("mv", "moved.env", "here.env")
        (repository.folder / "link").symlink_to("nowhere")
        repository.put({"a.bin": b"\0\1"})
        repository.git("add", "-A")
        repository.git("update-index", "--add", "--cacheinfo", f"160000,{inner},sub")
        answer = look(repository.folder, "--staged")
        assert answer.places == [("here.env", 1)]
        rows = {row["path"]: row["why"] for row in answer.report["coverage"]["exclusions"]}
        assert rows == {"a.bin": "binary", "link": "symbolic link", "sub": "submodule"}
        assert answer.code == Exit.FINDINGS

    def test_a_conflict_is_a_gap(self, repository, look):
        repository.commit({"a.txt": "one\n"})
        repository.git("checkout", "-q", "-b", "side")
        repository.commit({"a.txt": "two\n"})
        repository.git("checkout", "-q", "main")
        repository.commit({"a.txt": "three\n"})
        repository.git("merge", "-q", "side", check=False)
        answer = look(repository.folder, "--staged")
        assert answer.code == Exit.INCOMPLETE
        assert answer.gaps == [("a.txt", "in conflict: it has no content until the merge is settled")]

    def test_the_ignore_file_of_the_index(self, repository, look, token):
        repository.put({"samples/a.env": f"T={token}\n", ".vallumignore": "samples/\n"})
        repository.git("add", "-A")
        assert look(repository.folder, "--staged").code == Exit.CLEAN
        assert look(repository.folder, "--staged", "--no-ignore").code == Exit.FINDINGS
        (repository.folder / ".vallumignore").unlink()
        assert look(repository.folder, "--staged").code == Exit.CLEAN

    @pytest.mark.parametrize("name", [b"latin-\xe9.env", b"new\nline.env", b":colon.env"])
    def test_paths_of_any_bytes(self, repository, look, token, name):
        repository.put({name: f"T={token}\n"})
        repository.git("add", "-A")
        assert len(look(repository.folder, "--staged").findings) == 1

    def test_a_file_that_is_too_large_and_one_that_is_lost(self, repository, look):
        repository.put({"big.txt": "x" * 5000, "lost.txt": "lost\n"})
        repository.git("add", "-A")
        name = repository.git("rev-parse", ":lost.txt")
        path = repository.folder / ".git/objects" / name[:2] / name[2:]
        path.chmod(0o600)
        path.unlink()
        answer = look(repository.folder, "--staged", "--max-file-bytes", "4k")
        assert answer.gaps == [("big.txt", "larger than 4 KiB: 4.9 KiB"), ("lost.txt", "missing in the repository")]

    def test_many_files(self, repository, look, token):
        repository.put({f"{number:04}.txt": f"{number}\n" for number in range(1500)})
        repository.put({"zzz.env": f"T={token}\n"})
        repository.git("add", "-A")
        answer = look(repository.folder, "--staged")
        assert answer.places == [("zzz.env", 1)]
        assert answer.report["stats"]["files"] == 1501


class TestInput:
    @pytest.fixture
    def given(self, monkeypatch):
        def give(data):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

        return give

    def test_it_is_one_file(self, given, look, token):
        given(f"one\nT={token}\n".encode())
        answer = look("-")
        assert (answer.code, answer.places) == (Exit.FINDINGS, [("stdin", 2)])

    def test_nothing(self, given, look):
        given(b"")
        assert look("-").code == Exit.CLEAN

    def test_too_much(self, given, look):
        given(b"x" * 5000)
        answer = look("-", "--max-file-bytes", "4k")
        assert (answer.code, answer.gaps) == (
            Exit.INCOMPLETE,
            [("stdin", "larger than 4 KiB (raise --max-file-bytes)")],
        )

    def test_closed(self, monkeypatch, look):
        monkeypatch.setattr(sys, "stdin", None)
        assert look("-").code == Exit.CLEAN

    def test_a_file_called_minus_is_still_reachable(self, tmp_path, vallum, token, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "-").mkdir()
        (tmp_path / "-" / "a.env").write_text(f"T={token}\n")
        assert "a.env:1" in vallum("scan", "./-").out
