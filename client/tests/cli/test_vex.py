"""VEX through the command: documents that are applied, and those that are written."""

import json

import pytest

from vallum.cli.exits import Exit

LOCK = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/lodash": {"version": "4.17.15"}}})


def document(*said):
    return json.dumps(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": "https://example.org/vex/1",
            "author": "Wile E.",
            "timestamp": "2026-01-01T00:00:00Z",
            "version": 1,
            "statements": [
                {"vulnerability": {"name": name}, "products": products, "status": "fixed"} for name, products in said
            ],
        }
    )


@pytest.fixture
def shop(tree):
    (tree / "package-lock.json").write_text(LOCK)
    return tree


@pytest.fixture
def vex(tmp_path):
    """Return a function that writes a document and returns its path."""

    def write(*said, name="our.json"):
        (tmp_path / name).write_text(document(*said))
        return tmp_path / name

    return write


def scanned(vallum, *arguments):
    ran = vallum("scan", *arguments, "--only", "packages", "--format", "json")
    report = json.loads(ran.out)
    return (
        [each["rule"] for each in report["findings"]],
        {f["rule"]: f["reason"] for f in report["suppressed"]},
        ran.err,
    )


def test_documents_are_applied_with_who_said_it(vallum, shop, vex):
    one = vex(("GHSA-p6mc-m468-83gw", [{"@id": "pkg:npm/lodash"}]))
    two = vex(("CVE-2021-23337", [{"@id": "pkg:npm/lodash@4.17.15"}]), name="two.json")
    found, hidden, err = scanned(vallum, shop, "--vex", one, "--vex", two)
    assert (found, err) == ([], "")
    assert hidden == {
        "CVE-2020-8203": "VEX: fixed (Wile E., our.json, 2026-01-01)",
        "CVE-2021-23337": "VEX: fixed (Wile E., two.json, 2026-01-01)",
    }
    assert "Hidden by VEX documents: 2 findings." in vallum("scan", shop, "--vex", one, "--vex", two).out


def test_what_is_about_another_product_is_told_with_what_to_say(vallum, shop, vex):
    part = {"@id": "pkg:oci/shop", "subcomponents": [{"@id": "pkg:npm/lodash"}]}
    given = vex(("CVE-2020-8203", [part]), ("CVE-2021-23337", [{}]))
    found, hidden, err = scanned(vallum, shop, "--vex", given)
    assert (len(found), hidden) == (2, {})
    assert "1 statement is not applied. our.json: statements[1]: a product without a name." in err
    assert "such as pkg:oci/shop: add --product pkg:oci/shop if it is this one." in err
    found, hidden, _ = scanned(vallum, shop, "--vex", given, "--product", "pkg:oci/shop")
    assert (found, list(hidden)) == (["CVE-2021-23337"], ["CVE-2020-8203"])


@pytest.mark.parametrize(
    ("content", "says"),
    [pytest.param("{}", "is no VEX document", id="no document"), pytest.param(None, "cannot be read", id="no file")],
)
def test_a_document_that_cannot_be_read_stops_before_the_work(vallum, shop, tmp_path, content, says):
    if content is not None:
        (tmp_path / "our.json").write_text(content)
    ran = vallum("scan", shop, "--vex", tmp_path / "our.json")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert says in ran.err


def test_no_ignore_and_a_document_exclude_each_other(vallum, shop, vex):
    ran = vallum("scan", shop, "--no-ignore", "--vex", vex())
    assert (ran.code, "--vex hides what it knows" in ran.err) == (Exit.USAGE, True)


IGNORE = '[[ignore]]\nid = "CVE-2020-8203"\nreason = "Never called."\njustification = "{}"\n'


@pytest.mark.parametrize(
    ("format_", "states"),
    [
        pytest.param("openvex", ["not_affected", "under_investigation"], id="OpenVEX"),
        pytest.param("cyclonedx-vex", ["not_affected", "in_triage"], id="CycloneDX"),
    ],
)
def test_what_is_written_hides_the_same_when_it_is_applied(vallum, shop, tmp_path, monkeypatch, format_, states):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    (tmp_path / "our.toml").write_text(IGNORE.format("vulnerable_code_not_in_execute_path"))
    asked = ("scan", shop, "--only", "packages", "--format", format_, "--author", "Wile E.")
    ran = vallum(*asked, "--ignores", tmp_path / "our.toml", "--output", tmp_path / "vex.json")
    assert (ran.code, ran.out, ran.err) == (Exit.INCOMPLETE, "", ""), "the starter set of advisories is no whole one"
    once = json.loads((tmp_path / "vex.json").read_text())
    told = once.get("statements") or [each["analysis"] for each in once["vulnerabilities"]]
    assert [each.get("status") or each["state"] for each in told] == states
    assert "2026-01-01T00:00:00Z" in json.dumps(once)
    found, hidden, _ = scanned(vallum, shop, "--vex", tmp_path / "vex.json")
    assert (found, list(hidden)) == (["CVE-2021-23337"], ["CVE-2020-8203"])
    assert "Never called. (Wile E., vex.json, 2026-01-01)" in hidden["CVE-2020-8203"]
    assert json.loads(vallum(*asked, "--vex", tmp_path / "vex.json").out) == once


def test_a_report_of_another_tool_is_written_as_vex_too(vallum, tmp_path, vex):
    given = vex(("CVE-2020-8203", [{"@id": "pkg:npm/lodash"}]))
    (tmp_path / "other.json").write_text(given.read_text().replace('"fixed"', '"under_investigation"'))
    told = json.loads(vallum("convert", tmp_path / "other.json", "--format", "openvex").out)
    assert [each["vulnerability"]["name"] for each in told["statements"]] == ["CVE-2020-8203"]


def test_without_a_vulnerability_openvex_says_what_to_ask_for(vallum, tree):
    ran = vallum("scan", tree, "--format", "openvex")
    assert (ran.code, ran.out) == (Exit.INCOMPLETE, "")
    assert "ask for --format cyclonedx-vex" in ran.err
    assert json.loads(vallum("scan", tree, "--format", "cyclonedx-vex").out)["vulnerabilities"] == []


def test_who_answers_for_a_table_is_nobody(vallum, tree):
    assert "--author goes with" in vallum("scan", tree, "--author", "Wile E.").err
