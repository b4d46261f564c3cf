"""The advisory database: what goes in, what is refused, and what a damaged file says."""

import json
import sqlite3

import pytest

from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import Confidence, Exploitation, Kind, Location, Severity
from vallum_engine.model.package import Package
from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.groups import Groups
from vallum_engine.sca.match import match

META = Meta(built_at="2026-01-01T00:00:00Z", source="0123456789abcdef")


def ids(database, ecosystem, name):
    spans = database.lookup(ecosystem, [name]).get(name, {})
    return sorted(record.id for record in database.records(spans).values())


def test_a_package_is_found_by_its_normalised_name(database, record):
    data = database(record("PYSEC-1", "Zope.Interface", ecosystem="PyPI"), record("GHSA-1", "JSONStream"))
    assert ids(data, "PyPI", "zope-interface") == ["PYSEC-1"]
    assert ids(data, "npm", "JSONStream") == ["GHSA-1"]
    assert ids(data, "npm", "jsonstream") == []
    assert ids(data, "FreeBSD", "left") == []


@pytest.mark.parametrize(
    ("ecosystem", "published", "locked"),
    [
        pytest.param("NuGet", "Newtonsoft.Json", "newtonsoft.json", id="NuGet knows no case"),
        pytest.param("Packagist", "Symfony/http-kernel", "symfony/http-kernel", id="nor does Packagist"),
        pytest.param("GitHub Actions", "tj-actions/changed-files", "TJ-Actions/changed-files", id="nor GitHub"),
        pytest.param(
            "SwiftURL", "github.com/Alamofire/Alamofire", "https://github.com/alamofire/Alamofire.git", id="Swift"
        ),
        pytest.param("SwiftURL", "https://github.com/vapor/vapor", "git@github.com/vapor/vapor/", id="Swift, by SSH"),
        pytest.param("Maven", "org.apache:a", "org.apache:a", id="Maven is exact"),
    ],
)
def test_a_name_is_found_however_its_registry_lets_it_be_written(database, record, ecosystem, published, locked):
    data = database(record("GHSA-1", published, ecosystem=ecosystem))
    package = Package(ecosystem=ecosystem, name=locked, version="1.0.0", location=Location(path="lock"))
    assert [finding.rule for finding in match([package], data).findings] == ["GHSA-1"]


def test_more_names_than_one_batch_are_all_looked_up(database, record):
    data = database(*(record(f"GHSA-{n}", f"p{n}") for n in range(1203)))
    assert len(data.lookup("npm", [f"p{n}" for n in range(2000)])) == 1203
    assert data.facts.counts == {"npm": 1203}


def test_what_is_left_out_is_counted(tmp_path, record):
    path = tmp_path / "a.db"
    git = {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}
    facts = build(
        [
            ("npm", record("A", withdrawn="2020-01-01T00:00:00Z")),
            ("npm", record("B", spans=(), affected=git)),
            ("npm", record("C", spans=(("0", "not a version"),))),
            ("npm", record("D")),
            ("npm", record("D")),
            ("FreeBSD", record("E", ecosystem="FreeBSD")),
            ("npm", b"{"),
            ("npm", b"[" * 100_000),
            ("npm", {"summary": "no id"}),
            ("npm", {"id": "X", "affected": 1}),
            ("npm", record("two words")),
            ("npm", record("F", ecosystem="PyPI")),
        ],
        path,
        meta=META,
    )
    assert facts.left_out == {
        "about Git commits only": 1,
        "ecosystem without an order here": 1,
        "not an OSV record": 5,
        "range with an unreadable bound": 1,
        "twice": 1,
        "withdrawn": 1,
    }
    assert facts.advisories == 1
    with open_database(path) as data:
        assert data.facts == facts


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"aliases": [None, 1, {}, "a b", "\ud83d"]}, id="aliases that are no text"),
        pytest.param({"severity": [1, {"type": "CVSS_V3"}, {"type": "CVSS_V3", "score": None}]}, id="severity"),
        pytest.param({"database_specific": [], "references": {}, "details": 7}, id="other types than the schema's"),
        pytest.param({"summary": "half a pair \ud83d"}, id="text that UTF-8 cannot say"),
        pytest.param({"affected": {"versions": [1, None], "database_specific": "x"}}, id="versions that are no text"),
    ],
)
def test_odd_values_do_not_break_the_build(database, record, odd):
    written = json.loads(json.dumps(record("GHSA-1", **odd)))
    assert ids(database(written, record("GHSA-2")), "npm", "left") == ["GHSA-1", "GHSA-2"]


