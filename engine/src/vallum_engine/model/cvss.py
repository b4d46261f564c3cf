"""CVSS 3.0 and 3.1 base scores, by the formulas of FIRST's specification, and the qualitative rating of a score."""

from collections.abc import Mapping
from math import ceil

from vallum_engine.model.finding import Severity

_ATTACK_VECTOR = {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}
_COMPLEXITY = {"L": 0.77, "H": 0.44}
_PRIVILEGES = {"N": 0.85, "L": 0.62, "H": 0.27}
_PRIVILEGES_CHANGED = {"N": 0.85, "L": 0.68, "H": 0.5}
_INTERACTION = {"N": 0.85, "R": 0.62}
_IMPACT = {"H": 0.56, "L": 0.22, "N": 0.0}


def metrics(vector: str) -> Mapping[str, str]:
    """The metrics of a vector by name; what is no `name:value` is left out."""
    pairs = (part.partition(":") for part in vector.split("/"))
    return {name: value for name, mark, value in pairs if mark}


def base_score(vector: str) -> float | None:
    """The base score of a v3.x vector; None for other versions and for a vector that lacks a base metric."""
    if not vector.startswith(("CVSS:3.0/", "CVSS:3.1/")):
        return None
    found = metrics(vector)
    try:
        changed = {"U": False, "C": True}[found["S"]]
        exploitability = (
            8.22
            * _ATTACK_VECTOR[found["AV"]]
            * _COMPLEXITY[found["AC"]]
            * (_PRIVILEGES_CHANGED if changed else _PRIVILEGES)[found["PR"]]
            * _INTERACTION[found["UI"]]
        )
        iss = 1 - (1 - _IMPACT[found["C"]]) * (1 - _IMPACT[found["I"]]) * (1 - _IMPACT[found["A"]])
    except KeyError:
        return None
    impact = 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 if changed else 6.42 * iss
    if impact <= 0:
        return 0.0
    total = (1.08 if changed else 1.0) * (impact + exploitability)
    return _round_up(min(total, 10.0))


def rating(score: float) -> Severity:
    if score >= 9.0:
        return Severity.CRITICAL
    if score >= 7.0:
        return Severity.HIGH
    if score >= 4.0:
        return Severity.MEDIUM
    return Severity.LOW if score > 0 else Severity.INFO


def _round_up(value: float) -> float:
    """To one decimal, upwards, as the specification's appendix does it: on integers, so that 4.02 is not 4.000000001."""
    scaled = round(value * 100_000)
    return scaled / 100_000 if scaled % 10_000 == 0 else ceil(scaled / 10_000) / 10
