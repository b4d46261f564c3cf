"""`vallum scan` as a person and a pipeline meet it."""

import contextlib
import io
import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import tarfile
import time
import zipfile

import images
import pytest

from vallum.cli.exits import Exit
from vallum_engine import VERSION, wire

LODASH = {
    "name": "shop",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "shop", "dependencies": {"lodash": "4.17.15"}},
        "node_modules/lodash": {"version": "4.17.15"},
    },
}


def write(root, files):
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def document(ran):
    return json.loads(ran.out)


def rules(ran):
    return [finding["rule"] for finding in document(ran)["findings"]]


class TestExitCodes:
    def test_clean(self, vallum, tree):
        write(tree, {"a.txt": "hello"})
        ran = vallum("scan", tree)
        assert ran.code == Exit.CLEAN
        assert ran.out.startswith("No findings.\nScanned 1 file, 5 bytes")
        assert ran.err == ""

    def test_findings(self, vallum, tree, token):
        write(tree, {"a.env": f"T={token}"})
        ran = vallum("scan", tree)
        assert ran.code == Exit.FINDINGS
        assert "a.env:1" in ran.out
        assert token not in ran.out

    def test_incomplete_beats_findings(self, vallum, tree, token):
        write(tree, {"a.env": f"T={token}", "big.txt": b"x" * (11 << 20)})
        ran = vallum("scan", tree)
        assert ran.code == Exit.INCOMPLETE
        assert "a.env:1" in ran.out
        assert "big.txt: larger than 10 MiB: 11 MiB" in ran.out

    @pytest.mark.parametrize(("threshold", "code"), [("low", 1), ("high", 1), ("critical", 0)])
    def test_fail_on_a_severity(self, vallum, tree, token, threshold, code):
        write(tree, {"a.env": f"T={token}"})
        severity = document(vallum("scan", tree, "--format", "json"))["findings"][0]["severity"]
        expected = 1 if severity == "critical" else code
        assert vallum("scan", tree, "--fail-on", threshold).code == expected

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            pytest.param(["scan", "absent"], "absent does not exist", id="no such place"),
            pytest.param(["scan", "--processes", "0"], "'0' is no number of processes", id="nobody to look"),
            pytest.param(["scan", "--only", "nonsense"], "there are packages, secrets", id="no such detector"),
            pytest.param(["scan", "--only", ""], "nothing is no detector", id="no detector at all"),
            pytest.param(["scan", "--format", "xml"], "invalid choice", id="no such format"),
            pytest.param(["scan", "--fail-on", "worst"], "invalid choice", id="no such severity"),
            pytest.param(["scan", "--max-bytes", "many"], "is no size", id="no such size"),
            pytest.param(["scan", "--nonsense"], "unrecognized arguments", id="no such option"),
            pytest.param(["scan", "--left-out-from", "absent"], "cannot be read", id="a list that is not there"),
            pytest.param(["scan", "--branch", "main"], "repository", id="a branch of a folder"),
            pytest.param(["scan", "--asset", "shop"], "--upload", id="an asset without an upload"),
            pytest.param(
                ["scan", "--offline", "https://example.org/a/b"], "--offline forbids", id="offline and a repository"
            ),
            pytest.param(
                ["scan", "--offline", "--upload", "https://example.org"],
                "--offline forbids",
                id="offline and an upload",
            ),
            pytest.param(["scan", "git@example.org:a/b"], "SSH address", id="an SSH address"),
            pytest.param(["scan", "http://example.org/a/b"], "not encrypted", id="a plain http address"),
            pytest.param(["scan", "file:///etc"], "only https", id="a file address"),
            pytest.param(
                ["scan", "https://user:pass@example.org/a"], "user name or password", id="a password in the address"
            ),
            pytest.param(
                ["scan", "https://example.org/a", "--branch", "--upload-pack=x"], "argument", id="an option as a branch"
            ),
            pytest.param(["frobnicate"], "invalid choice", id="no such command"),
        ],
    )
    def test_wrong_usage(self, vallum, arguments, says):
        ran = vallum(*arguments)
        assert ran.code == Exit.USAGE
        assert says in ran.err
        assert "Traceback" not in ran.err

    def test_a_private_address_is_not_cloned(self, vallum):
        ran = vallum("scan", "https://127.0.0.1/a/b")
        assert ran.code == Exit.INCOMPLETE
        assert "Nothing was scanned: " in ran.err


