"""`vallum baseline write` and `vallum scan --baseline`: what is known is hidden, what is new shows, and no secret is given away."""

import json
from hashlib import blake2b
from itertools import product

import pytest

from vallum.cli.exits import Exit
from vallum_engine.identity import PUBLIC_KEY, fingerprint, secret_hash
from vallum_engine.secrets.samples import fill

NPM = fill("npm_{github:36}")
PASSWORD = fill("Tr{base62:8}-3xq9")
URL = f"postgres://shop:{PASSWORD}@db.shop-prod.net/shop"


@pytest.fixture
def known(vallum, tmp_path):
    """Write a baseline of what a scan finds; its text."""

    def write(tree, *options):
        report, file = tmp_path / "report.json", tmp_path / "known.json"
        vallum("scan", tree, "--format", "json", "--output", report, *options)
        ran = vallum("baseline", "write", report, "--output", file)
        assert (ran.code, ran.out) == (Exit.CLEAN, "")
        return file

    return write


def scanned(vallum, tree, file):
    ran = vallum("scan", tree, "--format", "json", "--baseline", file)
    return ran.code, json.loads(ran.out)


def test_what_is_known_is_hidden_and_what_is_new_shows(vallum, tree, known, token):
    (tree / "a.env").write_text(f"T={token}\n")
    file = known(tree)
    code, report = scanned(vallum, tree, file)
    assert (code, report["findings"]) == (Exit.CLEAN, [])
    assert report["suppressed"][0]["reason"] == "in the baseline"
    assert report["stats"]["suppressed"] == 1
    (tree / "b.env").write_text(f"N={NPM}\n")
    code, report = scanned(vallum, tree, file)
    assert code == Exit.FINDINGS
    assert [finding["rule"] for finding in report["findings"]] == ["npm-access-token"]


def test_a_known_secret_stays_known_where_it_moves(vallum, tree, known, token):
    (tree / "a.env").write_text(f"T={token}\n")
    file = known(tree)
    (tree / "a.env").rename(tree / "b.env")
    assert scanned(vallum, tree, file)[0] == Exit.CLEAN


def test_packages_too(vallum, tree, known):
    (tree / "package-lock.json").write_text(
        '{"lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.15"}}}'
    )
    report = scanned(vallum, tree, known(tree))[1]
    assert report["findings"] == []
    assert {finding["kind"] for finding in report["suppressed"]} == {"vulnerability"}


def test_a_password_is_known_by_its_file_and_number_alone(vallum, tree, known):
    (tree / "db.py").write_text(f'URL = "{URL}"\n')
    file = known(tree)
    [entry] = json.loads(file.read_text())["findings"]
    assert entry == {"path": "db.py", "rule": entry["rule"], "count": 1}
    assert scanned(vallum, tree, file)[0] == Exit.CLEAN
    (tree / "db.py").write_text(f'URL = "{URL}"\nOTHER = "{URL.replace(PASSWORD, "Qu1te-an0ther")}"\n')
    code, report = scanned(vallum, tree, file)
    assert code == Exit.FINDINGS
    assert len(report["findings"]) == 2  # which of the two is the known one, nobody can say
    (tree / "db.py").rename(tree / "other.py")
    assert scanned(vallum, tree, file)[0] == Exit.FINDINGS


def test_nothing_in_it_can_be_guessed_or_is_the_public_fingerprint(vallum, tree, known, token):
    (tree / "a.env").write_text(f"T={token}\nURL={URL}\n")
    text = known(tree).read_text()
    assert len(json.loads(text)["findings"]) == 2
    salt = bytes.fromhex(json.loads(text)["salt"])
    for rule, value in product(
        ("url-password", "database-url-password", "github-personal-access-token"), (PASSWORD, token)
    ):
        digest = secret_hash(value.encode(), PUBLIC_KEY)
        public = fingerprint(("secret/1", rule, digest))
        salted = blake2b(public.encode(), digest_size=16, key=salt).hexdigest()
        assert digest not in text
        assert public.partition(":")[2] not in text
        assert (salted in text) == (value == token and rule.startswith("github"))
    assert PASSWORD[:4] not in text
    assert token[:8] not in text


def test_two_baselines_have_nothing_in_common(vallum, tree, known, token):
    (tree / "a.env").write_text(f"T={token}\n")
    file = known(tree)
    first = json.loads(file.read_text())
    file.unlink()
    second = json.loads(known(tree).read_text())
    assert first["salt"] != second["salt"]
    assert first["findings"][0]["hash"] != second["findings"][0]["hash"]


