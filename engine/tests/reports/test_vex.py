"""VEX of a scan: valid by the official schemas, stable when it is applied and written again, and no more than was said."""

import json
import os
from pathlib import Path

import jsonschema
import pytest
from sbom_standards import faults
from vexes import LEFT, REPORT, TODAY, book, openvex

from vallum_engine import ignores
from vallum_engine.errors import NothingToState
from vallum_engine.model.finding import AdvisoryRef, Kind, PackageRef, Remediation
from vallum_engine.model.report import Report
from vallum_engine.reports.vex import render_cyclonedx, render_openvex
from vallum_engine.values import replace

DATA = os.environ.get("VALLUM_TEST_DATA", "")
AT = "2026-11-01T00:00:00Z"
WAYS = [pytest.param(render_openvex, id="OpenVEX"), pytest.param(render_cyclonedx, id="CycloneDX")]
IGNORES = """
[[ignore]]
id = "CVE-2024-0001"
reason = "Never called."
justification = "vulnerable_code_not_in_execute_path"

[[ignore]]
id = "CVE-2024-0003"
reason = "We bear it."
until = 2026-12-31
"""


def finding(number, **more):
    rule = f"CVE-2024-000{number}"
    advisories = (
        AdvisoryRef(
            id=f"GHSA-{number}",
            aliases=(rule,),
            cvss="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            url="https://e.org",
        ),
        AdvisoryRef(id="USN-1-1", aliases=(rule, "CVE-2024-0099")),
    )
    remediation = Remediation(steps=("Move to 2.0.0.",), upgrade_to="2.0.0")
    return replace(LEFT, rule=rule, fingerprint=rule, advisories=advisories, remediation=remediation, **more)


def ref(purl, name="x", version="1"):
    return PackageRef(purl=purl, ecosystem="x", name=name, version=version)


EVERY = Report(
    findings=(
        *(finding(number) for number in range(1, 6)),
        finding(6, package=ref("pkg:npm/%40a/b@1")),
        finding(7, package=ref("", name="a b")),
        finding(8, package=None),
        finding(9, kind=Kind.MALWARE),
    ),
    target={"name": "shop"},
)
FIXED = openvex({"vulnerability": {"name": "CVE-2024-0004"}, "status": "fixed", "status_notes": "Mended by us."})
MOVE = openvex(
    {
        "vulnerability": {"name": "CVE-2024-0005"},
        "status": "affected",
        "action_statement": "Move on.",
        "justification": "",
    }
)


@pytest.fixture
def report():
    """Of what was ignored, what documents say, and what nobody speaks of."""
    held = ignores.read(IGNORES.encode(), ignores.PATH)
    return book(FIXED, MOVE).applied(ignores.applied(EVERY, held, today=TODAY).report)


@pytest.mark.skipif(not DATA, reason="VALLUM_TEST_DATA names no samples: the specification's own schema is among them")
def test_openvex_is_valid_by_the_specification_s_own_schema(report):
    official = json.loads((Path(DATA) / "schemas/openvex-schema.json").read_text("utf-8"))
    check = jsonschema.Draft202012Validator(official, format_checker=jsonschema.FormatChecker())
    check.validate(json.loads(render_openvex(report, at=AT, author="Wile E.")))


def test_cyclonedx_is_valid_by_the_specification_s_own_schema(report):
    for each in (report, REPORT, Report()):
        assert faults("cyclonedx-json", render_cyclonedx(each, at=AT, author="Wile E.")) == []