class TestHelp:
    def test_version(self, vallum):
        assert vallum("--version").out == f"vallum {VERSION}\n"

    @pytest.mark.parametrize(
        "arguments", [["--help"], ["scan", "--help"], ["db", "--help"], ["db", "update", "--help"]]
    )
    def test_help_goes_to_standard_output(self, vallum, arguments):
        ran = vallum(*arguments)
        assert ran.code == 0
        assert "usage: vallum" in ran.out

    def test_nothing_asked_shows_the_help(self, vallum):
        ran = vallum()
        assert ran.code == Exit.USAGE
        assert "vallum scan" in ran.out


class TestReports:
    def test_json(self, vallum, tree, token):
        write(tree, {"a.env": f"T={token}", "package-lock.json": json.dumps(LODASH)})
        report = document(vallum("scan", tree, "--format", "json"))
        assert report["target"] == {"name": "tree"}
        assert {finding["kind"] for finding in report["findings"]} == {"secret", "vulnerability"}
        assert report["packages"][0]["name"] == "lodash"
        assert report["stats"]["seconds"] > 0

    def test_sarif(self, vallum, tree, token):
        write(tree, {"a b.env": f"T={token}"})
        (run,) = document(vallum("scan", tree, "--format", "sarif"))["runs"]
        assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.env"

    def test_wire(self, vallum, tree, token, tmp_path):
        write(tree, {"a.env": f"T={token}"})
        place = tmp_path / "report.wire"
        assert vallum("scan", tree, "--format", "wire", "--output", place).code == Exit.FINDINGS
        with place.open("rb") as file:
            report = wire.read(file)
        assert [finding.locations[0].path for finding in report.findings] == ["a.env"]
        assert report.coverage.paths == ("a.env",)

    @pytest.mark.parametrize(("only", "kinds"), [("secrets", {"secret"}), ("packages", {"vulnerability"})])
    def test_only_some_detectors(self, vallum, tree, token, only, kinds):
        write(tree, {"a.env": f"T={token}", "package-lock.json": json.dumps(LODASH)})
        report = document(vallum("scan", tree, "--only", only, "--format", "json"))
        assert {finding["kind"] for finding in report["findings"]} == kinds
        assert {ruleset["name"].split("/")[0] for ruleset in report["coverage"]["rulesets"]} == {only}

    def test_a_starter_set_of_advisories_is_a_gap(self, vallum, tree):
        write(tree, {"package-lock.json": json.dumps(LODASH)})
        ran = vallum("scan", tree)
        assert ran.code == Exit.INCOMPLETE
        assert "run `vallum db update`" in ran.out

    def test_the_output_file_is_replaced_whole(self, vallum, tree, tmp_path):
        place = tmp_path / "out.json"
        place.write_text("old")
        assert vallum("scan", tree, "--format", "json", "--output", place).out == ""
        assert json.loads(place.read_text())["version"] == 1
        assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []

    def test_an_output_that_cannot_be_written_is_said(self, vallum, tree):
        ran = vallum("scan", tree, "--output", "/proc/nowhere/report")
        assert ran.code == Exit.INCOMPLETE
        assert "cannot be written to /proc/nowhere/report" in ran.err

    def test_two_scans_are_equal_but_for_the_time(self, vallum, tree, token):
        write(tree, {f"d{n}/a.env": f"T={token}" for n in range(20)})
        one, two = (document(vallum("scan", tree, "--format", "json")) for _ in range(2))
        one["stats"].pop("seconds")
        two["stats"].pop("seconds")
        assert one == two
        assert len(one["findings"][0]["locations"]) == 20


class TestIgnores:
    def test_what_is_hidden_is_counted_and_can_be_shown(self, vallum, tree, token):
        write(
            tree,
            {
                ".vallumignore": "samples/\n",
                "samples/a.env": f"T={token}",
                "b.env": f"# vallum:ignore\nT={token}",
                "c": f"{token}",
            },
        )
        ran = vallum("scan", tree)
        assert "c:1" in ran.out
        assert "b.env" not in ran.out
        assert "Hidden by vallum:ignore: 1 finding" in ran.out
        assert "1 by .vallumignore" in ran.out
        shown = document(vallum("scan", tree, "--no-ignore", "--format", "json"))
        assert [place["path"] for place in shown["findings"][0]["locations"]] == ["b.env", "c", "samples/a.env"]
        assert shown["suppressed"] == []