def test_written_again_it_keeps_salt_and_reasons(vallum, tree, known, token):
    (tree / "a.env").write_text(f"T={token}\nURL={URL}\n")
    file = known(tree)
    document = json.loads(file.read_text())
    for entry in document["findings"]:
        entry["reason"] = f"of {entry['rule']}"
    file.write_text(json.dumps(document))
    again = json.loads(known(tree).read_text())
    assert again == document
    _, report = scanned(vallum, tree, file)
    assert {finding["reason"] for finding in report["suppressed"]} == {
        f"in the baseline: of {entry['rule']}" for entry in document["findings"]
    }


def test_a_rule_that_nobody_knows_may_be_guessed(vallum, tree, tmp_path):
    (tree / "a.env").write_text("KEY=" + fill("shopkey-{lower-alnum:24}") + "\n")
    rules = tmp_path / "shop.toml"
    rules.write_text(
        'provider="Shop"\nreferences=["https://a.example"]\nrotate=["Ask."]\n[[rule]]\nid="shop-key"\ntitle="Key"\nseverity="high"\n'
        "pattern='''(shopkey-[a-z0-9]{24})'''\nleaks=[\"shopkey-{lower-alnum:24}\"]\nclean=[\"x\"]\n"
    )
    report, file = tmp_path / "report.json", tmp_path / "known.json"
    vallum("scan", tree, "--format", "json", "--output", report, "--rules", rules)
    vallum("baseline", "write", report, "--output", file)
    assert "hash" not in json.loads(file.read_text())["findings"][0]
    vallum("baseline", "write", report, "--output", file, "--rules", rules)
    assert "hash" in json.loads(file.read_text())["findings"][0]


def test_the_report_says_who_hid_what(vallum, tree, known, token):
    (tree / "a.env").write_text(f"T={token}\nN={NPM} # vallum:ignore a sample\n")
    file = known(tree)
    assert (
        "Hidden by vallum:ignore: 1 finding (--no-ignore shows them), by the baseline: 1 finding."
        in vallum("scan", tree, "--baseline", file).out
    )
    sarif = json.loads(vallum("scan", tree, "--baseline", file, "--format", "sarif").out)
    said = [result["suppressions"][0] for result in sarif["runs"][0]["results"]]
    assert sorted(each["kind"] for each in said) == ["external", "inSource"]
    assert {each["justification"] for each in said} == {"a sample", "in the baseline"}


def test_an_empty_one(vallum, tree, known):
    (tree / "a.txt").write_text("hello\n")
    assert scanned(vallum, tree, known(tree))[0] == Exit.CLEAN


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "is damaged", id="empty"),
        pytest.param("[]", "is no baseline", id="something else"),
        pytest.param('{"version": 1}', "is no baseline", id="a report"),
        pytest.param('{"vallum_baseline": 9}', "version 9", id="another version"),
        pytest.param('{"vallum_baseline": 1, "salt": "00", "findings": []}', "is damaged", id="a short salt"),
        pytest.param('{"vallum_baseline": 1, "salt": 7, "findings": []}', "is damaged", id="a salt that is a number"),
        pytest.param("[" * 100_000, "is damaged", id="nesting without end"),
        *(
            pytest.param(
                f'{{"vallum_baseline": 1, "salt": "{"0" * 32}", "findings": {findings}}}', "is damaged", id=name
            )
            for name, findings in {
                "findings that are none": "7",
                "an entry that is none": "[7]",
                "no rule": '[{"path": "a", "hash": "00"}]',
                "a path that is a number": '[{"path": 7, "rule": "r"}]',
                "a count below one": '[{"path": "a", "rule": "r", "count": 0}]',
                "a hash that is none": '[{"path": "a", "rule": "r", "hash": "xyz"}]',
            }.items()
        ),
    ],
)
def test_a_file_that_is_none(vallum, tree, tmp_path, text, says):
    file = tmp_path / "known.json"
    file.write_text(text)
    ran = vallum("scan", tree, "--baseline", file)
    assert ran.code == Exit.USAGE
    assert says in ran.err
    assert "known.json" in ran.err


def test_what_cannot_be(vallum, tree, tmp_path):
    assert vallum("scan", tree, "--baseline", tmp_path / "absent").code == Exit.USAGE
    assert vallum("scan", tree, "--baseline", "x", "--no-ignore").code == Exit.USAGE
    assert vallum("baseline", "write", tmp_path / "absent").code == Exit.USAGE
    (tmp_path / "x.json").write_text("{}")
    assert vallum("baseline", "write", tmp_path / "x.json", "--output", tmp_path / "known.json").code == Exit.INCOMPLETE
    assert not (tmp_path / "known.json").exists()
