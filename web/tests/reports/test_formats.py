"""Each format is what its readers expect: valid by its schema, read back by our own parsers, safe to open."""

import csv
import io
import json
import re
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from making import secret, vulnerability
from referencing import Registry, Resource

from vallum_engine.model.verification import Liveness, Verification
from vallum_engine.parsers import read
from vallum_web.findings.models import Decision, Finding
from vallum_web.reports import queries
from vallum_web.reports.formats import vex
from vallum_web.tenancy.scope import scope

SCHEMAS = files("cyclonedx.schema._res")
SARIF = Path(__file__).parents[3] / "engine" / "tests" / "schemas" / "sarif-schema-2.1.0.json"
FORMATS = ("csv", "json", "ndjson", "sarif", "cyclonedx", "html", "pdf")


def loaded(path):
    return json.loads(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def cyclonedx():
    """The validator of CycloneDX 1.6 with the two schemas that it names."""
    resources = [
        (f"http://cyclonedx.org/schema/{name}", Resource.from_contents(loaded(SCHEMAS / name)))
        for name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    ]
    schema = loaded(SCHEMAS / "bom-1.6.SNAPSHOT.schema.json")
    return jsonschema.Draft7Validator(
        schema, registry=Registry().with_resources(resources), format_checker=jsonschema.FormatChecker()
    )


def matching(org, **filters):
    with scope(org.pk):
        rows = Finding.objects.of(org)
        return {str(row.pk) for row in (rows.filter(**filters) if filters else rows)}


def test_csv_holds_each_finding_once_with_iso_times(org, record, export, content):
    row = export("csv", status="any")
    text = content(row).decode()
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {line["id"] for line in lines} == matching(org)
    assert (row.rows, row.total, len(lines)) == (9, 9, 9)
    by_rule = {line["rule"]: line for line in lines}
    assert (
        by_rule["CVE-2024-0001"]
        | {
            "status": "open",
            "severity": "high",
            "package": "left-pad 1.0.0",
            "package url": "pkg:npm/left-pad@1.0.0",
            "upgrade to": "2.0.0",
            "vulnerabilities": "CVE-2024-0001 GHSA-aaaa-bbbb-cccc",
            "asset": "shop",
            "places": "1",
        }
        == by_rule["CVE-2024-0001"]
    )
    assert by_rule["CVE-2024-0002"]["suppressed because"] == "false_positive"
    assert by_rule["CVE-2020-0009"]["status"] == "resolved"
    assert {line["places"] for line in lines} == {"1", "3", "0"}
    for line in lines:
        assert datetime.fromisoformat(line["opened at"]).tzinfo is not None
    assert by_rule["open-bucket"]["title"] == "Bucket is öffentlich"


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("=1+1", id="equals"),
        pytest.param("+1", id="plus"),
        pytest.param("-1", id="minus"),
        pytest.param("@SUM(A1)", id="at"),
        pytest.param("\t=1", id="tab"),
        pytest.param("\r=1", id="carriage return"),
        pytest.param("\n=1", id="line feed"),
        pytest.param("＝1", id="full-width equals"),  # noqa: RUF001 - it is what is meant
        pytest.param('=1","=2', id="quotes that would open a cell"),
    ],
)
@pytest.mark.asvs("1.2.10")
def test_no_cell_of_csv_is_a_formula(digest, export, content, title):
    digest(secret("x", title=title, message=title, path="app.py"), name=f"{title.strip()} shop")
    (line,) = csv.DictReader(io.StringIO(content(export("csv")).decode(), newline=""))
    assert line["title"] == f"'{title}"
    assert line["message"] == f"'{title}"
    assert not [cell for cell in line.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]  # noqa: RUF001 - as above


def test_json_says_what_the_issuer_of_a_secret_said(digest, export, content):
    told = Verification(result=Liveness.LIVE, host="api.github.com", reason="answered 200", at="2026-03-01T12:00:00Z")
    digest(secret("x", verification=told))
    [item] = json.loads(content(export("json")))["items"]
    assert item["liveness"] == "live"


