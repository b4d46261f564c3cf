"""Base scores of vectors: those of the standards' own examples, the engine's, and nothing for what is none."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum_engine.model import cvss, cvss4
from vallum_web.findings.vectors import base_score

THREE = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "HLN", "I": "HLN", "A": "HLN"}
FOUR = {
    "AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA", "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "HLN",
    "SI": "HLN", "SA": "HLN",
}  # fmt: skip


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:U", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U", 9.3),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", None),
        ("CVSS:3.1/AV:N", None),
        ("CVSS:3.1/AV:N/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("CVSS:4.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("CVSS:3.1/" + "AV:N/" * 200, None),
        ("7.5", None),
        ("", None),
    ],
)
def test_vectors(vector, score):
    assert base_score(vector) == score


@pytest.mark.parametrize(
    ("version", "metrics", "engine"),
    [("3.0", THREE, cvss.base_score), ("3.1", THREE, cvss.base_score), ("4.0", FOUR, cvss4.base_score)],
)
def test_the_engine_scores_the_same(version, metrics, engine):
    """The engine rates by its own calculator: a finding must not be called high by the one and critical by the other."""
    chosen = random.Random(1)
    for _ in range(1500):
        parts = [f"{name}:{chosen.choice(values)}" for name, values in metrics.items()]
        vector = "/".join([f"CVSS:{version}", *parts])
        assert base_score(vector) == engine(vector), vector


@given(
    st.text(max_size=60).map(lambda rest: f"CVSS:3.1/{rest}")
    | st.text(max_size=60).map(lambda rest: f"CVSS:4.0/{rest}")
)
def test_nothing_makes_it_raise(vector):
    assert base_score(vector) is None


@given(st.lists(st.tuples(st.sampled_from([*THREE, *FOUR]), st.sampled_from("NALPHRUC:x/"))))
def test_no_mixture_of_metrics_makes_it_raise(pairs):
    for version in ("3.1", "4.0"):
        found = base_score("/".join([f"CVSS:{version}", *(f"{name}:{value}" for name, value in pairs)]))
        assert found is None or 0 <= found <= 10