class TestBadInput:
    """The rest of the scan stands, and the message says what happened, where, and what to do."""

    def test_an_empty_folder(self, vallum, tree):
        assert vallum("scan", tree).out.startswith("No findings.\nScanned 0 files, 0 bytes")

    def test_an_empty_repository(self, vallum, tree):
        subprocess.run(["git", "init", "-q", tree], check=True)
        assert vallum("scan", tree).code == Exit.CLEAN

    def test_a_file_of_two_gigabytes(self, vallum, tree, token):
        with (tree / "huge.log").open("wb") as sparse:
            sparse.write(b"x" * (1 << 20))
            sparse.truncate(2 << 30)
        write(tree, {"a.env": f"T={token}"})
        started = time.perf_counter()
        ran = vallum("scan", tree)
        assert time.perf_counter() - started < 2
        assert ran.code == Exit.INCOMPLETE
        assert "huge.log: larger than 10 MiB: 2 GiB" in ran.out
        assert "a.env:1" in ran.out

    def test_a_link_out_of_the_tree(self, vallum, tree, tmp_path, token):
        write(tmp_path, {"outside.env": f"T={token}"})
        (tree / "inside.env").symlink_to(tmp_path / "outside.env")
        ran = vallum("scan", tree)
        assert ran.code == Exit.CLEAN
        assert "1 symbolic link" in ran.out

    def test_a_malformed_lockfile(self, vallum, tree, token):
        write(tree, {"web/package-lock.json": '{"lockfileVersion": 3, "packages": {', "a.env": f"T={token}"})
        ran = vallum("scan", tree)
        assert ran.code == Exit.INCOMPLETE
        assert "! web/package-lock.json: packages: line 1: not valid JSON" in ran.out
        assert "a.env:1" in ran.out

    def test_names_and_content_that_are_no_utf8(self, vallum, tree, token):
        with open(os.fsencode(tree) + b"/caf\xe9.env", "wb") as file:  # noqa: PTH123 - a name that is no text
            file.write(b"caf\xe9 = " + token.encode())
        report = document(vallum("scan", tree, "--format", "json"))
        assert report["findings"][0]["locations"][0]["path"] == r"caf\xe9.env"

    def test_a_limit_on_the_whole(self, vallum, tree):
        write(tree, {f"{n}": "x" for n in range(20)})
        ran = vallum("scan", tree, "--max-files", "10")
        assert ran.code == Exit.INCOMPLETE
        assert "more than 10 files" in ran.out
        assert "--max-files" in ran.out

    def test_files_that_were_not_brought_are_gaps(self, vallum, tree):
        ran = vallum("scan", "--left-out=video.mov", "--left-out=a/b", "--", tree)
        assert ran.code == Exit.INCOMPLETE
        assert "! video.mov: too large to be fetched" in ran.out

    def test_a_list_of_what_was_not_brought_holds_files_and_submodules(self, vallum, tree, tmp_path):
        (tmp_path / "list").write_bytes(b"a\nb\0caf\xe9\0lib/dep/\0")
        ran = vallum("scan", "--left-out-from", tmp_path / "list", "--format", "json", "--", tree)
        assert ran.code == Exit.INCOMPLETE
        assert [(gap["path"], gap["why"], gap["covered"]) for gap in document(ran)["coverage"]["exclusions"]] == [
            (r"a\nb", "too large to be fetched", False),
            (r"caf\xe9", "too large to be fetched", False),
            ("lib/dep/", "submodule: not fetched", False),
        ]

    def test_a_list_that_is_too_long_ends_in_a_gap_of_the_whole_tree(self, vallum, tree, tmp_path):
        (tmp_path / "list").write_bytes(b"".join(b"%d\0" % number for number in range(10_007)))
        ran = vallum("scan", "--left-out-from", tmp_path / "list", "--format", "json", "--", tree)
        gaps = document(ran)["coverage"]["exclusions"]
        assert len(gaps) == 10_001
        assert (gaps[0]["path"], gaps[0]["why"]) == ("", "7 more files were not brought")


