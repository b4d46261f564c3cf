"""`vallum rules`, and a person's own rules in a scan."""

import json
from base64 import b64encode

import pytest

from vallum.cli.exits import Exit
from vallum_engine.secrets.samples import fill

RULES = """
provider = "Shop"
references = ["https://wiki.example.org/keys"]
rotate = ["Ask the platform team for a new one."]

[[rule]]
id = "shop-deploy-key"
title = "Deploy key of the shop"
severity = "high"
pattern = '''\\b(shopkey-[a-z0-9]{24})\\b'''
leaks = ["KEY=shopkey-{lower-alnum:24}"]
clean = ["shopkey-short"]
"""
KEY = fill("shopkey-{lower-alnum:24}")


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own" / "shop.toml"
    path.parent.mkdir()
    path.write_text(RULES)
    return path


def found(ran):
    return sorted(finding["rule"] for finding in json.loads(ran.out)["findings"])


class TestList:
    def test_every_rule_a_line(self, vallum):
        lines = vallum("rules", "list").out.splitlines()
        assert any(line.startswith("github-personal-access-token ") for line in lines)
        assert lines[-1] == f"{len(lines) - 1:,} rules, {lines[-1].split()[2]} providers."

    def test_as_json_with_own_ones(self, vallum, own):
        rules = {
            rule["id"]: rule for rule in json.loads(vallum("rules", "list", "--format", "json", "--rules", own).out)
        }
        assert rules["shop-deploy-key"]["provider"] == "Shop"
        assert rules["github-personal-access-token"]["checksum"] == "github-crc32"


class TestShow:
    def test_what_it_looks_for_and_what_to_do(self, vallum):
        said = vallum("rules", "show", "github-personal-access-token").out
        assert said.startswith("GitHub personal access token\n")
        assert "packaged" in said
        assert "{github:36}" in said  # never a filled sample: it would look like a live secret

    def test_one_of_ours(self, vallum, own):
        said = vallum("rules", "show", "shop-deploy-key", "--rules", own).out
        assert "your own rules" in said
        assert "Ask the platform team" in said

    def test_one_that_is_none(self, vallum):
        ran = vallum("rules", "show", "github-nothing")
        assert ran.code == Exit.USAGE
        assert "github-personal-access-token" in ran.err


class TestTest:
    def test_own_rules_hold(self, vallum, own):
        ran = vallum("rules", "test", "--rules", own)
        assert (ran.code, ran.out) == (Exit.CLEAN, "1 rules, 2 samples: all hold.\n")

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            pytest.param(
                '["KEY=shopkey-{lower-alnum:24}"]', '["KEY=shopkey-"]', "should be found, and is not", id="missed"
            ),
            pytest.param(
                '["shopkey-short"]', '["shopkey-{lower-alnum:24}"]', "should be clean, and is found", id="too much"
            ),
            pytest.param(
                '"KEY=shopkey-{lower-alnum:24}"',
                '"T=ghp_{github:36}"',
                "is found by github-personal-access-token instead",
                id="another's",
            ),
            pytest.param(
                '"KEY=shopkey-{lower-alnum:24}"',
                '"shopkey-{lower-alnum:24} shopkey-{lower-alnum:24}"',
                "is found 2 times",
                id="twice",
            ),
        ],
    )
    def test_what_fails_is_said(self, vallum, own, old, new, says):
        own.write_text(RULES.replace(old, new))
        ran = vallum("rules", "test", "--rules", own)
        assert ran.code == Exit.FINDINGS
        assert says in ran.out
        assert "1 rules fail" in ran.out

    def test_every_packaged_rule_holds_those_about_files_too(self, vallum):
        ran = vallum("rules", "test")
        assert ran.code == Exit.CLEAN
        assert ran.out.endswith("samples: all hold.\n")

    def test_one_packaged_rule(self, vallum):
        ran = vallum("rules", "test", "github-personal-access-token")
        assert ran.code == Exit.CLEAN
        assert ran.out.startswith("1 rules, ")


