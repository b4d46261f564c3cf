"""The packages detector as the pipeline drives it: findings, and an honest account of what was not checked."""

import pytest

from vallum_engine.errors import BrokenData
from vallum_engine.identity import fingerprint
from vallum_engine.model.file import File, Skipped
from vallum_engine.model.finding import Confidence, Kind, Location, Severity
from vallum_engine.model.report import Coverage, Verdict
from vallum_engine.pipeline import scan
from vallum_engine.sca.advisories import Meta
from vallum_engine.sca.detector import PackageDetector
from vallum_engine.triggers import collect

STARTER = Meta(built_at="2026-01-01T00:00:00Z", source="starter", partial=True)
LOCK = b"""{"lockfileVersion": 3, "packages": {"": {"dependencies": {"left": "*"}},
"node_modules/left": {"version": "1.5.0"},
"node_modules/right": {"version": "1.0.0"},
"node_modules/right/node_modules/left": {"version": "1.5.0"}}}"""


def run(advisories, **files):
    """Drive the detector as the pipeline does, over files given by path."""
    detector = PackageDetector(advisories)
    for path, data in files.items():
        if detector.wants(path):
            assert list(detector.detect(File(path, data), ())) == []
    findings = list(detector.conclude())
    return detector, findings


def gaps(detector):
    return [(e.path, e.ruleset, e.why) for e in detector.exclusions() if not e.covered]


def test_one_finding_per_vulnerability_with_every_place(database, record):
    ghsa = record("GHSA-1", aliases=["CVE-2020-1"], database_specific={"severity": "HIGH"})
    nswg = record("NSWG-1", aliases=["CVE-2020-1"], spans=(("0", "1.9.0"),), summary="")
    data = database(ghsa, nswg)
    detector, (finding,) = run(data, **{"web/package-lock.json": LOCK, "package-lock.json": LOCK})
    assert finding.kind is Kind.VULNERABILITY
    assert (finding.ruleset, finding.rule) == ("packages/npm", "CVE-2020-1")
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.HIGH)
    assert finding.message == "left 1.5.0 is affected by CVE-2020-1: About left"
    assert finding.locations == tuple(
        Location(path=path, line=line, end_line=line)
        for path in ("package-lock.json", "web/package-lock.json")
        for line in (2, 4)
    )
    assert finding.identity == ("package/1", "npm", "left", "1.5.0", "CVE-2020-1")
    assert finding.package.purl == "pkg:npm/left@1.5.0"
    assert [(a.id, a.aliases, a.fixed) for a in finding.advisories] == [
        ("GHSA-1", ("CVE-2020-1", "NSWG-1"), ("2.0.0",)),
        ("NSWG-1", ("CVE-2020-1", "GHSA-1"), ("1.9.0",)),
    ]
    assert finding.remediation.upgrade_to == "2.0.0"
    assert finding.remediation.steps == (
        "In the folder of package-lock.json: `npm install left@2.0.0`.",
        "In the folder of web/package-lock.json: `npm install left@2.0.0`.",
    )
    assert gaps(detector) == []


def test_the_identity_does_not_move_with_the_line_or_the_file(database, record):
    data = database(record("GHSA-1"))
    _, (one,) = run(data, **{"package-lock.json": LOCK})
    _, (other,) = run(data, **{"moved/npm-shrinkwrap.json": b"\n\n" + LOCK})
    assert fingerprint(one.identity) == fingerprint(other.identity)


def test_a_malicious_package_is_its_own_kind(database, record):
    _, (finding,) = run(database(record("MAL-2024-1", spans=(("0", None),))), **{"package-lock.json": LOCK})
    assert (finding.kind, finding.severity) == (Kind.MALWARE, Severity.CRITICAL)
    assert finding.message == "left 1.5.0 is malicious (MAL-2024-1): About left"
    assert finding.remediation.upgrade_to == ""
    assert "No fixed version of left is known" in finding.remediation.steps[0]


