"""CVSS: scores that FIRST publishes with its examples, and the edges of the ratings."""

import pytest

from vallum_engine.model import cvss4
from vallum_engine.model.cvss import base_score, rating
from vallum_engine.model.finding import Severity


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        pytest.param("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, id="remote code execution"),
        pytest.param("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, id="Log4Shell: the top"),
        pytest.param("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, id="reflected cross-site scripting"),
        pytest.param("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, id="stored, with an account"),
        pytest.param("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5, id="Heartbleed"),
        pytest.param("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2, id="local, privileged"),
        pytest.param("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6, id="hands on the machine"),
        pytest.param("CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N/E:P/RL:O/RC:C", 3.1, id="temporal metrics aside"),
        pytest.param(
            "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:C/C:L/I:L/A:N", 5.5, id="privileges weigh less when scope changes"
        ),
        pytest.param("CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, id="no impact"),
        pytest.param("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None, id="version 4"),
        pytest.param("AV:N/AC:L/Au:N/C:P/I:P/A:P", None, id="version 2"),
        pytest.param("CVSS:3.1/AV:N/AC:L", None, id="half a vector"),
        pytest.param("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None, id="an unknown value"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_base_score(vector, score):
    assert base_score(vector) == score


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (0.0, Severity.INFO),
        (0.1, Severity.LOW),
        (3.9, Severity.LOW),
        (4.0, Severity.MEDIUM),
        (6.9, Severity.MEDIUM),
        (7.0, Severity.HIGH),
        (8.9, Severity.HIGH),
        (9.0, Severity.CRITICAL),
        (10.0, Severity.CRITICAL),
    ],
)
def test_rating(score, severity):
    assert rating(score) is severity


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        pytest.param("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0, id="the top"),
        pytest.param("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, id="remote code execution"),
        pytest.param("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", 8.7, id="denial of service"),
        pytest.param("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7, id="Heartbleed"),
        pytest.param(
            "AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1, id="reflected cross-site scripting"
        ),
        pytest.param("AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3, id="local, when it fits"),
        pytest.param("AV:P/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N", 5.1, id="hands on the machine"),
        pytest.param("AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 1.0, id="hardly anything"),
        pytest.param("AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0, id="no impact"),
        pytest.param("AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N", None, id="a metric is missing"),
        pytest.param("AV:X/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None, id="an unknown value"),
    ],
)
def test_base_score_of_version_4(vector, score):
    assert cvss4.base_score(f"CVSS:4.0/{vector}") == score


def test_version_4_reads_no_other_version():
    assert cvss4.base_score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H") is None