class TestArchives:
    def archive(self, files):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
            for name, content in files.items():
                out.writestr(name, content)
        return buffer.getvalue()

    def scan(self, vallum, tmp_path, data):
        (tmp_path / "upload.zip").write_bytes(data)
        return vallum("scan", tmp_path / "upload.zip")

    def test_a_zip(self, vallum, tmp_path, token):
        ran = self.scan(vallum, tmp_path, self.archive({"app/a.env": f"T={token}"}))
        assert ran.code == Exit.FINDINGS
        assert "app/a.env:1" in ran.out

    def test_a_zip_bomb(self, vallum, tmp_path, token):
        files = {"a.env": f"T={token}"} | {f"{n}.txt": b"x" * (9 << 20) for n in range(4)}
        ran = self.scan(vallum, tmp_path, self.archive(files))
        assert ran.code == Exit.INCOMPLETE
        assert "stopped at 1.txt: " in ran.out
        assert "a.env:1" in ran.out

    def test_a_path_out_of_the_archive(self, vallum, tmp_path, token):
        ran = self.scan(vallum, tmp_path, self.archive({"../../evil": "x", "a.env": f"T={token}"}))
        assert ran.code == Exit.INCOMPLETE
        assert "! ../../evil: its name leads out of the archive" in ran.out
        assert "a.env:1" in ran.out
        assert not (tmp_path.parent / "evil").exists()

    def test_one_that_was_cut_off(self, vallum, tmp_path, token):
        data = self.archive({"a.env": f"T={token}"})
        ran = self.scan(vallum, tmp_path, data[:-30])
        assert ran.code == Exit.INCOMPLETE
        assert "cut off" in ran.out

    def test_what_is_no_archive(self, vallum, tmp_path):
        ran = self.scan(vallum, tmp_path, b"plain text")
        assert ran.code == Exit.INCOMPLETE
        assert "no archive that Vallum reads" in ran.out

    @pytest.mark.parametrize("name", [".env", "deploy/app.env", "notes"])
    def test_one_file_is_scanned_under_its_own_name(self, vallum, tmp_path, token, monkeypatch, name):
        (tmp_path / "deploy").mkdir()
        (tmp_path / name).write_text(f"T={token}\n")
        monkeypatch.chdir(tmp_path)
        ran = vallum("scan", name)
        assert ran.code == Exit.FINDINGS
        assert f" {name}:1 " in ran.out
        assert f" {(tmp_path / name).name}:1 " in vallum("scan", tmp_path / name).out

    def test_one_file_that_is_no_text_or_too_large(self, vallum, tmp_path):
        (tmp_path / "a.bin").write_bytes(bytes(9000))
        (tmp_path / "a.txt").write_bytes(b"a\n" * 2000)
        ran = vallum("scan", tmp_path / "a.bin")
        assert (ran.code, "no archive that Vallum reads" in ran.out) == (Exit.INCOMPLETE, True)
        ran = vallum("scan", tmp_path / "a.txt", "--max-file-bytes", "1K")
        assert (ran.code, "a.txt: larger than 1 KiB" in ran.out) == (Exit.INCOMPLETE, True)

    def test_a_tarball(self, vallum, tmp_path, token):
        place = tmp_path / "pkg-1.0.tar.gz"
        with tarfile.open(place, "w:gz") as out:
            info = tarfile.TarInfo("pkg-1.0/settings.py")
            content = f"KEY = '{token}'".encode()
            info.size = len(content)
            out.addfile(info, io.BytesIO(content))
        assert "pkg-1.0/settings.py:1" in vallum("scan", place).out