def test_the_fix_of_one_and_of_all(database, record):
    data = database(
        record("GHSA-1", spans=(("0", "1.6.0"),)), record("GHSA-2", spans=(("0", "1.5.5"), ("1.6.0", "1.7.0")))
    )
    _, findings = run(data, **{"package-lock.json": LOCK})
    assert [(f.rule, f.remediation.upgrade_to) for f in findings] == [("GHSA-1", "1.6.0"), ("GHSA-2", "1.5.5")]
    assert findings[0].remediation.steps[-1] == "1.7.0 ends every known advisory of left 1.5.0."


def test_without_data_nothing_is_clean():
    detector, findings = run(None, **{"package-lock.json": LOCK, "go.mod": b"module a\n"})
    assert findings == []
    assert len(detector.packages()) == 3
    assert gaps(detector) == [
        ("", "packages/Go", "no advisories for Go: run `vallum db update`"),
        ("", "packages/npm", "no advisories for npm: run `vallum db update`"),
    ]
    coverage = Coverage(rulesets=detector.rulesets(), exclusions=tuple(detector.exclusions()))
    assert not coverage.speaks_for("packages/npm", "CVE-2020-1", "package-lock.json")
    assert coverage.speaks_for("packages/PyPI", "CVE-2020-1", "uv.lock"), (
        "no PyPI lockfile was met: what was there is gone"
    )


def test_data_of_one_ecosystem_says_nothing_of_another(database, record):
    detector, _ = run(database(record("GHSA-1")), **{"package-lock.json": LOCK, "requirements.txt": b"a==1\n"})
    assert gaps(detector) == [("", "packages/PyPI", "no advisories for PyPI: run `vallum db update`")]
    coverage = Coverage(rulesets=detector.rulesets(), exclusions=tuple(detector.exclusions()))
    assert coverage.speaks_for("packages/npm", "CVE-2020-1", "package-lock.json")


def test_a_starter_set_speaks_for_its_own_ids_and_says_that_it_is_one(database, record):
    data = database(record("GHSA-1", aliases=["CVE-2020-1"]), meta=STARTER)
    detector, findings = run(data, **{"package-lock.json": LOCK})
    assert len(findings) == 1
    (ruleset,) = (r for r in detector.rulesets() if r.name == "packages/npm")
    assert ruleset.rules == ("CVE-2020-1",)
    assert gaps(detector) == [
        ("", "packages/npm", "a starter set of 1 advisories for npm only: run `vallum db update`")
    ]
    assert gaps(run(data, **{"README.md": b""})[0]) == []


def test_a_version_that_cannot_be_ordered_is_told(database, record):
    data = database(record("GHSA-1"), record("GHSA-2", "all", spans=(("0", None),)))
    lock = (
        LOCK.replace(b"1.5.0", b"latest").replace(b'node_modules/right"', b'node_modules/all"').replace(b"1.0.0", b"x")
    )
    detector, findings = run(data, **{"package-lock.json": lock})
    assert [f.rule for f in findings] == ["GHSA-2"], "what holds every version needs no order"
    assert gaps(detector) == [
        ("package-lock.json", "packages/npm", "2 versions that npm cannot order (such as left latest): not checked")
    ]


def test_what_has_no_version_is_noted_but_is_no_gap(database, record):
    data = database(record("PYSEC-1", ecosystem="PyPI"))
    text = b"left\nleft>=1.0\n-e ./here\nright @ https://code.example/right.zip\n"
    detector, findings = run(data, **{"requirements.txt": text})
    assert findings == []
    (note,) = detector.exclusions()
    assert (note.path, note.verdict, note.covered) == ("requirements.txt", Verdict.SKIPPED, True)
    assert note.why.startswith("4 entries without a version")


def test_an_included_file_that_was_not_read_is_a_gap(database, record):
    data = database(record("PYSEC-1", ecosystem="PyPI"))
    files = {"requirements.txt": b"-r deps/all.txt\n-r requirements/base.txt\n", "requirements/base.txt": b"a==1\n"}
    detector, _ = run(data, **files)
    assert gaps(detector) == [
        ("deps/all.txt", "packages/PyPI", "named by requirements.txt:1, and not among the files read as requirements")
    ]


