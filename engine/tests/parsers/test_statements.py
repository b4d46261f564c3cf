"""Documents of VEX as statements: what each format says, and what hostile ones end in."""

import contextlib
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.impact_analysis import ImpactAnalysisJustification, ImpactAnalysisState
from cyclonedx.model.vulnerability import BomTarget, Vulnerability, VulnerabilityAnalysis
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from vexes import REPORT, book, hides, openvex

from vallum_engine.errors import EngineError

DATA = os.environ.get("VALLUM_TEST_DATA", "")
SHOP = {"type": "application", "bom-ref": "shop", "name": "shop"}
LEFT = {"type": "library", "bom-ref": "left", "name": "left", "purl": "pkg:npm/left@1.0.0"}
XML = """<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1">
<metadata><timestamp>2026-01-01T00:00:00Z</timestamp><authors><author><name>Wile E.</name></author></authors></metadata>
<components><component type="library" bom-ref="left"><name>left</name><purl>pkg:npm/left@1.0.0</purl></component></components>
<vulnerabilities><vulnerability><id>CVE-2024-0001</id><analysis><state>{state}</state>
<justification>code_not_reachable</justification><detail>Never called.</detail><lastUpdated>2026-02-01T00:00:00Z</lastUpdated></analysis>
<affects><target><ref>left</ref></target></affects></vulnerability></vulnerabilities></bom>"""


def cyclonedx(analysis=None, *, target=None, components=(LEFT,), main=None, **more):
    """A document that says something of LEFT."""
    vulnerability = {"id": "CVE-2024-0001", "affects": [target or {"ref": "left"}]}
    if analysis:
        vulnerability["analysis"] = analysis
    metadata = {"timestamp": "2026-01-01T00:00:00Z", **({"component": main} if main else {})}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": metadata,
        "components": list(components),
        "vulnerabilities": [vulnerability],
    }
    return json.dumps(document | more).encode()


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("not_affected", "not_affected"),
        ("false_positive", "not_affected"),
        ("resolved", "fixed"),
        ("resolved_with_pedigree", "fixed"),
        ("exploitable", "affected"),
        ("in_triage", "under_investigation"),
    ],
)
def test_the_states_of_cyclonedx(state, status):
    analysis = {"state": state, "justification": "code_not_reachable", "detail": "Never called."}
    for document in (cyclonedx(analysis), XML.format(state=state).encode()):
        report = book(document).applied(REPORT)
        (finding,) = (*report.findings, *report.suppressed)
        said = finding.statement
        assert (said.status, said.words, bool(report.suppressed)) == (
            status,
            "Never called.",
            status in {"not_affected", "fixed"},
        )
        assert said.justification == ("vulnerable_code_not_in_execute_path" if status == "not_affected" else "")
    assert said.at == "2026-02-01T00:00:00Z"
    if report.suppressed:
        assert "(Wile E., 0.json, 2026-02-01)" in finding.reason


@pytest.mark.parametrize("version", ["1.4", "1.5", "1.6", "1.7"])
@pytest.mark.parametrize("form", [OutputFormat.JSON, OutputFormat.XML], ids=["JSON", "XML"])
def test_every_version_as_the_standard_s_own_library_writes_it(version, form):
    analysis = VulnerabilityAnalysis(
        state=ImpactAnalysisState.NOT_AFFECTED,
        justification=ImpactAnalysisJustification.CODE_NOT_REACHABLE,
        detail="Never called.",
    )
    left = Component(
        name="left", type=ComponentType.LIBRARY, bom_ref="left", purl=PackageURL.from_string("pkg:npm/left@1.0.0")
    )
    said = Vulnerability(id="CVE-2024-0001", analysis=analysis, affects=[BomTarget(ref="left")])
    bom = Bom(components=[left], vulnerabilities=[said])
    bom.metadata.timestamp = datetime(2026, 2, 1, tzinfo=UTC)
    written = make_outputter(bom, form, SchemaVersion.from_version(version)).output_as_string()
    (finding,) = book(written.encode()).applied(REPORT).suppressed
    assert finding.reason == "VEX: not affected, the vulnerable code is never run: Never called. (0.json, 2026-02-01)"


RESOLVED = {"state": "resolved"}


