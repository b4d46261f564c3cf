"""`vallum gate` over reports of this machine: what it says, and by which exit code."""

import json

import pytest

from vallum.cli.exits import Exit
from vallum_engine import wire
from vallum_engine.model.finding import Confidence, Finding, Kind, Location, Severity
from vallum_engine.model.report import Coverage, Exclusion, Report, RuleSet, Verdict
from vallum_engine.reports import json as json_report


def found(name="one", severity=Severity.HIGH, **more):
    values = {
        "kind": Kind.SECRET,
        "ruleset": "secrets",
        "rule": "example-token",
        "confidence": Confidence.HIGH,
        "locations": (Location(path="app.py", line=3, end_line=3),),
    }
    given = {"title": f"Token {name}", "message": f"Token {name}", "fingerprint": f"secret/1:{name}"}
    return Finding(severity=severity, identity=(), **{**values, **given, **more})


def report(*findings, gap=False, **more):
    exclusions = (Exclusion(path="big.bin", ruleset="", verdict=Verdict.SKIPPED, why="too large"),) if gap else ()
    coverage = Coverage(rulesets=(RuleSet(name="secrets", version="1", rules=None),), exclusions=exclusions)
    return Report(findings=findings, coverage=coverage, **more)


@pytest.fixture
def saved(tmp_path):
    """A report as a file, in JSON unless its name says wire."""

    def save(name, said):
        path = tmp_path / name
        path.write_bytes(wire.dump(said) if name.endswith(".wire") else json_report.render(said))
        return path

    return save


OLD = report(found("old", Severity.CRITICAL))
BOTH = report(found("old", Severity.CRITICAL), found("new", Severity.MEDIUM))


@pytest.mark.parametrize(
    ("now", "before", "options", "expected"),
    [
        pytest.param(BOTH, None, ["--max-severity", "high"], Exit.FINDINGS, id="worse than allowed"),
        pytest.param(BOTH, OLD, ["--max-severity", "high"], Exit.CLEAN, id="the new one is not worse"),
        pytest.param(BOTH, OLD, [], Exit.FINDINGS, id="something new"),
        pytest.param(OLD, BOTH, [], Exit.CLEAN, id="nothing new"),
        pytest.param(BOTH, None, ["--max-count", "0"], Exit.FINDINGS, id="none may be there"),
        pytest.param(BOTH, None, ["--max-count", "2"], Exit.CLEAN, id="as many as allowed"),
        pytest.param(BOTH, None, ["--no-secret"], Exit.FINDINGS, id="a secret"),
        pytest.param(BOTH, None, ["--max-count", "0", "--kind", "malware"], Exit.CLEAN, id="of another kind"),
        pytest.param(report(), None, ["--no-secret"], Exit.CLEAN, id="nothing at all"),
        pytest.param(report(gap=True), None, ["--no-secret"], Exit.INCOMPLETE, id="gaps prove nothing"),
        pytest.param(report(found(), gap=True), None, ["--no-secret"], Exit.FINDINGS, id="gaps excuse nothing"),
        pytest.param(BOTH, report(gap=True), [], Exit.INCOMPLETE, id="a baseline with gaps"),
        pytest.param(report(suppressed=(found(),)), None, ["--no-secret"], Exit.CLEAN, id="hidden in the source"),
        pytest.param(
            report(suppressed=(found(),)), None, ["--no-secret", "--count-suppressed"], Exit.FINDINGS, id="and counted"
        ),
    ],
)
def test_answers(vallum, saved, now, before, options, expected):
    baseline = ["--baseline", saved("before.json", before)] if before else []
    ran = vallum("gate", saved("now.json", now), *baseline, *options)
    assert ran.code == expected, ran.out + ran.err


def test_the_table_says_why_and_where(vallum, saved):
    ran = vallum("gate", saved("now.json", BOTH), "--baseline", saved("before.json", OLD))
    assert ran.out.splitlines()[:3] == [
        "FAIL        the conditions given",
        "            1 finding counts, and none may.",
        "            - medium  Token new  app.py:3",
    ]
    assert ran.out.rstrip().endswith("now.json: FAIL.")


def test_json_holds_the_same_for_machines(vallum, saved, tmp_path):
    out = tmp_path / "answer.json"
    place = saved("now.wire", report(found(), suppressed=(found("hidden"),)))
    ran = vallum("gate", place, "--no-secret", "--format", "json", "--output", out)
    assert (ran.code, ran.out) == (Exit.FINDINGS, "")
    answer = json.loads(out.read_text("utf-8"))
    assert (answer["version"], answer["verdict"], answer["about"]) == (1, "fail", str(place))
    (gate,) = answer["gates"]
    assert gate["reasons"] == [
        {"code": "no_secret", "text": "1 secret, and none is allowed.", "count": 1, "url": ""},
    ]
    assert gate["counts"] == {"present": 2, "counted": 1, "unsure": 0, "offending": 1, "suppressed": 1}
    assert [each["title"] for each in gate["offending"]] == ["Token one"]