def test_lines_that_nobody_can_read_are_a_gap(database, record):
    data = database(record("PYSEC-1", ecosystem="PyPI"))
    detector, _ = run(data, **{"requirements.txt": b"a==1 b\n\nleft==1.0\n"})
    assert gaps(detector) == [("requirements.txt", "packages/PyPI", "1 lines could not be read: 1")]


def test_a_manual_named_like_a_file_of_pips_is_no_gap(database, record):
    manual = (
        b"Constraints\n===========\n\nA constraint is checked by the database, before each row.\n\n.. class:: Check\n"
    )
    detector, _ = run(database(record("GHSA-1")), **{"docs/constraints.txt": manual})
    assert gaps(detector) == []
    assert detector.packages() == []


def test_a_broken_file_counts_for_nothing():
    detector = PackageDetector(None)
    with pytest.raises(BrokenData, match="line 3: not valid JSON"):
        detector.detect(File("package-lock.json", LOCK[:150]), ())
    assert detector.packages() == []


def test_beside_a_shrinkwrap_the_lock_is_not_read():
    detector, _ = run(None, **{"a/package-lock.json": LOCK, "a/npm-shrinkwrap.json": LOCK, "package-lock.json": LOCK})
    assert {p.location.path for p in detector.packages()} == {"a/npm-shrinkwrap.json", "package-lock.json"}


def test_sums_count_only_where_no_module_file_says_more():
    sums = b"code.example/left v1.2.0 h1:AAAA=\n"
    module = b"module code.example/shop\n\nrequire code.example/left v1.2.0\n"
    detector, _ = run(None, **{"a/go.sum": sums, "a/go.mod": module, "b/go.sum": sums})
    assert {p.location.path for p in detector.packages()} == {"a/go.mod", "b/go.sum"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(r"left\u001b[2J", id="an escape sequence"),
        pytest.param(r"left\nright", id="a line break"),
        pytest.param("x" * 2000, id="longer than any registry allows"),
    ],
)
def test_a_name_that_nobody_could_publish_breaks_the_file(name):
    data = LOCK.replace(b'node_modules/right"', b"node_modules/" + name.encode() + b'"')
    with pytest.raises(BrokenData, match="line 3: a package name"):
        PackageDetector(None).detect(File("package-lock.json", data), ())


def test_commands_quote_what_comes_from_the_tree(database, record):
    data = database(record("GHSA-1", "left; reboot"))
    _, (finding,) = run(data, **{"package-lock.json": LOCK.replace(b"node_modules/left", b"node_modules/left; reboot")})
    assert "`npm update 'left; reboot'`" in finding.remediation.steps[0]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("package-lock.json", True),
        ("a/b/Cargo.lock", True),
        ("requirements.txt", True),
        ("dev-requirements.txt", True),
        ("requirements-dev.txt", True),
        ("requirements/base.txt", True),
        ("constraints.txt", True),
        ("pylock.dev.toml", True),
        ("notes.txt", False),
        ("requirements/base.in", False),
        ("package.json", True),
        ("node_modules/left/package.json", True),
        ("node_modules/@scope/left/package.json", True),
        ("node_modules/left/esm/package.json", False),
        ("node_modules/left/package-lock.json", False),
        ("node_modules/left/requirements.txt", False),
        ("cargo.lock", False),
        ("Cargo.lock/readme", False),
    ],
)
def test_wants(path, wanted):
    assert PackageDetector(None).wants(path) is wanted


