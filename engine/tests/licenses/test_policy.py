"""Rules on licences: read from a file, held against expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.errors import BrokenData
from vallum_engine.licenses.expression import either, every, parse
from vallum_engine.licenses.policy import Verdict, packaged, read
from vallum_engine.model.finding import Severity

RULES = b"""
default = "review"

[[rule]]
id = "ours"
verdict = "allow"
licences = ["LGPL-2.1", "GPL-2.0-or-later WITH Classpath-exception-2.0", "LicenseRef-Ours*"]

[[rule]]
id = "open"
verdict = "allow"
categories = ["permissive"]

[[rule]]
id = "shut"
verdict = "deny"
severity = "critical"
categories = ["strong copyleft", "network copyleft", "proprietary"]
why = "Ask Legal."

[[exception]]
package = "npm:left-*"
reason = "bought"
until = "2027-01-31"

[[exception]]
package = "PyPI:right"
versions = ["1.0"]
licences = ["GPL-3.0-only"]
reason = "as a program of its own"
"""
POLICY = read(RULES, "rules.toml")

JUDGED = [
    ("MIT", Verdict.ALLOW, "open"),
    ("LGPL-2.1-only", Verdict.ALLOW, "ours"),
    ("LGPL-2.1-or-later", Verdict.REVIEW, "default"),
    ("LicenseRef-Ours-2", Verdict.ALLOW, "ours"),
    ("MPL-2.0", Verdict.REVIEW, "default"),
    ("GPL-3.0-only", Verdict.DENY, "shut"),
    ("GPL-2.0-or-later WITH Classpath-exception-2.0", Verdict.ALLOW, "ours"),
    ("MIT OR GPL-3.0-only", Verdict.ALLOW, "open"),
    ("MIT AND GPL-3.0-only", Verdict.DENY, "shut"),
    ("MPL-2.0 OR GPL-3.0-only", Verdict.REVIEW, "default"),
    ("(AGPL-3.0-only OR MIT) AND MPL-2.0", Verdict.REVIEW, "default"),
    ("NOASSERTION", Verdict.REVIEW, "default"),
]


@pytest.mark.parametrize(("text", "verdict", "rule"), JUDGED, ids=[row[0] for row in JUDGED])
def test_rules_judge_expressions(text, verdict, rule):
    outcome = POLICY.judge(parse(text))
    assert (outcome.verdict, outcome.rule.id) == (verdict, rule)


SOME = st.lists(st.sampled_from([parse(row[0]) for row in JUDGED]), min_size=1, max_size=4)


@given(SOME, SOME)
def test_more_to_hold_is_never_better_and_more_to_choose_never_worse(some, others):
    alone = POLICY.judge(every(some)).verdict.rank
    assert POLICY.judge(every([*some, *others])).verdict.rank >= alone
    assert POLICY.judge(either([every(some), *others])).verdict.rank <= alone


def test_a_rule_has_its_severity_and_reason():
    rule = POLICY.judge(parse("AGPL-3.0-only")).rule
    assert (rule.severity, rule.why) == (Severity.CRITICAL, "Ask Legal.")


def test_an_exception_holds_until_its_last_day():
    holding, ended = POLICY.exempts(("npm", "left-pad", "1.0"), "GPL-3.0-only", "2027-01-31")
    assert (holding.reason, ended) == ("bought", None)
    holding, ended = POLICY.exempts(("npm", "left-pad", "1.0"), "GPL-3.0-only", "2027-02-01")
    assert (holding, ended.until) == (None, "2027-01-31")


def test_an_exception_may_be_for_a_version_and_a_licence_alone():
    assert POLICY.exempts(("PyPI", "right", "1.0"), "GPL-3.0-only", "2026-01-01")[0]
    assert POLICY.exempts(("PyPI", "right", "1.1"), "GPL-3.0-only", "2026-01-01") == (None, None)
    assert POLICY.exempts(("PyPI", "right", "1.0"), "AGPL-3.0-only", "2026-01-01") == (None, None)
    assert POLICY.exempts(("npm", "right", "1.0"), "GPL-3.0-only", "2026-01-01") == (None, None)


def test_the_packaged_policy_is_for_code_that_is_not_open_itself():
    judge = packaged().judge
    verdicts = {
        text: judge(parse(text)).verdict
        for text in ("MIT", "LGPL-3.0-only", "GPL-3.0-only", "AGPL-3.0-only", "BUSL-1.1", "NOASSERTION")
    }
    assert verdicts == {
        "MIT": "allow",
        "LGPL-3.0-only": "allow",
        "GPL-3.0-only": "review",
        "AGPL-3.0-only": "deny",
        "BUSL-1.1": "deny",
        "NOASSERTION": "review",
    }


WRONG = [
    ("no TOML", b"rule = [", "no TOML"),
    ("no UTF-8", b"\xff", "no TOML"),
    ("an unknown key", b'defult = "deny"', "'defult' is no key"),
    ("an unknown key of a rule", b'[[rule]]\nid = "a"\nverdict = "deny"\nids = ["MIT"]', "'ids' is no key"),
    ("an unknown verdict", b'default = "maybe"', "'maybe' is no verdict"),
    ("an unknown category", b'[[rule]]\nid = "a"\nverdict = "deny"\ncategories = ["viral"]', "'viral' is no category"),
    ("an unknown licence", b'[[rule]]\nid = "a"\nverdict = "deny"\nlicences = ["GPLX"]', "'GPLX' is no licence"),
    ("a rule for nothing", b'[[rule]]\nid = "a"\nverdict = "deny"', "neither `licences` nor `categories`"),
    ("a rule without a name", b'[[rule]]\nverdict = "deny"\nlicences = ["MIT"]', "`id` is to be a name"),
    ("a severity", b'[[rule]]\nid = "a"\nverdict = "deny"\nlicences = ["MIT"]\nseverity = 7', "7 is no severity"),
    (
        "two of a name",
        b'[[rule]]\nid = "a"\nverdict = "deny"\nlicences = ["MIT"]\n[[rule]]\nid = "a"\nverdict = "deny"\nlicences = ["MIT"]',
        "two rules 'a'",
    ),
    ("an exception without a reason", b'[[exception]]\npackage = "npm:a"', "`reason` are needed"),
    ("a day", b'[[exception]]\npackage = "npm:a"\nreason = "b"\nuntil = "soon"', "`until` is to be a day"),
    ("no tables", b"rule = 3", "tables"),
    ("no list", b'[[rule]]\nid = "a"\nverdict = "deny"\nlicences = "MIT"', "a list of strings"),
    ("no flag", b'development = "yes"', "true or false"),
    ("no such choice", b'untold = "deny"', "one of incomplete, allow"),
]


@pytest.mark.parametrize(("data", "says"), [pytest.param(*row[1:], id=row[0]) for row in WRONG])
def test_what_is_wrong_in_a_policy_is_told(data, says):
    with pytest.raises(BrokenData) as caught:
        read(data, "rules.toml")
    assert str(caught.value).startswith("rules.toml")
    assert says in str(caught.value)


def test_a_bare_day_is_a_day():
    assert (
        read(b'[[exception]]\npackage = "npm:a"\nreason = "b"\nuntil = 2027-01-31', "r").exceptions[0].until
        == "2027-01-31"
    )
