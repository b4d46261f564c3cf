"""One report, three ways to read it."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vallum_engine.model.finding import (
    AdvisoryRef,
    Confidence,
    Finding,
    Kind,
    Location,
    PackageRef,
    Remediation,
    Severity,
)
from vallum_engine.model.known import Known
from vallum_engine.model.package import Package
from vallum_engine.model.report import Coverage, Exclusion, Problem, Report, RuleSet, Stats, Verdict
from vallum_engine.reports import json as json_report
from vallum_engine.reports import sarif, table

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas/sarif-schema-2.1.0.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def secret(path="config/app.env", line=3, **changes):
    fields = {
        "kind": Kind.SECRET,
        "ruleset": "secrets",
        "rule": "some-token",
        "title": "Some token",
        "severity": Severity.HIGH,
        "confidence": Confidence.HIGH,
        "message": "Some token in plain text.",
        "locations": (Location(path=path, line=line, end_line=line),),
        "identity": (),
        "fingerprint": "secret/1:0123",
        "evidence": "abcd…wxyz",
        "remediation": Remediation(steps=("Revoke it.", "Store the new one elsewhere.")),
        "references": ("https://example.org/tokens?a=b#c",),
    }
    return Finding(**{**fields, **changes})


VULNERABILITY = secret(
    path="package-lock.json",
    kind=Kind.VULNERABILITY,
    ruleset="packages/npm",
    rule="CVE-2021-1",
    title="Prototype pollution",
    severity=Severity.CRITICAL,
    package=PackageRef(
        purl="pkg:npm/lodash@4.17.15",
        ecosystem="npm",
        name="lodash",
        version="4.17.15",
        direct=False,
        dev=True,
        path=("shop", "way 1.0.0", "lodash 4.17.15"),
    ),
    advisories=(AdvisoryRef(id="GHSA-1", url="https://example.org/GHSA-1", fixed=("4.17.21",)),),
    remediation=Remediation(steps=("Upgrade lodash to 4.17.21.",), upgrade_to="4.17.21"),
    fingerprint="package/1:4567",
    evidence="",
)
REPORT = Report(
    findings=(VULNERABILITY, secret()),
    suppressed=(secret(line=9, fingerprint="secret/1:89ab"),),
    coverage=Coverage(
        rulesets=(RuleSet(name="secrets", version="60-ab", rules=("some-token",)),),
        exclusions=(
            Exclusion(path="a.png", ruleset="", verdict=Verdict.SKIPPED, why="binary", covered=True),
            Exclusion(path="dist/", ruleset="", verdict=Verdict.SKIPPED, why=".vallumignore:3", covered=True),
            Exclusion(path="huge.log", ruleset="", verdict=Verdict.SKIPPED, why="larger than 10 MiB: 2 GiB"),
        ),
    ),
    errors=(Problem(path="bad.lock", what="packages: line 3 is no TOML.", todo="The rest of the scan stands."),),
    stats=Stats(files=12, bytes=34567, skipped=3, packages=1, suppressed=1, seconds=0.25),
    advisories=Known(as_of="2026-01-02T03:04:05Z", days=9, feeds={"epss": "2026-01-03"}),
    packages=(Package(ecosystem="npm", name="lodash", version="4.17.15", location=Location(path="package-lock.json")),),
    target={"name": "shop", "url": "https://example.org/shop.git", "commit": "0" * 40, "branch": "main"},
)
CLEAN = Report(stats=Stats(files=2, bytes=10))


def test_a_json_report_is_read_as_it_was_written():
    for report in (REPORT, CLEAN):
        again = json_report.read(json_report.render(report))
        assert replace(again, engine=report.engine) == replace(report, findings=unnamed(report.findings))
        assert json_report.render(again) == json_report.render(report)


def unnamed(findings):
    """A reader has the fingerprint, and no identity."""
    return tuple(replace(finding, identity=()) for finding in findings)


def test_a_report_of_before_says_nothing_of_how_a_package_came_in():
    old = json.loads(json_report.render(REPORT))
    for name in ("direct", "dev", "path", "cut"):
        del old["findings"][0]["package"][name]
    package = json_report.read(json.dumps(old).encode()).findings[0].package
    assert (package.name, package.direct, package.dev, package.path, package.cut) == ("lodash", None, None, (), 0)


def sarif_of(report):
    document = json.loads(sarif.render(report))
    VALIDATOR.validate(document)
    return document["runs"][0]


@pytest.mark.parametrize("render", [table.render, json_report.render, sarif.render])
def test_every_report_says_where_a_secret_is_revoked(render):
    page = "https://shop.test/keys"
    assert page.encode() not in render(REPORT)
    found = secret(remediation=Remediation(steps=("One.", "Two.", "Three.", "Four."), revoke=page))
    assert page.encode() in render(Report(findings=(found,)))


class TestJson:
    def test_every_documented_field_is_there(self):
        document = json.loads(json_report.render(REPORT))
        assert list(document) == [
            "version", "tool", "target", "incomplete", "findings", "suppressed", "coverage", "errors", "stats", "advisories",
            "layers", "packages",
        ]  # fmt: skip
        assert document["version"] == 1
        assert document["incomplete"] is True
        assert document["findings"][0]["package"]["purl"] == "pkg:npm/lodash@4.17.15"
        assert document["findings"][1]["locations"] == [{"path": "config/app.env", "line": 3, "end_line": 3}]
        assert document["coverage"]["exclusions"][2]["why"] == "larger than 10 MiB: 2 GiB"

    def test_the_example_of_the_documentation_has_the_fields_of_a_report(self):
        text = (Path(__file__).parents[3] / "docs/report-format.md").read_text("utf-8")
        example = json.loads(text.split("```json\n")[1].split("```")[0])
        real = json.loads(json_report.render(REPORT))
        assert list(example) == list(real)
        for key in ("findings", "packages", "errors", "suppressed"):
            assert set(real[key][0]) == set((example[key] or real[key])[0])
        for key in ("coverage", "stats", "tool", "advisories"):
            assert set(real[key]) == set(example[key])
        documented = (
            set(real["findings"][0]) | set(real["coverage"]) | set(real["stats"]) | set(real["advisories"]) | set(real)
        )
        assert {name for name in documented if f"`{name}`" not in text} == set()

    def test_what_no_utf8_holds_is_json_all_the_same(self):
        report = Report(errors=(Problem(path="\udc80", what="w"),))
        assert json.loads(json_report.render(report))["errors"][0]["path"] == "\udc80"


class TestSarif:
    def test_it_is_valid_and_names_each_rule_once(self):
        run = sarif_of(REPORT)
        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == ["CVE-2021-1", "some-token"]
        assert [rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"]] == [True] * 3

    def test_severity_is_a_level_and_a_number(self):
        run = sarif_of(REPORT)
        assert [result["level"] for result in run["results"]] == ["error", "error", "error"]
        assert [r["properties"]["security-severity"] for r in run["tool"]["driver"]["rules"]] == ["9.5", "8.0"]

    def test_identity_travels(self):
        result = sarif_of(REPORT)["results"][1]
        assert result["fingerprints"] == {"vallum/v1": "secret/1:0123"}
        assert result["partialFingerprints"] == result["fingerprints"]

    def test_what_was_hidden_is_suppressed_in_source(self):
        run = sarif_of(REPORT)
        assert [result.get("suppressions") for result in run["results"]] == [None, None, [{"kind": "inSource"}]]

    def test_gaps_are_notifications_of_an_unsuccessful_run(self):
        (invocation,) = sarif_of(REPORT)["invocations"]
        assert invocation["executionSuccessful"] is False
        texts = [n["message"]["text"] for n in invocation["toolExecutionNotifications"]]
        assert texts == [
            "packages: line 3 is no TOML. The rest of the scan stands.",
            "Not covered by any rule: larger than 10 MiB: 2 GiB",
        ]
        assert sarif_of(CLEAN)["invocations"][0]["executionSuccessful"] is True

    def test_the_day_of_the_advisories_is_named(self):
        assert sarif_of(REPORT)["properties"]["advisories"]["as_of"] == "2026-01-02T03:04:05Z"

    def test_the_revision_is_named(self):
        (provenance,) = sarif_of(REPORT)["versionControlProvenance"]
        assert provenance == {"repositoryUri": "https://example.org/shop.git", "revisionId": "0" * 40, "branch": "main"}

    @pytest.mark.slow
    @settings(max_examples=60, deadline=None)
    @given(st.text(min_size=1, max_size=20), st.sampled_from(Severity), st.integers(-1, 5))
    def test_any_path_is_a_uri_below_the_root(self, path, severity, line):
        run = sarif_of(Report(findings=(secret(path=path, line=line, severity=severity),)))
        place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
        assert unquote(place["uri"], errors="surrogatepass") == path
        assert place["uriBaseId"] == "%SRCROOT%"
        assert ":" not in place["uri"]

    def test_an_empty_report_is_valid(self):
        assert sarif_of(CLEAN)["results"] == []

    def test_a_package_says_how_it_came_in_as_far_as_that_is_known(self):
        properties = sarif_of(REPORT)["results"][0]["properties"]
        assert {name: properties[name] for name in ("direct", "dev", "path")} == {
            "direct": False, "dev": True, "path": ["shop", "way 1.0.0", "lodash 4.17.15"],
        }  # fmt: skip
        unknown = replace(VULNERABILITY, package=PackageRef(purl="pkg:npm/x@1", ecosystem="npm", name="x", version="1"))
        properties = sarif_of(Report(findings=(unknown,)))["results"][0]["properties"]
        assert properties["purl"] == "pkg:npm/x@1"
        assert not {"direct", "dev", "path", "pathCut"} & set(properties)


class TestTable:
    def text(self, report, **options):
        return table.render(report, **options).decode()

    def test_worst_first_then_figures_then_gaps(self):
        text = self.text(REPORT)
        order = [
            "C  critical (1)", "lodash 4.17.15: Prototype pollution", "H  high (1)", "Some token  [some-token]", "config/app.env:3",
            "abcd…wxyz", "> Revoke it.", "2 findings: 1 critical, 1 high.", "12 files, 33.8 KiB, 1 package in 0.2 s",
            "Advisories as of 2026-01-02 (9 days old). Run `vallum db update`.",
            "Hidden by vallum:ignore: 1 finding", "Left out on purpose: 1 binary, 1 by .vallumignore.", "Not everything was scanned",
            "! bad.lock: packages: line 3 is no TOML.", "! huge.log: larger than 10 MiB: 2 GiB",
        ]  # fmt: skip
        places = [text.find(part) for part in order]
        assert -1 not in places, [part for part, place in zip(order, places, strict=True) if place < 0]
        assert places == sorted(places)

    def test_a_clean_report_is_short(self):
        assert self.text(CLEAN) == "No findings.\nScanned 2 files, 10 bytes.\n"

    @pytest.mark.parametrize(
        ("known", "says"),
        [
            pytest.param(
                Known(as_of="2026-01-02T03:04:05Z", days=0), "Advisories as of 2026-01-02 (today).", id="today"
            ),
            pytest.param(Known(as_of="2026-01-02", days=1), "Advisories as of 2026-01-02 (1 day old).", id="a day"),
            pytest.param(Known(as_of="2026-01-02", days=7), "Advisories as of 2026-01-02 (7 days old).", id="a week"),
            pytest.param(Known(as_of="2026-01-02"), "Advisories as of 2026-01-02.", id="nobody told the time"),
            pytest.param(Known(starter=True), "", id="the starter set, of which gaps are told"),
            pytest.param(None, "", id="nothing was matched"),
        ],
    )
    def test_how_old_the_advisories_are_is_said(self, known, says):
        lines = self.text(Report(stats=Stats(files=2, bytes=10, packages=1), advisories=known)).splitlines()
        assert lines[2:] == ([says] if says else [])
        assert "Advisories" not in self.text(Report(stats=Stats(files=2, bytes=10), advisories=known))

    def test_a_failure_is_said_once(self):
        report = Report(
            coverage=Coverage(exclusions=(Exclusion(path="x", ruleset="words", verdict=Verdict.FAILED, why="boom"),)),
            errors=(Problem(path="x", what="words: boom", todo="The rest stands."),),
        )
        assert self.text(report).count("boom") == 1

    def test_places_of_the_same_problem_share_its_remedy(self):
        text = self.text(Report(findings=(secret(), secret(path="other.env", fingerprint="f"))))
        assert text.count("Revoke it.") == 1
        assert "other.env:3" in text

    def test_many_places_are_counted(self):
        many = secret(locations=tuple(Location(path=f"f{n}", line=1) for n in range(9)))
        assert "and 4 more places" in self.text(Report(findings=(many,)))

    @pytest.mark.parametrize("width", [20, 60, 100, 400])
    def test_words_stay_within_the_width_and_places_stay_whole(self, width):
        long = secret(title="word " * 60, locations=(Location(path="x" * 150, line=7),))
        lines = self.text(Report(findings=(long,)), width=width).splitlines()
        assert any("x" * 150 + ":7" in line for line in lines)
        assert all(len(line) <= min(max(width, 40), 120) for line in lines if "x" * 150 not in line)

    @pytest.mark.parametrize(
        ("said", "line"),
        [
            ({}, "By shop → way 1.0.0 → lodash 4.17.15 (development only)"),
            ({"dev": False}, "By shop → way 1.0.0 → lodash 4.17.15"),
            ({"path": ("shop", "lodash 4.17.15"), "direct": True}, "Development only"),
            ({"path": tuple(f"p{n}" for n in range(20)), "cut": 1234}, "p9 → … 1,234 more … → p10"),
        ],
    )
    def test_how_a_package_came_in(self, said, line):
        finding = replace(VULNERABILITY, package=replace(VULNERABILITY.package, **said))
        assert line in self.text(Report(findings=(finding,)), width=120)

    def test_a_direct_package_of_production_needs_no_word(self):
        package = replace(VULNERABILITY.package, direct=True, dev=False, path=("shop", "lodash 4.17.15"))
        text = self.text(Report(findings=(replace(VULNERABILITY, package=package),)))
        assert "shop" not in text
        assert "evelopment" not in text

    def test_colour_is_only_on_demand(self):
        assert "\x1b" not in self.text(REPORT)
        assert "\x1b[1;31m" in self.text(REPORT, colour=True)

    def test_a_scanned_file_cannot_speak_to_the_terminal(self):
        evil = "\x1b]0;owned\x07\u202e"
        finding = secret(title=evil, message=evil, evidence=evil, path=evil, remediation=Remediation(steps=(evil,)))
        report = Report(findings=(finding,), errors=(Problem(path=evil, what=evil, todo=evil),))
        text = self.text(report)
        assert "\x1b" not in text
        assert "\u202e" not in text


class TestForeign:
    REPORT = Report(
        suppressed=(secret(),),
        coverage=Coverage(complete=False),
        stats=Stats(files=1, bytes=10, records=7, merged=1, passed=2, suppressed=1, rejected=1),
        target={"report": "zap"},
    )

    def test_a_part_is_no_gap(self):
        assert table.render(self.REPORT).decode().splitlines() == [
            "No findings.",
            "Read as zap: 1 file, 10 bytes.",
            "7 records: 2 findings, 1 the same again, 2 with nothing wrong, 1 hidden, 1 that could not be read.",
            "Hidden by who ran the tool: 1 finding.",
        ]

    def test_what_was_rejected_is_said(self):
        problem = Problem(path="site[0]", what="it names no host", todo="It is not imported.")
        shown = table.render(replace(self.REPORT, errors=(problem,))).decode()
        assert "Not everything was imported.\n! site[0]: it names no host. It is not imported.\n" in shown