@pytest.mark.parametrize(
    ("document", "hidden"),
    [
        pytest.param(cyclonedx(RESOLVED, target={"ref": "urn:cdx:1-2/1#left"}), True, id="a link"),
        pytest.param(
            cyclonedx(RESOLVED, target={"ref": "urn:cdx:1-2/1#pkg:npm/left@1.0.0"}, components=()),
            True,
            id="a link to a package URL in another document",
        ),
        pytest.param(
            cyclonedx(RESOLVED, target={"ref": "urn:cdx:1-2/1#pkg%3Anpm%2Fleft%401.0.0"}, components=()),
            True,
            id="the same, escaped",
        ),
        pytest.param(cyclonedx(RESOLVED, target={"ref": "pkg:npm/left@1.0.0"}), True, id="by its package URL"),
        pytest.param(cyclonedx(RESOLVED, target={"ref": "right"}), False, id="what is not there"),
        pytest.param(cyclonedx(RESOLVED, target={"ref": "shop"}, main=SHOP), True, id="the product as a whole"),
        pytest.param(cyclonedx(RESOLVED, components=[{"bom-ref": "left", "name": "left"}]), False, id="no package URL"),
        pytest.param(cyclonedx(RESOLVED, components=[SHOP | {"components": [LEFT]}]), False, id="in another product"),
        pytest.param(
            cyclonedx(RESOLVED, main=SHOP | {"components": [LEFT]}, components=()), True, id="below the product itself"
        ),
        pytest.param(
            cyclonedx(RESOLVED, target={"ref": "left", "versions": [{"version": "1.0.0"}]}), True, id="a version"
        ),
        pytest.param(
            cyclonedx(RESOLVED, target={"ref": "left", "versions": [{"version": "2"}]}), False, id="another one"
        ),
        pytest.param(
            cyclonedx(RESOLVED, target={"ref": "left", "versions": [{"range": "vers:npm/<2"}]}), False, id="a range"
        ),
        pytest.param(
            cyclonedx(
                {"state": "exploitable", "detail": "not in 1"},
                target={"ref": "left", "versions": [{"version": "1.0.0", "status": "unaffected"}]},
            ),
            True,
            id="a version that is not affected",
        ),
        pytest.param(
            cyclonedx(RESOLVED, target={"ref": "left", "versions": [{"version": "1.0.0", "status": "unknown"}]}),
            False,
            id="a version that nobody knows of",
        ),
        pytest.param(cyclonedx(), False, id="no analysis"),
    ],
)
def test_what_cyclonedx_speaks_of(document, hidden):
    assert hides(document) is hidden


def test_a_package_of_one_product_of_several_counts_where_that_is_scanned():
    assert hides(cyclonedx(RESOLVED, components=[SHOP | {"components": [LEFT]}]), scanned=("shop",))


def csaf(status="known_not_affected", *, products=None, told=("left",), **more):
    """A document about LEFT, and about it as a part of a distribution."""
    named = {"name": "Left 1", "product_id": "left", "product_identification_helper": {"purl": "pkg:npm/left@1.0.0"}}
    tree = products or {
        "branches": [{"category": "vendor", "branches": [{"category": "product_version", "product": named}]}],
        "full_product_names": [{"name": "Linux 9", "product_id": "linux-9"}],
        "relationships": [
            {
                "category": "default_component_of",
                "full_product_name": {"name": "Left in Linux 9", "product_id": "linux-9:left"},
                "product_reference": "left",
                "relates_to_product_reference": "linux-9",
            }
        ],
        "product_groups": [{"group_id": "all", "product_ids": ["left", "linux-9:left"]}],
    }
    vulnerability = {
        "cve": "CVE-2024-0001",
        "product_status": {status: list(told)},
        "flags": [{"label": "vulnerable_code_not_present", "group_ids": ["all"]}],
        "threats": [{"category": "impact", "details": "It is left out.", "product_ids": ["left"]}],
    }
    about = {
        "csaf_version": "2.0",
        "category": "csaf_vex",
        "publisher": {"name": "Linux"},
        "tracking": {"current_release_date": "2026-03-01T00:00:00Z"},
    }
    return json.dumps({"document": about, "product_tree": tree, "vulnerabilities": [vulnerability | more]}).encode()


