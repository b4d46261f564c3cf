"""Files of ignores: what an entry hides and for how long, and how a broken one is told."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine import ignores
from vallum_engine.errors import BrokenData
from vallum_engine.ignores import Ignore
from vallum_engine.model.finding import AdvisoryRef, Confidence, Finding, Kind, Location, PackageRef, Severity
from vallum_engine.model.report import Report
from vallum_engine.model.statement import JUSTIFICATIONS
from vallum_engine.values import replace

TODAY = "2026-11-26"
LODASH = PackageRef(purl="pkg:npm/lodash@4.17.15", ecosystem="npm", name="lodash", version="4.17.15")
FINDING = Finding(
    kind=Kind.VULNERABILITY,
    ruleset="packages/npm",
    rule="CVE-2021-23337",
    title="lodash: commands",
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="lodash 4.17.15 is affected by CVE-2021-23337: commands",
    locations=(Location(path="tools/package-lock.json"), Location(path="web/package-lock.json")),
    identity=(),
    fingerprint="package/1:a",
    package=LODASH,
    advisories=(
        AdvisoryRef(id="GHSA-35jh-r3h4-6jhm", aliases=("CVE-2021-23337", "SNYK-JS-LODASH-1040724")),
        AdvisoryRef(id="DSA-5000-1", aliases=("CVE-2021-23337", "CVE-2020-28500")),
    ),
)
REPORT = Report(findings=(FINDING,))


def entry(**more):
    held = {"id": '"CVE-2021-23337"', "reason": '"ours"', "until": "2027-01-31"} | more
    return "[[ignore]]\n" + "".join(f"{key} = {value}\n" for key, value in held.items() if value)


def told(text, report=REPORT, today=TODAY):
    return ignores.applied(report, ignores.read(text.encode(), ignores.PATH), today=today)


@pytest.mark.parametrize(
    ("more", "hides"),
    [
        pytest.param({}, True, id="its CVE"),
        pytest.param({"id": '"ghsa-35JH-r3h4-6jhm"'}, True, id="another id, in any case"),
        pytest.param({"id": '"SNYK-JS-LODASH-1040724"'}, True, id="an id that only an alias tells"),
        pytest.param({"id": '"DSA-5000-1"'}, True, id="the bulletin that it is in"),
        pytest.param({"id": '"CVE-2020-28500"'}, False, id="another one of the same bulletin"),
        pytest.param({"package": '"lodash"'}, True, id="by the package's name"),
        pytest.param({"package": '"underscore"'}, False, id="another package"),
        pytest.param({"package": '"pkg:npm/lodash"'}, True, id="by a package URL"),
        pytest.param({"package": '"pkg:npm/lodash@4.17.15"'}, True, id="at this version"),
        pytest.param({"package": '"pkg:npm/lodash@4.17.16"'}, False, id="at another version"),
        pytest.param({"package": '"pkg:pypi/lodash"'}, False, id="of another ecosystem"),
        pytest.param({"until": "2026-11-26"}, True, id="on its last day"),
        pytest.param({"until": "2026-11-25"}, False, id="on the day after"),
        pytest.param(
            {"until": "", "justification": '"component_not_present"'}, True, id="without an end, where there is no risk"
        ),
    ],
)
def test_what_an_entry_hides(more, hides):
    report = told(entry(**more)).report
    assert (len(report.findings), len(report.suppressed), report.stats.suppressed) == (
        (0, 1, 1) if hides else (1, 0, 0)
    )


def test_the_reason_names_the_entry_its_end_and_who():
    (hidden,) = told("\n" + entry(by='"alice"')).report.suppressed
    assert hidden.reason == "ignored by .vallum/ignores.toml:2 until 2027-01-31 (alice): ours"
    assert (hidden.statement.status, hidden.statement.justification) == ("affected", "")
    (hidden,) = told(entry(justification='"component_not_present"')).report.suppressed
    assert (hidden.statement.status, hidden.statement.justification) == ("not_affected", "component_not_present")


def test_a_path_hides_what_lies_there_and_the_rest_shows():
    report = told(entry(path='"tools/"')).report
    assert [place.path for place in report.findings[0].locations] == ["web/package-lock.json"]
    assert [place.path for place in report.suppressed[0].locations] == ["tools/package-lock.json"]
    assert told(entry(path='"lib/"')).report == REPORT


def test_what_has_ended_shows_again_and_says_so():
    outcome = told(entry(until="2026-11-01"))
    (finding,) = outcome.report.findings
    assert finding.lapsed == "The ignore of .vallum/ignores.toml:1 ended on 2026-11-01: ours"
    assert outcome.unused == ()
    outcome = told(entry(until="2026-11-01") + entry())
    assert outcome.report.findings == ()


def test_those_that_have_ended_are_told_from_those_that_hold():
    held = ignores.read((entry(until="2026-11-01") + entry(until="2999-01-01")).encode(), ignores.PATH)
    assert [each.until for each in ignores.ended(held, today="2026-11-02").entries] == ["2026-11-01"]
    assert ignores.ended(held, today="2026-11-01").entries == (), "the last day is one on which it holds"


def test_what_nothing_matches_is_told():
    outcome = told(entry() + entry(id='"CVE-1999-0001"') + entry(path='"nowhere"'))
    assert [each.line for each in outcome.unused] == [5, 9]
    assert ignores.lines(outcome.unused) == "lines 5, 9"
    assert ignores.lines([Ignore(line=n, id="a", reason="b") for n in range(1, 8)]) == "lines 1, 2, 3, 4, 5 and 2 more"


def test_the_example_of_the_docs_is_one():
    page = (Path(__file__).parents[2] / "docs/ignoring.md").read_text()
    held = ignores.read(page.partition("```toml\n")[2].partition("```")[0].encode(), ignores.PATH)
    assert [(each.id, each.until, bool(each.justification)) for each in held.entries] == [
        ("cve-2021-23337", "2027-01-31", False),
        ("ghsa-p6mc-m468-83gw", "", True),
    ]
    assert all(name in page for name in JUSTIFICATIONS)


def test_only_findings_about_packages_are_ignored():
    secret = replace(FINDING, ruleset="secrets", package=None, advisories=())
    assert told(entry(), Report(findings=(secret,))).report.findings == (secret,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("a = ", "line 1: not valid TOML", id="no TOML"),
        pytest.param("\n\n[other]\n", "`other` is not known", id="another table"),
        pytest.param("ignore = 3", "no list of tables", id="a number"),
        pytest.param("ignore = [3]", "no list of tables", id="a list of numbers"),
        pytest.param("# one\n" + entry(reason=""), "line 2: an entry without `reason`", id="no reason"),
        pytest.param(entry(reason='"  "'), "line 1: an entry without `reason`", id="an empty reason"),
        pytest.param(entry(id=""), "line 1: an entry without `id`", id="no id"),
        pytest.param(entry() + entry(id="7"), "line 5: `id` is no text", id="a number for an id"),
        pytest.param(entry(until=""), "line 1: an entry needs `until`", id="no end"),
        pytest.param(entry(until='"soon"'), "line 1: `until` is no date", id="a word for a date"),
        pytest.param(entry(until="2027-01-31T00:00:00Z"), "line 1: `until` is no date", id="a moment for a date"),
        pytest.param(entry(until="2027-02-30"), "line 4: not valid TOML", id="no day"),
        pytest.param(entry(justification='"trust me"'), "no justification of VEX", id="a justification of one's own"),
        pytest.param(entry(package='"pkg:npm"'), "no package URL", id="half a package URL"),
        pytest.param(entry(path='"!lib"'), "no pattern of a path", id="a path turned round"),
        pytest.param(entry(untill="2027-01-31"), "line 1: `untill` is not known here", id="a misspelt key"),
        pytest.param("x" * (ignores.MOST_BYTES + 1), "more than the limit", id="too large"),
        pytest.param("[[ignore]]\n" * 2_001, "line 2001: more than 2,000 entries", id="too many"),
        pytest.param(entry() * 101, "line 401: more than 100 entries for “cve-2021-23337”", id="too many of one"),
        pytest.param("a=" + "[" * 5_000, "line 1: not valid TOML", id="deep"),
    ],
)
def test_a_broken_file_is_told_with_its_line(text, says):
    with pytest.raises(BrokenData, match=r"^line \d+: ") as raised:
        ignores.read(text.encode(), ignores.PATH)
    assert says in str(raised.value)
    assert "nothing of this file is hidden" in str(raised.value)


def test_what_is_no_text_is_told():
    with pytest.raises(BrokenData, match="line 2: not UTF-8"):
        ignores.read(b"\n\xff", ignores.PATH)


IDS = st.builds("{}-{}".format, st.sampled_from(["GHSA", "PYSEC", "OSV"]), st.integers(1, 99))


@given(
    IDS, st.lists(IDS, max_size=3), st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True), st.integers(0, 9)
)
def test_any_id_of_one_vulnerability_hides_it_and_no_id_of_another_one(identifier, aliases, others, which):
    own = AdvisoryRef(id=identifier, aliases=(FINDING.rule, *aliases))
    bulletin = AdvisoryRef(id="RHSA-1", aliases=(FINDING.rule, *(f"CVE-2000-{number}" for number in others)))
    report = Report(findings=(replace(FINDING, advisories=(own, bulletin)),))
    named = (FINDING.rule, bulletin.id, own.id, *aliases)
    assert told(entry(id=f'"{named[which % len(named)]}"'), report).report.findings == ()
    assert told(entry(id=f'"CVE-2000-{others[0]}"'), report).report == report


def test_many_entries_and_findings_take_linear_time():
    text = entry(path='"a/*/b/**/c"') * 100 + "".join(entry(id=f'"CVE-2000-{n}"') for n in range(1_900))
    findings = tuple(replace(FINDING, fingerprint=str(n), rule=f"CVE-2000-{n}", advisories=()) for n in range(20_000))
    everywhere = replace(FINDING, locations=tuple(Location(path=f"a/{n}/package-lock.json") for n in range(1_000)))
    held = ignores.read(text.encode(), ignores.PATH)
    started = time.process_time()
    report = ignores.applied(Report(findings=(everywhere, *findings)), held, today=TODAY).report
    assert time.process_time() - started < 10
    assert (len(report.findings), len(report.suppressed)) == (18_101, 1_900)