@pytest.mark.parametrize(
    ("path", "content", "ecosystem", "package", "purl", "step"),
    [
        pytest.param(
            "poetry.lock",
            b'[[package]]\nname = "A_b"\nversion = "1"\n',
            "PyPI",
            "a.B",
            "pkg:pypi/a-b@1",
            "poetry update A_b",
            id="poetry",
        ),
        pytest.param(
            "requirements.txt",
            b"Left==1\n",
            "PyPI",
            "left",
            "pkg:pypi/left@1",
            "`Left==2.0.0` (was 1)",
            id="requirements",
        ),
        pytest.param(
            "uv.lock",
            b'[[package]]\nname = "left"\nversion = "1"\n',
            "PyPI",
            "left",
            "pkg:pypi/left@1",
            "uv lock --upgrade-package left==2.0.0",
            id="uv",
        ),
        pytest.param(
            "go.mod",
            b"module m\nrequire code.example/Own/left v1.0.0\n",
            "Go",
            "code.example/Own/left",
            "pkg:golang/code.example/own/left@v1.0.0",
            "go get code.example/Own/left@v2.0.0",
            id="go",
        ),
        pytest.param(
            "go.mod",
            b"module m\ngo 1.17\n",
            "Go",
            "stdlib",
            "pkg:golang/stdlib@1.17",
            "go get go@2.0.0 toolchain@go2.0.0",
            id="go itself",
        ),
        pytest.param(
            "Cargo.lock",
            b'[[package]]\nname = "left"\nversion = "1.0.0+a"\nsource = "registry+x"\n',
            "crates.io",
            "left",
            "pkg:cargo/left@1.0.0%2Ba",
            "cargo update -p left@1.0.0+a --precise 2.0.0",
            id="cargo",
        ),
        pytest.param(
            "yarn.lock",
            b'"@s/left@^1":\n  version "1.0.0"\n',
            "npm",
            "@s/left",
            "pkg:npm/%40s/left@1.0.0",
            "yarn upgrade @s/left@2.0.0",
            id="yarn",
        ),
    ],
)
def test_each_ecosystem_has_its_purl_and_its_command(database, record, path, content, ecosystem, package, purl, step):
    _, (finding,) = run(database(record("GHSA-1", package, ecosystem=ecosystem)), **{path: content})
    assert finding.package.purl == purl
    assert step in finding.remediation.steps[0]


def test_the_language_version_of_go_is_a_weak_witness(database, record):
    data = database(record("GO-1", "stdlib", ecosystem="Go", database_specific={"severity": "HIGH"}))
    _, (finding,) = run(data, **{"go.mod": b"module m\ngo 1.17\n"})
    assert finding.confidence is Confidence.LOW


@pytest.mark.parametrize("name", ["package-lock.json", "requirements.txt", "Cargo.lock"])
def test_a_lockfile_that_is_no_text_is_a_gap_and_no_picture(name):
    detector = PackageDetector(None)
    files = [Skipped(f"a/{name}", "binary", covered=True), Skipped("a/logo.png", "binary", covered=True)]
    report = scan(files, [detector], triggers=collect([detector]).fallback())
    assert [(problem.path, problem.what) for problem in report.errors] == [
        (f"a/{name}", "packages: no text: it holds NUL bytes. Write it anew.")
    ]
    assert [gap.path for gap in report.coverage.gaps] == [f"a/{name}"]
    assert report.incomplete


def test_an_ecosystem_that_no_format_is_named_for_is_spoken_for_where_the_data_has_it(database, record):
    lock = b'{"Packages": {"left": {"Package": "left", "Version": "1.0.0", "Source": "Bioconductor"}}}'
    data = database(record("BIO-1", ecosystem="Bioconductor"), record("RSEC-1", ecosystem="CRAN"))
    detector, (finding,) = run(data, **{"renv.lock": lock})
    assert finding.ruleset == "packages/Bioconductor"
    assert gaps(detector) == []
    assert finding.ruleset in {ruleset.name for ruleset in detector.rulesets()}
    detector, findings = run(database(record("RSEC-1", ecosystem="CRAN")), **{"renv.lock": lock})
    assert (findings, [ruleset for _, ruleset, _ in gaps(detector)]) == ([], ["packages/Bioconductor"])
    assert "packages/Bioconductor" not in {ruleset.name for ruleset in detector.rulesets()}
