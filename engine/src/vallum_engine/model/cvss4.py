"""CVSS 4.0 base scores: the method of FIRST's specification, section 8, restricted to the base metrics.

Vectors fall into classes by five questions (the specification's EQ1 to EQ6; the threat question EQ5 is always at its
worst in a base score, and EQ3 and EQ6 are asked together). Each class has a score; a vector that is milder than the
worst of its class moves towards the next lower class by the share of the way it has gone.
"""

from collections.abc import Iterator, Mapping

from vallum_engine.model.cvss import metrics
from vallum_engine.values import immutable

_PREFIX = "CVSS:4.0/"
_LEVELS = {
    "AV": "NALP",
    "PR": "NLH",
    "UI": "NPA",
    "AC": "LH",
    "AT": "NP",
    "VC": "HLN",
    "VI": "HLN",
    "VA": "HLN",
    "SC": "HLN",
    "SI": "HLN",
    "SA": "HLN",
}
"""The values of each metric from worst to mildest: the distance between two is that of their places."""

_IMPACTS = ("VC", "VI", "VA", "SC", "SI", "SA")

_SCORES = {
    (0, 0): ((10, 9.3), (9.6, 9), (9.3, 8.8), (9.2, 8), (7.9, 6.9)),
    (0, 1): ((9.5, 9.2), (9.1, 8.1), (9.2, 8.4), (8.2, 7), (7.1, 6.3)),
    (1, 0): ((9.4, 8.7), (8.9, 7.5), (8.6, 7.2), (7.6, 5.7), (6.5, 5.3)),
    (1, 1): ((9, 7.7), (7.7, 6.6), (7.4, 6.1), (5.9, 5.2), (5.8, 2.3)),
    (2, 0): ((8.6, 7), (7.4, 5.4), (7.2, 5.3), (5.7, 3.6), (4.7, 2.4)),
    (2, 1): ((7.3, 5.4), (5.5, 4.3), (6.1, 4.6), (5.1, 1.8), (2.4, 1)),
}
"""By EQ1 and EQ2; in a row by EQ3 and EQ6 (00, 01, 10, 11, 21); in a pair by EQ4 (1, 2)."""

_COLUMN = {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 3, (2, 1): 4}
_LOWER_COLUMNS = {(0, 0): (1, 2), (1, 0): (3,), (2, 1): ()}
"""The columns of the next lower classes; of two, the one with the higher score counts."""


@immutable(kw_only=False)
class _Question:
    """The metrics a question is about, the worst vectors of each answer, and how many steps each answer spans."""

    names: tuple[str, ...]
    worst: tuple[tuple[str, ...], ...]
    depth: tuple[int, ...]

    def distance(self, found: Mapping[str, str], answer: int) -> int:
        """Steps from the first worst vector that is nowhere milder than this one."""
        for worst in self.worst[answer]:
            steps = [_LEVELS[n].index(found[n]) - _LEVELS[n].index(w) for n, w in zip(self.names, worst, strict=True)]
            if min(steps) >= 0:
                return sum(steps)
        return 0


_EQ1 = _Question(("AV", "PR", "UI"), (("NNN",), ("ANN", "NLN", "NNP"), ("PNN", "ALP")), (1, 4, 5))
_EQ2 = _Question(("AC", "AT"), (("LN",), ("HN", "LP")), (1, 2))
_EQ3 = _Question(("VC", "VI", "VA"), (("HHH",), ("LHH", "HLH"), ("LLL",)), (7, 8, 10))
_EQ4 = _Question(("SC", "SI", "SA"), ((), ("HHH",), ("LLL",)), (6, 5, 4))


def base_score(vector: str) -> float | None:
    """The base score of a v4.0 vector; None for other versions and for a vector that lacks a base metric."""
    if not vector.startswith(_PREFIX):
        return None
    found = metrics(vector)
    if any(found.get(name, "?") not in values for name, values in _LEVELS.items()):
        return None
    if all(found[name] == "N" for name in _IMPACTS):
        return 0.0
    one, two, three, four = _answers(found)
    six = 1 if three == 2 else 0
    score = _SCORES[one, two][_COLUMN[three, six]][four - 1]
    falls = [0.0]  # EQ5: at its worst, with a lower class below it
    for lower, question, answer in _lower(one, two, (three, six), four):
        falls.append((score - lower) * question.distance(found, answer) / question.depth[answer])
    return max(0.0, min(10.0, _rounded(score - sum(falls) / len(falls))))


def _answers(found: Mapping[str, str]) -> tuple[int, int, int, int]:
    reach = [found["AV"], found["PR"], found["UI"]]
    one = 0 if reach == ["N"] * 3 else 1 if "N" in reach and found["AV"] != "P" else 2
    two = 0 if (found["AC"], found["AT"]) == ("L", "N") else 1
    own = [found["VC"], found["VI"], found["VA"]]
    three = 0 if own[:2] == ["H", "H"] else 1 if "H" in own else 2
    four = 1 if "H" in (found["SC"], found["SI"], found["SA"]) else 2
    return one, two, three, four


def _lower(one: int, two: int, three_six: tuple[int, int], four: int) -> Iterator[tuple[float, _Question, int]]:
    """The scores of the next lower classes, one question at a time, where there are such classes."""
    column = _COLUMN[three_six]
    if one < 2:
        yield _SCORES[one + 1, two][column][four - 1], _EQ1, one
    if two < 1:
        yield _SCORES[one, two + 1][column][four - 1], _EQ2, two
    if lower := _LOWER_COLUMNS[three_six]:
        yield max(_SCORES[one, two][c][four - 1] for c in lower), _EQ3, three_six[0]
    if four < 2:
        yield _SCORES[one, two][column][four], _EQ4, four


def _rounded(value: float) -> float:
    """To one decimal, halves upwards; the small addend undoes what binary fractions lose."""
    return int(value * 10 + 0.5 + 1e-6) / 10