def test_no_more_than_fifty_are_listed_and_the_rest_is_counted(vallum, saved):
    ran = vallum("gate", saved("now.json", report(*(found(str(n)) for n in range(60)))), "--no-secret")
    assert ran.out.count("- high") == 50
    assert "and 10 more" in ran.out


def test_a_scan_can_be_gated_as_it_is(vallum, tree, token, tmp_path):
    (tree / "a.env").write_text("nothing")
    before, now = tmp_path / "before.json", tmp_path / "now.json"
    vallum("scan", tree, "--format", "json", "--output", before)
    (tree / "a.env").write_text(f"T={token}")
    vallum("scan", tree, "--format", "json", "--output", now)
    assert vallum("gate", before, "--no-secret").code == Exit.CLEAN
    ran = vallum("gate", now, "--baseline", before)
    assert ran.code == Exit.FINDINGS
    assert token not in ran.out


def test_conditions_come_from_a_file_as_the_platform_keeps_them(vallum, saved, tmp_path):
    policy = tmp_path / "gate.json"
    policy.write_text('{"version": 1, "max_severity": "high", "new_since": {"since": "previous"}}')
    ran = vallum("gate", saved("now.json", BOTH), "--policy", policy)
    assert (ran.code, "No baseline was given" in ran.out) == (Exit.INCOMPLETE, True)
    assert vallum("gate", saved("now.json", BOTH), "--policy", policy, "--baseline", saved("b.json", OLD)).code == 0
    policy.write_text('{"version": 1, "max_count": 0, "min_risk": 70}')
    ran = vallum("gate", saved("now.json", BOTH), "--policy", policy)
    assert (ran.code, "Risk is not known here" in ran.out) == (Exit.INCOMPLETE, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param([], "Name a report", id="nothing"),
        pytest.param(["{report}"], "Say what is forbidden", id="no condition"),
        pytest.param(["{report}", "--max-severity", "critical"], "forbids nothing", id="everything allowed"),
        pytest.param(["{report}", "--no-secret", "--asset", "shop"], "add --server", id="an asset without a platform"),
        pytest.param(["{report}", "--server", "https://x.example"], "leave the report", id="both doors at once"),
        pytest.param(["--server", "https://x.example"], "needs --asset", id="no asset"),
        pytest.param(["--server", "https://x.example", "--asset", "a"], "VALLUM_TOKEN", id="no token"),
        pytest.param(["{report}", "--policy", "{report}", "--no-secret"], "leave --no-secret out", id="twice said"),
        pytest.param(["{report}", "--policy", "{report}"], "no condition has this name", id="no policy"),
        pytest.param(["{report}", "--policy", "{broken}"], "is no JSON", id="a policy that is no JSON"),
    ],
)
def test_what_cannot_be_asked_is_said(vallum, saved, tmp_path, arguments, says):
    (tmp_path / "broken").write_text("{")
    places = {"{report}": saved("now.json", BOTH), "{broken}": tmp_path / "broken"}
    ran = vallum("gate", *(places.get(each, each) for each in arguments))
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert says in ran.err


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "is no JSON", id="empty"),
        pytest.param(b"{}", "Not a JSON report of Vallum", id="another tool's"),
        pytest.param(b'{"tool": {"name": "vallum"}, "version": 9}', "Report version 9", id="a later version"),
        pytest.param(b'{"tool": {"name": "vallum"}, "version": 1}', "damaged", id="half of it"),
        pytest.param(b"\x28\xb5\x2f\xfdxxxx", "zstd", id="damaged wire"),
    ],
)
def test_a_report_that_cannot_be_read_never_passes(vallum, tmp_path, data, says):
    (tmp_path / "bad").write_bytes(data)
    ran = vallum("gate", tmp_path / "bad", "--no-secret")
    assert ran.code == Exit.INCOMPLETE
    assert says in ran.err
    assert vallum("gate", tmp_path / "absent", "--no-secret").code == Exit.INCOMPLETE


def test_a_finding_does_not_speak_to_the_terminal(vallum, saved):
    ran = vallum("gate", saved("now.json", report(found(title="\x1b[2Jgone"))), "--no-secret")
    assert "\x1b" not in ran.out