@pytest.mark.parametrize("package", [None, 1, {}, {"ecosystem": 5, "name": []}], ids=str)
def test_an_entry_without_a_package_is_passed_over(tmp_path, record, package):
    odd = record("GHSA-1")
    odd["affected"] += [{"package": package}, None, "text"]
    odd["affected"][0]["ranges"] += [None, {"type": "SEMVER"}, {"type": "SEMVER", "events": [1, {}, {"other": "1"}]}]
    facts = build([("npm", odd)], tmp_path / "a.db", meta=META)
    assert facts.counts == {"npm": 1}


def test_a_record_in_two_archives_adds_the_packages_of_each(tmp_path, record):
    both = record("GHSA-1", "one")
    both["affected"] += record("GHSA-1", "other", ecosystem="PyPI")["affected"]
    path = tmp_path / "a.db"
    facts = build([("npm", json.dumps(both).encode()), ("PyPI", both)], path, meta=META)
    assert (facts.advisories, dict(facts.counts)) == (1, {"PyPI": 1, "npm": 1})
    with open_database(path) as data:
        assert ids(data, "npm", "one") == ids(data, "PyPI", "other") == ["GHSA-1"]
        assert ids(data, "npm", "other") == []


@pytest.mark.parametrize(
    ("more", "severity", "known", "kind"),
    [
        pytest.param({}, Severity.MEDIUM, False, Kind.VULNERABILITY, id="nothing said: a guess"),
        pytest.param(
            {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]},
            Severity.CRITICAL,
            True,
            Kind.VULNERABILITY,
            id="by its vector",
        ),
        pytest.param(
            {"database_specific": {"severity": "MODERATE"}},
            Severity.MEDIUM,
            True,
            Kind.VULNERABILITY,
            id="by its label",
        ),
        pytest.param(
            {"affected": {"database_specific": {"informational": "unmaintained"}}},
            Severity.INFO,
            True,
            Kind.VULNERABILITY,
            id="RustSec: not a flaw, a notice",
        ),
        pytest.param(
            {"database_specific": {"cwe_ids": ["CWE-506"], "severity": "LOW"}},
            Severity.CRITICAL,
            True,
            Kind.MALWARE,
            id="malicious code is critical whatever the label",
        ),
    ],
)
def test_severity_and_kind(database, record, more, severity, known, kind):
    data = database(record("GHSA-1", **more))
    (found,) = data.records([1]).values()
    assert (found.severity, found.known, found.kind) == (severity, known, kind)


def test_openssf_ids_are_malware(database, record):
    (found,) = database(record("MAL-2024-1")).records([1]).values()
    assert (found.kind, found.severity) == (Kind.MALWARE, Severity.CRITICAL)


def test_a_failed_build_leaves_the_old_database(tmp_path, record):
    path = tmp_path / "a.db"
    build([("npm", record("OLD"))], path, meta=META)

    def breaking():
        yield "npm", record("NEW")
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        build(breaking(), path, meta=META)
    with open_database(path) as data:
        assert ids(data, "npm", "left") == ["OLD"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.db"]


def truncated(path, record):
    build([("npm", record(f"GHSA-{n}", f"p{n}")) for n in range(2000)], path, meta=META)
    path.write_bytes(path.read_bytes()[:5000])


def foreign(path, _):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (name, value)")
    connection.close()


def newer(path, record):
    build([("npm", record("GHSA-1"))], path, meta=META)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda path, _: None, "No advisory database at", id="missing"),
        pytest.param(lambda path, _: path.write_bytes(b""), "is no advisory database of Vallum", id="empty"),
        pytest.param(
            lambda path, _: path.write_bytes(b"text" * 999), "is damaged or no advisory database", id="a text"
        ),
        pytest.param(foreign, "is no advisory database of Vallum", id="somebody else's SQLite file"),
        pytest.param(newer, "has version 99, this program reads version 4", id="of a later program"),
    ],
)
def test_a_file_that_cannot_serve_says_why_and_what_to_do(tmp_path, record, spoil, says):
    path = tmp_path / "a.db"
    spoil(path, record)
    with pytest.raises(BrokenData, match=says) as caught:
        open_database(path)
    assert "vallum db update" in str(caught.value)


