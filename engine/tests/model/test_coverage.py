"""Coverage.speaks_for: when silence means that the problem is not there."""

import pytest

from vallum_engine.model.report import Coverage, Exclusion, RuleSet, Verdict

SECRETS = RuleSet(name="secrets", version="1", rules=("a", "b"))
NPM = RuleSet(name="packages/npm", version="1", rules=None)


def excluded(path, ruleset="", *, covered=False, hidden=False):
    return Exclusion(path=path, ruleset=ruleset, verdict=Verdict.SKIPPED, why="w", covered=covered, hidden=hidden)


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        pytest.param({}, True, id="a complete walk"),
        pytest.param({"rulesets": (NPM,)}, False, id="the rule set did not take part"),
        pytest.param({"rulesets": (RuleSet(name="secrets", version="1", rules=("b",)),)}, False, id="the rule did not"),
        pytest.param(
            {"rulesets": (RuleSet(name="secrets", version="1", rules=None),)}, True, id="every rule of the set"
        ),
        pytest.param({"exclusions": (excluded("src/x.py"),)}, False, id="the path was left out"),
        pytest.param({"exclusions": (excluded("src/x.py", covered=True),)}, True, id="left out on purpose"),
        pytest.param({"exclusions": (excluded("src/x.py", covered=True, hidden=True),)}, False, id="hidden by choice"),
        pytest.param({"exclusions": (excluded("src/", covered=True, hidden=True),)}, False, id="its folder hidden"),
        pytest.param({"exclusions": (excluded("src/"),)}, False, id="its folder was left out"),
        pytest.param({"exclusions": (excluded("src"),)}, True, id="a file called like its folder"),
        pytest.param({"exclusions": (excluded("src/x.pyc"),)}, True, id="a longer name"),
        pytest.param({"exclusions": (excluded(""),)}, False, id="the whole tree was left out"),
        pytest.param({"exclusions": (excluded("src/x.py", "secrets"),)}, False, id="left out by this set"),
        pytest.param({"exclusions": (excluded("src/x.py", "packages"),)}, True, id="left out by another set"),
        pytest.param({"exclusions": (excluded("src/x.py", "secret"),)}, True, id="a set whose name begins alike"),
        pytest.param({"complete": False}, False, id="an incomplete walk that did not get there"),
        pytest.param({"complete": False, "paths": ("src/x.py",)}, True, id="an incomplete walk that did"),
    ],
)
def test_silence_counts_only_where_somebody_looked(coverage, expected):
    assert Coverage(**{"rulesets": (SECRETS,), **coverage}).speaks_for("secrets", "a", "src/x.py") is expected


def test_an_exclusion_of_packages_stands_for_each_ecosystem():
    coverage = Coverage(rulesets=(NPM,), exclusions=(excluded("a/package-lock.json", "packages"),))
    assert not coverage.speaks_for("packages/npm", "any", "a/package-lock.json")
    assert coverage.speaks_for("packages/npm", "any", "b/package-lock.json")