class TestProcess:
    """What only a process of its own shows."""

    def test_silence_in_pipes(self, program, tree):
        done = subprocess.run([*program, "scan", tree], capture_output=True, check=False)
        assert done.returncode == Exit.CLEAN
        assert done.stderr == b""

    def test_a_reader_that_leaves_early_is_no_failure(self, program, tree, token):
        write(tree, {f"f{n}.env": f"A={token}\n" for n in range(1000)})
        with subprocess.Popen(
            [*program, "scan", "--format", "json", tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            run.stdout.read(10)
            run.stdout.close()
            assert run.stderr.read() == b""
            assert run.wait(30) == Exit.FINDINGS

    @pytest.mark.parametrize("arguments", [["scan"], ["--help"], ["db", "status"]])
    def test_closed_streams_are_no_failure(self, program, tree, arguments):
        line = " ".join([*program, *arguments, ">&-", "2>&-", "<&-"])
        done = subprocess.run(["sh", "-c", line], cwd=tree, capture_output=True, check=False)
        assert done.returncode in (Exit.CLEAN, Exit.INCOMPLETE)

    def test_a_full_disk_is_said(self, program, tree):
        with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
            done = subprocess.run([*program, "scan", tree], stdout=full, stderr=subprocess.PIPE, check=False)
        assert done.returncode == Exit.INCOMPLETE
        assert done.stderr == b"vallum: The report cannot be written to standard output: No space left on device.\n"

    @pytest.mark.slow
    def test_a_terminal_shows_a_line_with_rate_and_counts_and_clears_it(self, program, tree):
        write(tree, {"0.txt": b"some text\n" * 50_000})
        for number in range(1, 4000):  # two gigabytes in one file's room: long enough to be worth a line
            (tree / f"{number}.txt").hardlink_to(tree / "0.txt")
        parent, child = pty.openpty()
        with subprocess.Popen([*program, "scan", tree], stdout=child, stderr=child) as run:
            os.close(child)
            shown = b""
            with contextlib.suppress(OSError):  # how a terminal says that the other side is gone
                while block := os.read(parent, 65536):
                    shown += block
            assert run.wait(30) == Exit.CLEAN
        os.close(parent)
        assert re.search(rb"scanning: [\d,]+ files, [\d.,]+ MB, [\d,]+ MB/s, 0 findings", shown)
        assert b"\r\x1b[K\x1b[1mNo findings." in shown

    def test_an_interrupt_is_clean(self, program, tree):
        write(tree, {f"{d}/{n}.txt": b"some text\n" * 20_000 for d in range(20) for n in range(60)})
        command = [*program, "scan", "--progress", "json", tree]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            while b"scanning" not in run.stderr.readline():
                pass
            run.send_signal(signal.SIGINT)
            rest = run.stderr.read()
            assert run.wait(30) == Exit.INTERRUPTED
            assert b"vallum: stopped." in rest
            assert b"Traceback" not in rest
            assert run.stdout.read() == b""

    @pytest.mark.parametrize("limit", ["4G", "3M"])
    def test_several_processes_say_what_one_says(self, program, tree, token, limit):
        write(tree, {f"{n % 40}/{n}.txt": f"{'text ' * 1000}\n{f'T={token}' * (n % 50 == 0)}" for n in range(1200)})
        command = [*program, "scan", "--only", "secrets", "--no-cache", "--format", "json", "--max-bytes", limit]
        alone, together = (
            json.loads(subprocess.run([*command, "--processes", n, tree], capture_output=True, check=False).stdout)
            for n in "13"
        )
        for report in (alone, together):
            del report["stats"]["seconds"]
        assert together == alone
        assert alone["incomplete"] == (limit == "3M")
        assert alone["findings"]

    def test_progress_for_programs_is_one_record_a_line(self, program, tree):
        write(tree, {f"{n}.txt": b"some text\n" * 1000 for n in range(1500)})
        done = subprocess.run([*program, "scan", "--progress", "json", tree], capture_output=True, check=True)
        records = [record for record in map(json.loads, done.stderr.splitlines()) if "message" not in record]
        assert [set(record) for record in records] == [{"files", "bytes", "findings", "phase"}] * len(records)
        assert records[-1] == {"files": 1500, "bytes": 15_000_000, "findings": 0, "phase": "reporting"}
        assert list(dict.fromkeys(record["phase"] for record in records)) == ["preparing", "scanning", "reporting"]

    @pytest.mark.slow
    def test_no_home_at_all_still_scans(self, program, tree, token):
        write(tree, {"a.env": f"T={token}"})
        environment = {"PATH": os.environ["PATH"], "VALLUM_HOME": "/proc/nowhere"}
        done = subprocess.run([*program, "scan", tree], env=environment, capture_output=True, check=False)
        assert done.returncode == Exit.FINDINGS


class TestCache:
    def test_the_first_scan_prepares_and_the_second_does_not(self, vallum, tree, home, monkeypatch, tmp_path):
        monkeypatch.setenv("VALLUM_HOME", str(tmp_path / "fresh"))
        vallum("scan", tree)
        kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "fresh/cache").rglob("*") if path.is_file()}
        # Expressions are there where no test before had them compiled in this process.
        assert {path.parent.name for path in kept} - {"expressions"} == {"triggers", "rules", "advisories"}
        vallum("scan", tree)
        assert {path: path.stat().st_mtime_ns for path in kept} == kept

    def test_it_is_ours_alone(self, home):
        folders = [path for path in (home / "cache").rglob("*") if path.is_dir()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in [home / "cache", *folders]} == {0o700}

    def test_one_detector_alone_shares_its_triggers(self, vallum, tree, home):
        vallum("scan", tree, "--only", "secrets")
        vallum("scan", tree, "--only", "packages")
        assert len(list((home / "cache/triggers").iterdir())) == 2  # one is for files read by their format

    def test_a_damaged_one_is_built_anew(self, vallum, tree, home, token):
        kept = {path: path.read_bytes() for path in (home / "cache/triggers").iterdir()}
        for path, whole in kept.items():
            path.write_bytes(whole[:-100])
        write(tree, {"a.env": f"T={token}"})
        assert vallum("scan", tree).code == Exit.FINDINGS
        assert {path: path.read_bytes() for path in kept} == kept

    @pytest.mark.parametrize("kind", ["triggers", "rules", "advisories"])
    def test_noise_in_the_cache_changes_nothing(self, vallum, tree, home, token, kind):
        for path in (home / "cache" / kind).iterdir():
            path.write_bytes(os.urandom(5000))
        write(tree, {"a.env": f"T={token}", "package-lock.json": json.dumps(LODASH)})
        report = document(vallum("scan", tree, "--format", "json"))
        assert {finding["kind"] for finding in report["findings"]} == {"secret", "vulnerability"}

    def test_one_that_others_can_write_to_is_not_used(self, vallum, tree, home, token):
        triggers = list((home / "cache/triggers").iterdir())
        for kept in triggers:
            kept.write_bytes(b"evil")
            kept.chmod(0o666)
        (home / "cache").chmod(0o777)
        write(tree, {"a.env": f"T={token}"})
        assert vallum("scan", tree).code == Exit.FINDINGS
        assert {kept.read_bytes() for kept in triggers} == {b"evil"}

    def test_one_inside_the_scanned_tree_is_not_used(self, vallum, tree, home, token, monkeypatch):
        inner = tree / "home"
        (inner / "cache/triggers").mkdir(parents=True)
        monkeypatch.setenv("VALLUM_HOME", str(inner))
        write(tree, {"a.env": f"T={token}"})
        assert vallum("scan", tree).code == Exit.FINDINGS
        assert list((inner / "cache/triggers").iterdir()) == []