@pytest.mark.parametrize(
    ("document", "scanned", "hidden"),
    [
        pytest.param(csaf(), (), True, id="not affected"),
        pytest.param(csaf("fixed"), (), True, id="fixed"),
        pytest.param(csaf("known_affected"), (), False, id="affected"),
        pytest.param(csaf("recommended"), (), False, id="recommended says nothing"),
        pytest.param(csaf(flags=[], threats=[]), (), False, id="no reason"),
        pytest.param(csaf(told=["right"]), (), False, id="a product that is not there"),
        pytest.param(csaf(told=["linux-9:left"]), (), False, id="a part of what is not known to be scanned"),
        pytest.param(csaf(told=["linux-9:left"]), ("Linux 9",), True, id="a part of what is scanned"),
        pytest.param(csaf("fixed", told=["linux-9"]), ("linux-9",), True, id="all of what is scanned"),
        pytest.param(csaf(cve="CVE-1", ids=[{"text": "GHSA-aaaa-bbbb-cccc"}]), (), True, id="another id"),
    ],
)
def test_csaf(document, scanned, hidden):
    report = book(document, scanned=scanned).applied(REPORT)
    assert bool(report.suppressed) is hidden
    if hidden and b"known_not_affected" in document and not scanned:
        assert report.suppressed[0].reason == (
            "VEX: not affected, the vulnerable code is not there: It is left out. (Linux, 0.json, 2026-03-01)"
        )


def ring(count):
    """Products each of which is a part of the next, in a ring."""
    return {
        "relationships": [
            {
                "full_product_name": {"product_id": f"p{n}"},
                "product_reference": f"p{(n + 1) % count}",
                "relates_to_product_reference": f"p{(n - 1) % count}",
            }
            for n in range(count)
        ]
    }


def test_products_in_a_ring_end():
    assert not hides(csaf(products=ring(2), told=["p0", "p1"]))


WRONG = [None, 7, True, "x", [], {}, [7], [[[]]], {"a": 7}, ["x", None, {}]]


@pytest.mark.parametrize("wrong", [pytest.param(value, id=repr(value)) for value in WRONG])
def test_wrong_types_anywhere_end_in_no_statement_or_a_clear_error(wrong):
    whole = (openvex({}), cyclonedx({"state": "in_triage"}, main=SHOP), csaf("known_affected"))
    for document in map(json.loads, whole):
        for mutated in _each(document, wrong):
            with contextlib.suppress(EngineError):
                report = book(json.dumps(mutated).encode()).applied(REPORT)
                assert len(report.findings) + len(report.suppressed) == 1


def _each(value, wrong):
    """The document with each of its values in turn replaced."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in list(pairs):
        for changed in (wrong, *_each(held, wrong)):
            copy = value.copy()
            copy[key] = changed
            yield copy


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "0.json is no VEX document", id="nothing"),
        pytest.param(b"{}", "0.json is no VEX document", id="an empty object"),
        pytest.param(openvex({})[:-4], "0.json is no VEX document", id="cut off"),
        pytest.param(b"\xff\xfe\x00", "0.json is no VEX document", id="no text"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="deep JSON"),
        pytest.param(b"[" + b"0," * 13_000_000 + b"0]", "more than 12,000,000 values", id="millions of values"),
        pytest.param(b"<bom>" * 300, "nested deeper than 200", id="deep XML"),
        pytest.param(b'<!DOCTYPE b [<!ENTITY a "b">]><bom>&a;</bom>', "declares entities", id="entities"),
    ],
)
def test_what_is_no_document_is_an_error(data, says):
    with pytest.raises(EngineError, match=says):
        book(data)


@pytest.mark.slow
def test_many_statements_take_linear_time():
    took = []
    for count in (5_000, 20_000):
        products = [{"@id": f"pkg:npm/n{n}@1"} for n in range(count)]
        ring_of = csaf("known_affected", products=ring(count), told=[f"p{n}" for n in range(count)])
        started = time.process_time()
        book(openvex({"products": products}), openvex(*({} for _ in range(count))), ring_of)
        took.append(time.process_time() - started)
    assert took[1] < 8 * took[0]


@pytest.mark.skipif(not DATA, reason="VALLUM_TEST_DATA names no samples: reports of tools are among them")
@pytest.mark.parametrize(
    "name", ["openvex/openvex_many_vuln.json", "csaf/csaf_many_vuln.json", "cyclonedx/issue_9277.json"]
)
def test_documents_of_others_are_read(name):
    assert book((Path(DATA) / "reports" / name).read_bytes()).applied(REPORT) == REPORT
