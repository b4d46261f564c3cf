"""`vallum:ignore`: which rules, and why."""

import time

import pytest
from vexes import LEFT

from vallum_engine.marks import IGNORE_MARK, hidden, marks, reason
from vallum_engine.secrets.samples import fill


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("x # vallum:ignore", {"*": ""}, id="whatever"),
        pytest.param("x # vallum:ignore a key of the manual", {"*": "a key of the manual"}, id="a reason"),
        pytest.param("x # vallum:ignore: it is public", {"*": "it is public"}, id="a reason behind a colon"),
        pytest.param(
            "x # vallum:ignore some-rule it is public", {"some-rule": "it is public"}, id="a rule and a reason"
        ),
        pytest.param("x # vallum:ignore some-rule", {"some-rule": ""}, id="a rule"),
        pytest.param("x # vallum:ignore some-rule: public", {"some-rule": "public"}, id="a rule with a colon"),
        pytest.param("x # vallum:ignore CVE-2021-1 no way in", {"CVE-2021-1": "no way in"}, id="an advisory"),
        pytest.param(
            "x # vallum:ignore[a, b-c] both of them", {"a": "both of them", "b-c": "both of them"}, id="several"
        ),
        pytest.param("/* vallum:ignore some-rule why */ x", {"some-rule": "why */ x"}, id="code behind the comment"),
        pytest.param("x /* vallum:ignore some-rule why */", {"some-rule": "why"}, id="the end of a comment"),
        pytest.param("x <!-- vallum:ignore public -->", {"*": "public"}, id="the end of markup"),
        pytest.param("x # vallum:ignore[a] one vallum:ignore b-c two", {"a": "one", "b-c": "two"}, id="two marks"),
        pytest.param("x # vallum:ignoresome-rule", {"*": "some-rule"}, id="no space"),
    ],
)
def test_what_a_mark_says(line, said):
    assert {name.decode(): reason(why) for name, why in marks(line.encode())[1].items()} == said


@pytest.mark.parametrize(
    ("name", "hides"),
    [
        pytest.param("CVE-2024-0001", True, id="its rule"),
        pytest.param("GHSA-aaaa-bbbb-cccc", True, id="another id of it"),
        pytest.param("USN-1-1", True, id="a bulletin that it is in"),
        pytest.param("CVE-2024-0002", False, id="another vulnerability of that bulletin"),
    ],
)
def test_a_mark_names_one_vulnerability_or_a_bulletin(name, hides):
    assert (hidden(LEFT, {name.encode(): b"why"}) == "why") is hides


def test_a_megabyte_of_marks_is_read_in_linear_time():
    started = time.process_time()
    marks(IGNORE_MARK * 80_000 + b"\n" + (IGNORE_MARK + b" a-b c\n") * 50_000)
    assert time.process_time() - started < 2


TOKEN = fill("{base62:36}1a")


@pytest.mark.parametrize(
    ("why", "beside", "kept"),
    [
        pytest.param(f'of old: KEY = "{TOKEN}"', True, "of …", id="a value behind a name"),
        pytest.param("it is public */ password = 'horse'", True, "it is public …", id="a password behind the comment"),
        pytest.param(f"the old one was {TOKEN}", True, "the old one was …", id="a token in the sentence"),
        pytest.param(f"the old one was {TOKEN}", False, "the old one was …", id="a token beside a vulnerability"),
        pytest.param("a key of the manual, page 12", True, "a key of the manual, page 12", id="words and numbers"),
        pytest.param(
            "see https://tracker.example/SEC-12", False, "see https://tracker.example/SEC-12", id="an address"
        ),
        pytest.param("no way in: SEC-1234", False, "no way in: SEC-1234", id="a ticket"),
    ],
)
def test_a_reason_ends_where_a_secret_may_begin(why, beside, kept):
    assert reason(why.encode(), beside_secret=beside) == kept
