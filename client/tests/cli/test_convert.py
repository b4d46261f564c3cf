"""`vallum convert` as a person and a pipeline meet it."""

import io
import json
import subprocess
import sys

import pytest

from vallum.cli.exits import Exit
from vallum_engine import wire
from vallum_engine.parsers.catalogue import all_formats


def sarif(*results):
    rules = [{"id": "no-eval", "shortDescription": {"text": "Text is run as code"}}]
    run = {"tool": {"driver": {"name": "linter", "rules": rules}}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]})


def result(path="app.py", level="error", **more):
    place = {"physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 3}}}
    return {"ruleId": "no-eval", "level": level, "message": {"text": "eval"}, "locations": [place], **more}


def passed():
    return result(kind="pass")


TRIVY = {
    "SchemaVersion": 2,
    "ArtifactName": "shop",
    "Results": [
        {
            "Target": "package-lock.json",
            "Type": "npm",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2021-0001",
                    "PkgName": "left",
                    "InstalledVersion": "1.0.0",
                    "Severity": "HIGH",
                }
            ],
        }
    ],
}


@pytest.fixture
def report(tmp_path):
    """A file with this content, by name."""

    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def document(ran):
    return json.loads(ran.out)


class TestExitCodes:
    def test_no_findings(self, vallum, report):
        ran = vallum("convert", report("a.sarif", sarif(passed())))
        assert ran.code == Exit.CLEAN
        assert ran.out.startswith("No findings.\nRead as sarif: 1 file, ")
        assert "1 record: 0 findings, 1 with nothing wrong." in ran.out
        assert ran.err == ""

    def test_findings(self, vallum, report):
        ran = vallum("convert", report("a.sarif", sarif(result())))
        assert ran.code == Exit.FINDINGS
        assert "app.py:3" in ran.out

    def test_a_rejected_record_is_listed_and_the_rest_imported(self, vallum, report):
        ran = vallum("convert", report("a.sarif", sarif(result(), "no object")))
        assert ran.code == Exit.INCOMPLETE
        assert "app.py:3" in ran.out
        assert "Not everything was imported.\n! runs[0].results[1]: it is no object. It is not imported" in ran.out

    def test_a_file_that_cannot_be_read_keeps_no_other_from_being_imported(self, vallum, report, tmp_path):
        ran = vallum("convert", report("a.sarif", sarif(result())), tmp_path / "absent", "--format", "json")
        assert ran.code == Exit.INCOMPLETE
        found = document(ran)
        assert len(found["findings"]) == 1
        assert found["errors"][0]["path"] == str(tmp_path / "absent")
        assert found["coverage"]["complete"] is False
        assert found["stats"]["files"] == 1

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            pytest.param("", "The file is empty", id="nothing in it"),
            pytest.param('{"a": 1}', "JSON of no report format", id="some JSON"),
            pytest.param('{"runs": [', "breaks off or is malformed", id="cut off"),
            pytest.param("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "entities", id="hostile"),
        ],
    )
    def test_when_no_file_can_be_read_nothing_is_written(self, vallum, report, tmp_path, content, says):
        ran = vallum("convert", report("a.report", content), "--output", tmp_path / "out")
        assert ran.code == Exit.INCOMPLETE
        assert says in ran.err
        assert ran.out == ""
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            pytest.param([], "--list shows which formats", id="no file"),
            pytest.param(["-", "--as", "nonsense"], "nonsense is no format", id="no such format"),
            pytest.param(["-", "--format", "xml"], "invalid choice", id="no such way to write"),
            pytest.param(["-", "--asset", "shop"], "add --upload URL", id="an asset without an upload"),
            pytest.param(["-", "--upload", "https://example.org"], "needs --asset NAME", id="an upload of no asset"),
            pytest.param(
                ["-", "--upload", "https://example.org", "--asset", "a"], "set VALLUM_TOKEN", id="an upload, no token"
            ),
            pytest.param(["-", "--offline"], "unrecognized arguments", id="no such option"),
        ],
    )
    def test_wrong_usage(self, vallum, arguments, says):
        ran = vallum("convert", *arguments)
        assert ran.code == Exit.USAGE
        assert says in ran.err

    def test_a_folder_is_no_report(self, vallum, tmp_path):
        ran = vallum("convert", tmp_path)
        assert ran.code == Exit.INCOMPLETE
        assert "cannot be read (Is a directory)" in ran.err


