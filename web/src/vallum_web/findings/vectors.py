"""The base score of a CVSS vector, by the calculator of the `cvss` library: reports of other tools bring vectors of any make."""

from functools import lru_cache

from cvss import CVSS3, CVSS4
from cvss.exceptions import CVSSError

LONGEST = 500
_OF_3 = (CVSS3, frozenset({"AV", "AC", "PR", "UI", "S", "C", "I", "A"}))
_OF_4 = (CVSS4, frozenset({"AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"}))
_CALCULATORS = {"CVSS:3.0": _OF_3, "CVSS:3.1": _OF_3, "CVSS:4.0": _OF_4}


@lru_cache(maxsize=4096)
def base_score(vector: str) -> float | None:
    """0 to 10, of version 3.0, 3.1 or 4.0; None for what is no such vector, or lacks a base metric.

    Metrics that are not base ones are left out: in version 4 the library has one score, and would weigh them too.
    """
    version, _, rest = vector.partition("/")
    if version not in _CALCULATORS or len(vector) > LONGEST:
        return None
    calculator, names = _CALCULATORS[version]
    metrics = [metric for metric in rest.split("/") if metric.partition(":")[0] in names]
    try:
        return float(calculator("/".join((version, *metrics))).base_score)
    except CVSSError:
        return None