class TestScan:
    def test_own_rules_find(self, vallum, tree, own, token):
        (tree / "a.env").write_text(f"KEY={KEY}\nT={token}\n")
        assert found(vallum("scan", tree, "--format", "json")) == ["github-personal-access-token"]
        ran = vallum("scan", tree, "--format", "json", "--rules", own)
        assert found(ran) == ["github-personal-access-token", "shop-deploy-key"]
        names = json.loads(ran.out)["coverage"]["rulesets"]
        assert "shop-deploy-key" in next(each for each in names if each["name"] == "secrets")["rules"]

    def test_the_packaged_rules_are_not_compiled_again(self, vallum, tree, own, home):
        (tree / "a.env").write_text(f"KEY={KEY}\n")
        before = {path.name for path in (home / "cache" / "triggers").iterdir()}
        assert found(vallum("scan", tree, "--format", "json", "--rules", own)) == ["shop-deploy-key"]
        after = {path.name: path.stat().st_size for path in (home / "cache" / "triggers").iterdir()}
        assert before < after.keys()
        [added] = after.keys() - before
        assert after[added] * 10 < max(after.values())

    def test_decoded_too(self, vallum, tree, own):
        (tree / "a.yaml").write_text(f"data: {b64encode(f'KEY={KEY}'.encode()).decode()}\n")
        assert found(vallum("scan", tree, "--format", "json", "--rules", own)) == ["shop-deploy-key"]

    def test_a_folder_of_rules(self, vallum, tree, own):
        (tree / "a.env").write_text(f"KEY={KEY}\n")
        assert found(vallum("scan", tree, "--format", "json", "--rules", own.parent)) == ["shop-deploy-key"]

    def test_those_of_the_repository_only_on_request(self, vallum, tree):
        (tree / ".vallum" / "rules").mkdir(parents=True)
        (tree / ".vallum" / "rules" / "shop.toml").write_text(RULES)
        (tree / "a.env").write_text(f"KEY={KEY}\n")
        assert found(vallum("scan", tree, "--format", "json")) == []
        assert found(vallum("scan", tree, "--format", "json", "--repository-rules")) == ["shop-deploy-key"]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            pytest.param("nonsense", "not TOML", id="no TOML"),
            pytest.param('provider = "x"', "no [[rule]] in it", id="no rule"),
            pytest.param(
                RULES.replace("shop-deploy-key", "github-personal-access-token"), "rename yours", id="a packaged id"
            ),
            pytest.param(RULES.replace("shopkey-[a-z0-9]{24}", "("), "is not an expression", id="no expression"),
            pytest.param(RULES.replace("shopkey-[a-z0-9]{24}", "[a-z]*"), "it would match everywhere", id="everywhere"),
            pytest.param(RULES.replace("severity", "severe"), "severe is unknown", id="a key that is none"),
            pytest.param(b"\xff".decode("latin-1") * (2 << 20), "larger than a megabyte", id="too large"),
        ],
    )
    def test_rules_that_are_none(self, vallum, tree, own, text, says):
        own.write_text(text)
        ran = vallum("scan", tree, "--rules", own)
        assert ran.code in (Exit.USAGE, Exit.INCOMPLETE)
        assert says in ran.err
        assert "shop.toml" in ran.err or "rename yours" in ran.err

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param(["--rules", "absent.toml"], id="no such file"),
            pytest.param(["--rules", "."], id="a folder without rules"),
            pytest.param(["--repository-rules"], id="a repository without rules"),
        ],
    )
    def test_rules_that_are_not_there(self, vallum, tree, options, monkeypatch):
        monkeypatch.chdir(tree)
        ran = vallum("scan", tree, *options)
        assert ran.code == Exit.USAGE
        assert "rules" in ran.err

    def test_rules_of_the_repository_behind_a_link_are_not_read(self, vallum, tree, own):
        (tree / ".vallum").mkdir()
        (tree / ".vallum" / "rules").symlink_to(own.parent)
        ran = vallum("scan", tree, "--repository-rules")
        assert ran.code == Exit.USAGE
        assert "is no folder of rules" in ran.err