class TestReports:
    def test_standard_input(self, vallum, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sarif(result()).encode())))
        found = document(vallum("convert", "-", "--format", "json"))
        assert found["target"] == {"report": "sarif"}
        assert [finding["rule"] for finding in found["findings"]] == ["no-eval"]

    @pytest.mark.parametrize("kind", ["json", "sarif", "table", "wire"])
    def test_each_way_to_write_it(self, vallum, report, tmp_path, kind):
        out = tmp_path / "out"
        assert vallum("convert", report("a.json", TRIVY), "--format", kind, "--output", out).code == Exit.FINDINGS
        assert b"CVE-2021-0001" in (out.read_bytes() if kind != "wire" else _rules(out))

    def test_several_files_are_one_report(self, vallum, report):
        files = (
            report("a.sarif", sarif(result(), result("b.py"), passed())),
            report("b.sarif", sarif(result(level="note"), "no object")),
            report("c.json", TRIVY),
        )
        ran = vallum("convert", *files, "--format", "json")
        assert ran.code == Exit.INCOMPLETE
        found = document(ran)
        assert [(f["rule"], f["locations"][0]["path"], f["severity"]) for f in found["findings"]] == [
            ("no-eval", "app.py", "high"),
            ("no-eval", "b.py", "high"),
            ("CVE-2021-0001", "package-lock.json", "high"),
        ]
        stats = found["stats"]
        counts = {"files": 3, "records": 6, "merged": 1, "passed": 1, "rejected": 1}
        assert {name: stats[name] for name in counts} == counts
        assert found["target"] == {"report": "sarif, trivy"}
        assert [ruleset["name"] for ruleset in found["coverage"]["rulesets"]] == ["sarif", "trivy"]
        assert found["errors"][0]["path"] == f"{files[1]}: runs[0].results[1]"

    @pytest.mark.parametrize(("option", "complete"), [([], True), (["--part"], False)])
    def test_a_part_ends_nothing_and_is_no_failure(self, vallum, report, option, complete):
        ran = vallum("convert", report("a.sarif", sarif(result())), "--format", "json", *option)
        assert ran.code == Exit.FINDINGS
        assert document(ran)["coverage"]["complete"] is complete

    def test_a_named_format_is_believed(self, vallum, report):
        ran = vallum("convert", report("a.json", TRIVY), "--as", "sarif")
        assert ran.code == Exit.INCOMPLETE
        assert "not as SARIF writes its reports" in ran.err

    def test_the_list_of_formats(self, vallum):
        ran = vallum("convert", "--list")
        assert ran.code == Exit.CLEAN
        assert dict(line.split(maxsplit=1) for line in ran.out.splitlines()) == {
            name: format_.title for name, format_ in all_formats().items()
        }

    def test_help_goes_to_standard_output(self, vallum):
        ran = vallum("convert", "--help")
        assert ran.code == 0
        assert "usage: vallum convert FILE" in ran.out


def _rules(path):
    with path.open("rb") as file:
        return b" ".join(finding.rule.encode() for finding in wire.read(file).findings)


def test_a_scan_does_not_pay_for_parsers(tree):
    script = (
        "import sys; from vallum.cli.main import main; main(['scan', sys.argv[1]]); "
        "print([name for name in sys.modules if name.startswith(('vallum_engine.parsers', 'defusedxml'))])"
    )
    done = subprocess.run([sys.executable, "-c", script, tree], capture_output=True, check=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
