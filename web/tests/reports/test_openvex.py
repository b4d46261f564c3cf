"""OpenVEX of one asset: valid, read back by our own parser with its verdicts, and never empty."""

import json
import os
from pathlib import Path

import jsonschema
import making
import pytest
from django.test import Client

from vallum_engine.parsers import read, statements
from vallum_engine.sbom.vex import Book
from vallum_web.accounts import tokens
from vallum_web.assets.models import Asset
from vallum_web.findings.models import Decision
from vallum_web.reports.formats import openvex
from vallum_web.tenancy.scope import scope

DATA = os.environ.get("VALLUM_TEST_DATA", "")


@pytest.fixture
def document(people, record, export, content):
    """Of everything in the asset `shop`, as bytes."""
    with scope(people.org.pk):
        shop = Asset.objects.of(people.org).get(name="shop").pk
    row = export("openvex", status="any", asset=shop)
    assert (row.status, row.rows) == ("done", 6), row.failure
    assert row.filename.endswith(".openvex.json")
    assert row.note == "3 findings of the list are not in it: VEX speaks of vulnerabilities alone."
    return content(row)


@pytest.mark.skipif(not DATA, reason="VALLUM_TEST_DATA names no samples: the specification's own schema is among them")
def test_it_is_valid_by_the_specification_s_own_schema(document):
    schema = json.loads((Path(DATA) / "schemas" / "openvex-schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(json.loads(document))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("CVE-2024-0001", {"status": "under_investigation"}, id="open: nobody has decided"),
        pytest.param(
            "CVE-2024-0002",
            {"status": "not_affected", "impact_statement": "False positive: because of false_positive"},
            id="false positive",
        ),
        pytest.param(
            "CVE-2024-0003",
            {"status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"},
            id="not reachable",
        ),
        pytest.param(
            "CVE-2024-0004",
            {"status": "affected", "action_statement": "Risk accepted: because of risk_accepted"},
            id="who accepts a risk does not say that there is none",
        ),
        pytest.param(
            "CVE-2024-0005", {"status": "not_affected", "justification": "vulnerable_code_not_present"}, id="test data"
        ),
        pytest.param("CVE-2020-0009", {"status": "fixed"}, id="resolved"),
    ],
)
def test_it_says_what_was_decided(document, rule, expected):
    (found,) = [each for each in json.loads(document)["statements"] if each["vulnerability"]["name"] == rule]
    assert found | expected == found
    assert found["timestamp"]
    (product,) = found["products"]
    if expected["status"] == "fixed":  # the version with the flaw is not what is fixed
        assert product["@id"].startswith("urn:uuid:")
        (product,) = product["subcomponents"]
    assert product["identifiers"]["purl"] == product["@id"]
    assert product["@id"].startswith("pkg:")


def test_our_own_reader_takes_it(document, record):
    again = read.parse(document, name="findings.openvex.json")
    assert {f.rule for f in again.suppressed} == {"CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0005"}
    assert {f.rule for f in again.findings} == {"CVE-2024-0001", "CVE-2024-0004"}
    assert (again.stats.passed, again.stats.rejected) == (1, 0)


@pytest.mark.parametrize("form", ["openvex", "cyclonedx"])
def test_a_scan_of_the_same_asset_that_applies_it_hides_what_was_decided(people, record, export, content, form):
    with scope(people.org.pk):
        shop = Asset.objects.of(people.org).get(name="shop").pk
    data = content(export(form, status="any", asset=shop))
    scan = making.report(
        *(making.vulnerability(f.package.partition(" ")[0], rule) for rule, f in record.items() if f.package)
    )
    for scanned, hidden in (("shop", {"CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0005"}), ("another", set())):
        book = Book([scanned], today="9999-12-31")
        statements.take(data, "findings.json", book)
        found = {finding.rule for finding in book.applied(scan).suppressed}
        assert found - {"CVE-2020-0009"} == (hidden if form == "cyclonedx" or scanned == "shop" else found)


@pytest.mark.parametrize("justification", Decision.Justification.values)
def test_a_justification_is_said_as_it_was_chosen(justification):
    decision = Decision(reason="false_positive", justification=justification, note="Seen.")
    row = type("Row", (), {"finding": type("F", (), {"status": "suppressed"}), "decision": decision})
    assert openvex._said(row).justification == justification


def test_without_a_vulnerability_there_is_no_document(people, digest, export):
    asset = digest(making.secret("one"))
    row = export("openvex", asset=asset.pk)
    assert (row.status, row.rows) == ("failed", 0)
    assert "at least one statement" in row.failure


def test_of_several_assets_there_is_none_on_the_page_and_over_the_api(people, record, signed_in):
    page = signed_in(people.alice).post("/acme/exports/make/", {"format": "openvex"})
    assert page.status_code == 422
    assert "one document is of one asset" in page.content.decode()
    _, text = tokens.make(people.org, people.alice, tokens.Wanted(name="n", role="owner", scopes=["findings.export"]))
    machine = Client(headers={"Authorization": f"Bearer {text}"})
    answer = machine.post("/api/v1/exports", json.dumps({"format": "openvex"}), content_type="application/json")
    assert (answer.status_code, "one document is of one asset" in answer.json()["detail"]) == (422, True)