def test_json_is_one_document_and_ndjson_the_same_by_line(org, record, export, content):
    document = json.loads(content(export("json", status="any")))
    lines = [json.loads(line) for line in content(export("ndjson", status="any")).splitlines()]
    assert document["items"] == lines
    assert document["count"] == len(lines) == 9
    assert (document["organization"], document["filters"], document["query"]) == (
        "Acme",
        "findings of any status",
        "status=any",
    )
    assert {item["id"] for item in lines} == matching(org)
    by_rule = {item["rule"]: item for item in lines}
    assert by_rule["CVE-2024-0004"]["suppression"]["reason"] == "risk_accepted"
    assert by_rule["CVE-2024-0001"]["details"]["package"]["name"] == "left-pad"
    assert [place["line"] for place in next(i for i in lines if i["message"] == "Example token one")["places"]] == [
        3,
        9,
        27,
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_list_is_a_whole_file_too(people, export, content, form, cyclonedx):
    row = export(form, text="nothing-of-the-kind")
    data = content(row)
    assert (row.status, row.rows, row.size) == ("done", 0, len(data))
    if form in {"json", "sarif", "cyclonedx"}:
        json.loads(data)
    if form == "sarif":
        jsonschema.validate(json.loads(data), loaded(SARIF))
    if form == "cyclonedx":
        cyclonedx.validate(json.loads(data))


def test_sarif_is_valid_and_read_back_as_the_same_findings(record, export, content):
    data = content(export("sarif", status="any"))
    document = json.loads(data)
    jsonschema.validate(document, loaded(SARIF), format_checker=jsonschema.FormatChecker())
    (run,) = document["runs"]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {result["ruleId"] for result in run["results"]}
    assert {result["fingerprints"]["vallum/v1"] for result in run["results"]} == {
        finding.fingerprint for finding in all_of(record, run)
    }
    again = read.parse(data, name="findings.sarif")
    seen = {(f.rule, f.severity.value, f.message): f for f in (*again.findings, *again.suppressed)}
    expected = {(f.rule, f.get_severity_display(), f.message): f for f in record.values() if f.status != "resolved"}
    assert expected.keys() <= seen.keys()
    assert {f.rule for f in again.suppressed} == {f.rule for f in record.values() if f.status == "suppressed"}
    assert {place.path for f in again.findings for place in f.locations} == {
        "app.py",
        "conf/a b.tf",
        "package-lock.json",
    }
    assert again.stats.passed == 1  # the one that is resolved
    assert again.stats.rejected == 0


def all_of(record, run):
    with scope(next(iter(record.values())).org_id):
        return list(Finding.objects.of(next(iter(record.values())).org_id))


def test_sarif_places_are_uris(record, export, content):
    (run,) = json.loads(content(export("sarif", status="any")))["runs"]
    (bucket,) = [result for result in run["results"] if result["ruleId"] == "open-bucket"]
    assert bucket["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "conf/a%20b.tf",
        "uriBaseId": "%SRCROOT%",
    }


def test_vex_is_valid_and_read_back_with_its_verdicts(record, export, content, cyclonedx):
    row = export("cyclonedx", status="any")
    data = content(row)
    document = json.loads(data)
    cyclonedx.validate(document)
    refs = {component["bom-ref"] for asset in document["components"] for component in asset["components"]}
    assert {affected["ref"] for v in document["vulnerabilities"] for affected in v["affects"]} == refs
    assert (row.rows, row.note) == (6, "3 findings of the list are not in it: VEX speaks of vulnerabilities alone.")
    again = read.parse(data, name="findings.cdx.json")
    told = {f.rule: (f.package.name, f.package.version, f.severity.value) for f in (*again.findings, *again.suppressed)}
    assert told == {
        f.rule: (*f.package.split(), f.get_severity_display())
        for f in record.values()
        if f.kind == "vulnerability" and f.status != "resolved"
    }
    # An accepted risk is a risk: whoever reads the VEX is not told that they are safe.
    assert {f.rule for f in again.suppressed} == {"CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0005"}
    assert again.stats.passed == 1
    assert again.stats.rejected == 0


@pytest.mark.parametrize(
    ("rule", "analysis"),
    [
        pytest.param("CVE-2024-0001", {"state": "in_triage"}, id="open"),
        pytest.param(
            "CVE-2024-0002",
            {"state": "false_positive", "detail": "False positive: because of false_positive"},
            id="false positive",
        ),
        pytest.param(
            "CVE-2024-0003", {"state": "not_affected", "justification": "code_not_reachable"}, id="not reachable"
        ),
        pytest.param("CVE-2024-0004", {"state": "exploitable", "response": ["will_not_fix"]}, id="risk accepted"),
        pytest.param("CVE-2024-0005", {"state": "not_affected", "justification": "code_not_present"}, id="test data"),
        pytest.param("CVE-2020-0009", {"state": "resolved", "response": ["update"]}, id="resolved"),
    ],
)
def test_vex_says_what_was_decided(record, export, content, rule, analysis):
    document = json.loads(content(export("cyclonedx", status="any")))
    (found,) = [v for v in document["vulnerabilities"] if v["id"] == rule]
    assert found["analysis"] | analysis == found["analysis"]


@pytest.mark.parametrize(
    ("reason", "justification", "analysis"),
    [
        pytest.param(
            "false_positive",
            "component_not_present",
            {"state": "not_affected", "justification": "code_not_present"},
            id="the justification says more than the reason",
        ),
        pytest.param(
            "not_reachable",
            "inline_mitigations_already_exist",
            {"state": "not_affected", "justification": "protected_by_mitigating_control"},
            id="mitigated",
        ),
        pytest.param(
            "risk_accepted",
            "vulnerable_code_not_present",
            {"state": "exploitable", "response": ["will_not_fix"]},
            id="an accepted risk stays one",
        ),
    ],
)
def test_vex_gives_the_justification_that_was_chosen(
    people, digest, export, content, cyclonedx, reason, justification, analysis
):
    digest(vulnerability("left-pad", "CVE-2024-0001"))
    with scope(people.org.pk):
        finding = Finding.objects.of(people.org).get()
        Decision.objects.create(
            org=people.org, finding=finding, reason=reason, justification=justification, by=people.alice.pk
        )
        Finding.objects.of(people.org).update(status="suppressed")
    document = json.loads(content(export("cyclonedx", status="any")))
    cyclonedx.validate(document)
    (found,) = document["vulnerabilities"]
    assert found["analysis"] | analysis == found["analysis"]


def test_every_justification_has_a_word_of_cyclonedx():
    assert set(vex.JUSTIFICATIONS) == set(Decision.Justification.values)
    assert set(vex._ANALYSES) == set(Decision.Reason.values)


def test_vex_tells_the_same_package_of_two_assets_apart(digest, export, content, cyclonedx):

    digest(vulnerability("left-pad", "CVE-2024-0001"))
    digest(vulnerability("left-pad", "CVE-2024-0001"), name="tools")
    document = json.loads(content(export("cyclonedx")))
    cyclonedx.validate(document)
    assert sorted(asset["name"] for asset in document["components"]) == ["shop", "tools"]
    assert len({v["affects"][0]["ref"] for v in document["vulnerabilities"]}) == 2


@pytest.mark.asvs("1.2.1")
def test_the_report_runs_nothing_and_asks_nobody(record, export, content):
    page = content(export("html", status="any")).decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert re.findall(r"\b(?:src|srcset|data|action|poster)=|@import|url\(", page) == []
    assert re.findall(r"<(?:link|img|iframe|object|embed|base|form|video)\b", page) == []
    assert {address.split("/acme/")[0] for address in re.findall(r'href="([^"]+)"', page)} == {"http://127.0.0.1:8000"}
    assert "@media print" in page
    assert "light-dark(" in page


def test_the_report_counts_by_severity_and_asset_and_names_the_worst(record, export, content, monkeypatch):
    monkeypatch.setitem(queries.WHOLE, "html", 2)
    row = export("html", sort="-severity")
    page = content(row).decode()
    counts = dict(re.findall(r'<li><b>([\d,]+)</b><span class="severity" data-severity="(\w+)"', page))
    assert {name: number for number, name in re.findall(r'<li><b>([\d,]+)</b>.*?data-severity="(\w+)"', page)} == {
        "critical": "1",
        "high": "2",
        "medium": "0",
        "low": "1",
        "info": "0",
    }
    assert counts
    assert page.count('<td class="if-wide number">') == 2
    assert (row.rows, row.total) == (2, 4)
    assert "2 findings are counted and not listed" in row.note
    assert row.note in page.replace("&#x27;", "'")
