"""What is a policy, what is none, and what one says in words."""

import pytest

from vallum_engine.gate.policy import BadPolicy, parse, plain
from vallum_engine.gate.words import sentences


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"max_severity": "high", "new_since": {"since": "previous"}}, id="no new critical"),
        pytest.param({"no_secret": True}, id="no secret"),
        pytest.param({"no_exploited": True, "when_unsure": "fail", "max_age_days": None}, id="no exploited"),
        pytest.param({"max_count": 0, "kinds": ["malware", "secret"], "min_confidence": "medium"}, id="kinds"),
        pytest.param({"max_count": 9, "min_risk": 70, "fixable_only": True, "min_days": 30}, id="old and risky"),
        pytest.param({"max_count": 0, "new_since": {"since": "date", "value": "2026-01-31"}}, id="since a day"),
    ],
)
def test_a_policy_comes_back_as_it_was(data):
    policy = parse({"version": 1, **data})
    assert parse(plain(policy)) == policy
    assert plain(policy).items() >= {**data, "version": 1, **_whole(data)}.items()


def _whole(data):
    since = data.get("new_since")
    return {"new_since": {"value": "", **since}} if since else {}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param([], "is a JSON object", id="a list"),
        pytest.param({}, "version: None", id="no version"),
        pytest.param({"version": True, "no_secret": True}, "version: True", id="a version that is no number"),
        pytest.param({"version": 2}, "version: 2 is not 1", id="a later version"),
        pytest.param({"version": 1, "no_secrets": True}, "no_secrets: no condition has this name", id="misspelt"),
        pytest.param({"version": 1}, "forbids nothing", id="nothing forbidden"),
        pytest.param({"version": 1, "max_severity": "critical"}, "forbids nothing", id="the worst allowed"),
        pytest.param({"version": 1, "max_severity": "awful"}, "is none of critical", id="no severity"),
        pytest.param({"version": 1, "max_severity": []}, "is none of critical", id="a severity that is no text"),
        pytest.param({"version": 1, "no_secret": 1}, "neither true nor false", id="a number for a flag"),
        pytest.param({"version": 1, "max_count": -1}, "no whole number", id="fewer than none"),
        pytest.param({"version": 1, "max_count": True}, "no whole number", id="a flag for a number"),
        pytest.param({"version": 1, "max_count": 1.5}, "no whole number", id="half a finding"),
        pytest.param({"version": 1, "max_count": 0, "min_risk": 101}, "from 0 to 100", id="too much risk"),
        pytest.param({"version": 1, "max_count": 0, "kinds": "secret"}, "no list of kinds", id="a text for a list"),
        pytest.param({"version": 1, "max_count": 0, "kinds": ["bug"]}, "is none of secret", id="no kind"),
        pytest.param({"version": 1, "max_count": 0, "new_since": "previous"}, "not of the shape", id="no baseline"),
        pytest.param({"version": 1, "max_count": 0, "new_since": {"since": "x"}}, "is none of previous", id="no point"),
        pytest.param(
            {"version": 1, "max_count": 0, "new_since": {"since": "scan", "value": "7"}}, "a scan's id", id="no scan"
        ),
        pytest.param(
            {"version": 1, "max_count": 0, "new_since": {"since": "date", "value": "31.1.2026"}},
            "a day such",
            id="no day",
        ),
        pytest.param(
            {"version": 1, "max_count": 0, "new_since": {"since": "previous", "value": "x"}},
            "needs none",
            id="too much",
        ),
    ],
)
def test_what_is_no_policy_is_refused_with_its_part(data, says):
    with pytest.raises(BadPolicy, match=says):
        parse(data)


def test_a_policy_speaks_in_sentences():
    policy = parse(
        {
            "version": 1,
            "max_severity": "high",
            "no_secret": True,
            "max_count": 3,
            "kinds": ["secret", "vulnerability"],
            "min_confidence": "medium",
            "min_risk": 40,
            "fixable_only": True,
            "new_since": {"since": "date", "value": "2026-01-31"},
            "min_days": 1,
            "when_unsure": "fail",
        }
    )
    assert sentences(policy) == (
        "Fails on anything worse than high, a secret or more than 3 findings.",
        (
            "Counts secrets and vulnerabilities of at least medium confidence, of risk 40 or more, that can be fixed, "
            "that were not there on 2026-01-31, open for 1 day or more. Suppressed ones do not count."
        ),
        "Fails too where the scan failed, has gaps, or is more than 7 days old.",
    )
