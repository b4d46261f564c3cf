"""What a report states is brought into the shape of a finding, however rudely it is stated."""

import io
import json

from vallum_engine.parsers.read import MOST_LINES, MOST_LISTED, MOST_LISTED_TEXT, parse
from vallum_engine.wire import dump, read


def sarif(*results, version="1"):
    driver = {"name": "Rude", "version": version, "rules": []}
    run = {"tool": {"driver": driver}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def result(rule, line=3):
    region = {"startLine": line, "endLine": line}
    place = {"physicalLocation": {"artifactLocation": {"uri": "app.py"}, "region": region}}
    return {"ruleId": rule, "message": {"text": "m"}, "locations": [place]}


def test_a_rule_and_a_version_are_one_printable_line():
    report = parse(sarif(result("a\nb\u202e" * 60), version="1\n\u202e" * 30))
    (finding,) = report.findings
    (ruleset,) = report.coverage.rulesets
    assert finding.rule.isprintable()
    assert finding.rule.startswith("a\\nb\\u202e")
    assert len(finding.rule) <= 120
    assert ruleset.version.isprintable()
    assert len(ruleset.version) <= 80


def test_a_line_that_no_file_has_is_not_known():
    report = parse(sarif(result("far", MOST_LINES + 1), result("last", MOST_LINES)))
    assert {f.rule: (f.locations[0].line, f.locations[0].end_line) for f in report.findings} == {
        "far": (1, 1),
        "last": (MOST_LINES, MOST_LINES),
    }


def test_lists_are_cut_where_it_shows():
    references = [f"https://tool.example/{n}/{'x' * 1_900}" for n in range(MOST_LISTED)]
    vulnerability = {"VulnerabilityID": "CVE-2024-1", "PkgName": "p", "InstalledVersion": "1", "References": references}
    vulnerability |= {"Title": "\U0001f600" * 25_000, "Severity": "HIGH"}
    result = {"Target": "lock", "Type": "npm", "Vulnerabilities": [vulnerability]}
    report = parse(json.dumps({"SchemaVersion": 2, "ArtifactName": "a", "Results": [result]}).encode())
    (finding,) = report.findings
    *shown, rest = finding.references
    assert sum(map(len, shown)) <= MOST_LISTED_TEXT
    assert rest == f"… and {MOST_LISTED - len(shown)} more"
    (back,) = read(io.BytesIO(dump(report))).findings
    assert (back.references, back.message) == (finding.references, finding.message)