def test_a_truncated_file_is_broken_data_and_no_crash(tmp_path, record):
    path = tmp_path / "a.db"
    truncated(path, record)
    with pytest.raises(BrokenData, match="damaged"), open_database(path) as data:
        data.lookup("npm", [f"p{n}" for n in range(2000)])


@pytest.mark.parametrize(
    ("joins", "groups"),
    [
        pytest.param(
            [("GHSA-1", ["CVE-2020-1"]), ("PYSEC-1", ["CVE-2020-1"])],
            [("CVE-2020-1", "GHSA-1", "PYSEC-1")],
            id="two documents about one CVE",
        ),
        pytest.param([("A", ["B"]), ("C", ["D"]), ("B", ["C"])], [("A", "B", "C", "D")], id="a chain is one group"),
        pytest.param(
            [("GO-1", ["CVE-2020-10", "CVE-2020-9", "GHSA-1"]), ("GHSA-1", ["CVE-2020-9"])],
            [("CVE-2020-9", "GHSA-1", "GO-1")],
            id="two CVEs in one record join neither; its one GHSA does",
        ),
        pytest.param(
            [("X", ["CVE-2021-10", "GHSA-2"]), ("Y", ["CVE-2021-9", "GHSA-2"])],
            [("CVE-2021-9", "CVE-2021-10", "GHSA-2", "X", "Y")],
            id="the CVE with the lower number names the group",
        ),
        pytest.param([("B", []), ("A", [])], [("A",), ("B",)], id="strangers stay apart"),
    ],
)
def test_aliases_are_merged_into_groups(joins, groups):
    made = Groups()
    for identifier, aliases in joins:
        made.join(identifier, tuple(aliases))
    assert sorted(set(made.members().values())) == sorted(groups)


def found(data, **more):
    package = Package(ecosystem="npm", name="left", version="1.0.0", location=Location(path="lock"), **more)
    (finding,) = match([package], data).findings
    return finding


def test_exploitation_is_that_of_the_worst_cve_a_record_names(tmp_path, record):
    told = {
        "CVE-2020-1": Exploitation(epss=0.2, percentile=0.9, since="2022-01-02"),
        "CVE-2020-2": Exploitation(epss=0.7, percentile=0.99, ransomware=True),
        "CVE-1999-1": Exploitation(epss=1.0, percentile=1.0),
    }
    path = tmp_path / "a.db"
    both = record("GHSA-1", aliases=["CVE-2020-1"]), record("PYSEC-1", aliases=["CVE-2020-1", "OSV-1"])
    build([("npm", one) for one in both], path, meta=META, exploited=told)
    with open_database(path) as data:
        assert found(data).exploitation == told["CVE-2020-1"]
        assert data.exploitation(told) == {"CVE-2020-1": told["CVE-2020-1"]}


def test_a_record_without_a_severity_has_that_of_another_record_of_the_vulnerability(tmp_path, record):
    path = tmp_path / "a.db"
    rated = record("GHSA-1", "other", aliases=["CVE-2020-1"], database_specific={"severity": "HIGH"})
    build([("npm", rated), ("npm", record("X-1", aliases=["CVE-2020-1"]))], path, meta=META)
    with open_database(path) as data:
        finding = found(data)
        assert (finding.rule, finding.severity, finding.confidence) == ("CVE-2020-1", Severity.HIGH, Confidence.HIGH)
        assert finding.exploitation is None