@pytest.mark.slow
def test_a_scan_without_findings_imports_none_of_what_is_slow_to_import(tree):
    slow = {
        "dataclasses",
        "inspect",
        "tempfile",
        "zipfile",
        "shutil",
        "ssl",
        "yaml",
        "tomllib",
        "django",
        "vallum_engine.parsers",
    }
    code = "import sys; from vallum.cli.main import main; main(); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code, "scan", tree], check=True, capture_output=True, text=True)
    assert not slow & set(ran.stdout.splitlines()[-1].split())


class TestImages:
    @pytest.mark.parametrize("where", ["archive", "folder"])
    def test_one_is_scanned_by_its_layers(self, vallum, tmp_path, token, where):
        layers = [images.layer(("srv/.env", f"T={token}".encode())), images.layer(("srv/.wh..env", b""))]
        parts = images.layout({"linux/arm64": (layers, None), "linux/amd64": ([images.layer(("a", b"a"))], None)})
        if where == "archive":
            (tmp_path / "image").write_bytes(images.packed(parts))
        else:
            write(tmp_path / "image", parts)
        ran = vallum("scan", "--platform", "linux/arm64", "--format", "json", "--only", "secrets", tmp_path / "image")
        assert ran.code == Exit.FINDINGS
        assert document(ran)["target"]["name"] == "image"
        (finding,) = document(ran)["findings"]
        assert finding["locations"] == [
            {"path": "srv/.env", "line": 1, "end_line": 1, "layer": images.digest(layers[0]), "lower": True}
        ]

    def test_a_damaged_one_is_said(self, vallum, tmp_path):
        (tmp_path / "image.tar").write_bytes(images.packed({"manifest.json": b"[", "oci-layout": b"{}"}))
        ran = vallum("scan", tmp_path / "image.tar")
        assert ran.code == Exit.INCOMPLETE
        assert "manifest.json of the image is no JSON" in ran.err
