"""Statements against a report: which speak of a finding, which of several, and what the report then says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vexes import LEFT, REPORT, book, hides, openvex

from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import Kind
from vallum_engine.model.report import Report
from vallum_engine.model.statement import Statement
from vallum_engine.sbom.vex import MOST_STATEMENTS, About, Book, Said, Unread
from vallum_engine.values import replace


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        pytest.param({}, True, id="not affected"),
        pytest.param({"status": "fixed"}, True, id="fixed"),
        pytest.param({"status": "affected", "action_statement": "move"}, False, id="affected"),
        pytest.param({"status": "under_investigation"}, False, id="under investigation"),
        pytest.param({"vulnerability": {"name": "GHSA-AAAA-bbbb-cccc"}}, True, id="by another id, in any case"),
        pytest.param(
            {"vulnerability": {"name": "X-1", "aliases": ["CVE-2024-0001"]}}, True, id="by an alias of its own"
        ),
        pytest.param({"vulnerability": {"name": "CVE-2024-0002"}}, False, id="another one of the same bulletin"),
        pytest.param({"vulnerability": {"name": "USN-1-1"}}, True, id="the bulletin"),
        pytest.param({"products": [{"@id": "pkg:npm/left"}]}, True, id="any version"),
        pytest.param({"products": [{"@id": "pkg:npm/left@1.0.1"}]}, False, id="another version"),
        pytest.param({"products": [{"@id": "pkg:npm/right"}, {"@id": "pkg:npm/left"}]}, True, id="one of several"),
        pytest.param(
            {"products": [{"@id": "urn:x", "identifiers": {"purl": "pkg:npm/left"}}]}, True, id="by an identifier"
        ),
    ],
)
def test_what_a_statement_hides(said, hidden):
    assert hides(openvex(said)) is hidden


@pytest.mark.parametrize(
    ("scanned", "hidden"),
    [
        pytest.param((), False, id="nobody knows what is scanned"),
        pytest.param(("pkg:oci/shop",), True, id="any version of it is"),
        pytest.param(("pkg:oci/shop@sha256%3Aab",), True, id="this one is"),
        pytest.param(("pkg:oci/shop@sha256%3Acd",), False, id="another version is"),
        pytest.param(("shop",), False, id="something of that name is"),
        pytest.param(("the-shop",), True, id="by another of its names"),
    ],
)
def test_a_part_of_a_product_counts_where_that_is_scanned(scanned, hidden):
    product = {"@id": "the-shop", "identifiers": {"purl": "pkg:oci/shop@sha256:ab"}}
    part = openvex({"products": [product | {"subcomponents": [{"@id": "pkg:npm/left@1.0.0"}]}]})
    assert hides(part, scanned=scanned) is hidden
    assert hides(openvex({"products": [product]}), scanned=scanned) is hidden, "as a whole"
    elsewhere = book(part, scanned=scanned).elsewhere
    assert dict(elsewhere) == ({} if hidden else {"the-shop": 1})


def test_the_latest_statement_speaks_whatever_document_it_is_in():
    early, late = {"timestamp": "2026-03-01T00:00:00Z"}, {"timestamp": "2026-02-28T20:00:00-05:00"}
    affected = {"status": "affected", "action_statement": "move"}
    assert hides(openvex(late), openvex(affected | early))
    assert hides(openvex(affected | early), openvex(late))
    assert not hides(openvex(affected | late, early))
    assert not hides(openvex({}, affected))
    assert not hides(openvex(affected, {})), "of equally late ones the one that hides nothing"
    assert not hides(openvex({"products": [{"@id": "pkg:npm/left"}]} | affected | late, early)), "of any version"


def test_the_report_says_who_said_what_and_why():
    told = openvex({"impact_statement": "Never\n called."}, author="Wile E.\u202e")
    report = book(told).applied(REPORT)
    (finding,) = report.suppressed
    assert (report.findings, report.stats.suppressed) == ((), 1)
    assert finding.reason == (
        "VEX: not affected, the vulnerable code is not there: Never called. (Wile E.\\u202e, 0.json, 2026-01-01)"
    )
    assert finding.statement == Statement(
        status="not_affected",
        justification="vulnerable_code_not_present",
        words="Never called.",
        at="2026-01-01T00:00:00Z",
    )
    report = book(openvex({"status": "affected", "action_statement": "Move on."})).applied(REPORT)
    assert report.findings[0].statement.words == "Move on."
    assert report.suppressed == ()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        pytest.param({"justification": ""}, "and not why", id="without a reason"),
        pytest.param({"justification": "trust me"}, "“trust me” is no justification", id="another justification"),
        pytest.param({"status": "fine"}, "“fine” is no status", id="another status"),
        pytest.param({"status": 7}, "“7” is no status", id="a number"),
        pytest.param({"timestamp": "2026-13-45T00:00:00Z"}, "is no time", id="no month"),
        pytest.param({"timestamp": "0001-01-01T00:00:00+14:00"}, "is no time", id="before there was time"),
        pytest.param({"timestamp": "9999-12-31T23:00:00-14:00"}, "is no time", id="after there was time"),
        pytest.param({"timestamp": "2027-01-01T00:00:00Z"}, "dated 2027-01-01, which is yet to come", id="tomorrow"),
        pytest.param({"timestamp": ["x"]}, "is no time", id="a list"),
        pytest.param({"vulnerability": {}}, "names no vulnerability", id="no vulnerability"),
        pytest.param({"vulnerability": None}, "names no vulnerability", id="nothing"),
        pytest.param({"products": []}, "names no product", id="no product"),
        pytest.param({"products": [{}]}, "without a name", id="a product without a name"),
        pytest.param(
            {"products": [{"@id": "a", "subcomponents": [{"@id": "b"}]}]}, "without a package URL", id="a part without"
        ),
        pytest.param(
            {"vulnerability": {"name": "A", "aliases": [f"A-{n}" for n in range(200)]}},
            "more than 100",
            id="many names",
        ),
    ],
)
def test_what_cannot_be_applied_is_told_and_hides_nothing(said, why):
    held = book(openvex(said))
    assert held.applied(REPORT) == REPORT
    (unread,) = held.unread
    assert unread.at == "0.json: statements[0]"
    assert why in unread.why


def test_what_is_malicious_is_spoken_of_and_what_is_no_package_is_not():
    assert hides(openvex({}), report=Report(findings=(replace(LEFT, kind=Kind.MALWARE),)))
    for other in (replace(LEFT, kind=Kind.SECRET), replace(LEFT, package=None)):
        assert not hides(openvex({}), report=Report(findings=(other,)))


def test_too_many_statements_are_an_error_and_the_first_problems_are_kept():
    held = Book(today="2026-11-26")
    with pytest.raises(BrokenData, match="x: more than 500,000 statements"):
        held.take((Unread(at="a", why="b") for _ in range(MOST_STATEMENTS + 1)), name="x", author="")
    assert (len(held.unread), held.unread_count) == (3, MOST_STATEMENTS)
    said = Said(at="", ids=tuple("abcdefghij"), statement=Statement(status="fixed"), about=About())
    with pytest.raises(BrokenData, match="more than"):
        Book(today="2026-11-26").take((said for _ in range(MOST_STATEMENTS // 10 + 1)), name="x", author="")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["fixed", "under_investigation"]),
            st.sampled_from(["2026-01-01T00:00:00Z", "2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"]),
            st.sampled_from(["pkg:npm/left", "pkg:npm/left@1.0.0", "pkg:npm/left@2"]),
        ),
        min_size=1,
        max_size=6,
    ),
    st.randoms(),
)
def test_the_order_of_statements_and_documents_changes_nothing(said, random):
    statements = [{"status": s, "timestamp": t, "products": [{"@id": p}]} for s, t, p in said]
    once = book(openvex(*statements)).applied(REPORT)
    random.shuffle(statements)
    again = book(*(openvex(each) for each in statements)).applied(REPORT)
    assert [f.statement for f in once.findings] == [f.statement for f in again.findings]
    assert len(once.suppressed) == len(again.suppressed)