def test_what_openvex_states(report):
    document = json.loads(render_openvex(report, at=AT, author="Wile E."))
    assert (document["author"], document["timestamp"]) == ("Wile E.", AT)
    assert json.loads(render_openvex(report, at=AT))["author"] == "shop"
    told = {each["vulnerability"]["name"]: each for each in document["statements"]}
    assert list(told) == [f"CVE-2024-000{number}" for number in range(1, 9)], "malware is no vulnerability"
    assert told["CVE-2024-0001"] == {
        "vulnerability": {"name": "CVE-2024-0001", "aliases": ["GHSA-1"]},
        "products": [{"@id": "pkg:npm/left@1.0.0", "identifiers": {"purl": "pkg:npm/left@1.0.0"}}],
        "status": "not_affected",
        "timestamp": AT,
        "justification": "vulnerable_code_not_in_execute_path",
        "impact_statement": "Never called.",
    }
    assert told["CVE-2024-0002"]["status"] == "under_investigation"
    assert told["CVE-2024-0003"]["action_statement"] == "We bear it. (accepted until 2026-12-31)"
    assert (told["CVE-2024-0004"]["status"], told["CVE-2024-0004"]["status_notes"]) == ("fixed", "Mended by us.")
    assert (told["CVE-2024-0005"]["status"], told["CVE-2024-0005"]["timestamp"]) == ("affected", "2026-01-01T00:00:00Z")
    products = [told[f"CVE-2024-000{number}"]["products"][0]["@id"] for number in (6, 7, 8)]
    assert products == ["pkg:npm/%40a/b@1", "pkg:generic/a%20b@1", "pkg:generic/shop"]


def test_what_cyclonedx_states(report):
    document = json.loads(render_cyclonedx(report, at=AT, author="Wile E."))
    told = {each["id"]: each for each in document["vulnerabilities"]}
    assert [told[f"CVE-2024-000{number}"]["analysis"]["state"] for number in range(1, 6)] == [
        "not_affected",
        "in_triage",
        "exploitable",
        "resolved",
        "exploitable",
    ]
    first = told["CVE-2024-0001"]
    assert first["analysis"] == {
        "state": "not_affected",
        "justification": "code_not_reachable",
        "detail": "Never called.",
        "lastUpdated": AT,
    }
    assert (first["affects"], first["ratings"][0]["method"]) == ([{"ref": "pkg:npm/left@1.0.0"}], "CVSSv31")
    assert first["references"] == [{"id": "GHSA-1", "source": {"name": "GitHub Advisory Database"}}]
    assert {each["bom-ref"] for each in document["components"]} == {"pkg:npm/left@1.0.0", "pkg:npm/%40a/b@1", "a b@1"}


@pytest.mark.parametrize("render", WAYS)
def test_applied_and_written_again_it_is_the_same(report, render):
    once = render(report, at=AT)
    again = book(once, scanned=["pkg:generic/shop"]).applied(EVERY)
    assert {f.rule for f in again.suppressed} == {"CVE-2024-0001", "CVE-2024-0004"}
    assert render(again, at=AT) == once
    assert render(again, at=AT) == render(book(render(again, at=AT)).applied(EVERY), at=AT)


@pytest.mark.parametrize("render", WAYS)
def test_equal_reports_give_equal_bytes_and_the_time_is_all_that_differs(report, render):
    shuffled = replace(report, findings=report.findings[::-1], suppressed=report.suppressed[::-1])
    assert render(report, at=AT) == render(shuffled, at=AT)
    assert render(report, at=AT) != render(report, at="2026-11-02T00:00:00Z")


def test_where_a_part_of_the_places_is_ignored_what_shows_speaks():
    part = replace(LEFT, reason="x", statement=ignores.read(IGNORES.encode(), "").entries[0].statement)
    document = json.loads(render_openvex(replace(REPORT, suppressed=(part,)), at=AT))
    assert [each["status"] for each in document["statements"]] == ["under_investigation"]


def test_what_was_hidden_without_a_statement_is_under_investigation_with_the_reason():
    hidden = Report(suppressed=(replace(LEFT, reason="in the baseline"),))
    (statement,) = json.loads(render_openvex(hidden, at=AT))["statements"]
    assert (statement["status"], statement["status_notes"]) == ("under_investigation", "in the baseline")


def test_a_document_about_one_of_a_bulletin_hides_no_other():
    both = Report(findings=(finding(1), finding(2)))
    said = {"vulnerability": {"name": "CVE-2024-0001", "aliases": ["USN-1-1"]}}
    assert [f.rule for f in book(openvex(said)).applied(both).findings] == ["CVE-2024-0002"]


def test_without_a_vulnerability_there_is_no_openvex():
    with pytest.raises(NothingToState, match="cyclonedx-vex"):
        render_openvex(Report(), at=AT)
