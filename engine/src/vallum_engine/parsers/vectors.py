"""CVSS 3 metrics that a report spells out, as the vector they stand for."""

from collections.abc import Mapping
from typing import Any

_METRICS = {
    "AV": "attackvector",
    "AC": "attackcomplexity",
    "PR": "privilegesrequired",
    "UI": "userinteraction",
    "S": "scope",
    "C": "confidentialityimpact",
    "I": "integrityimpact",
    "A": "availabilityimpact",
}


def spelled(told: Any, version: str = "3.1") -> str:
    """Of `{"attackVector": "NETWORK", …}` or `ATTACK_VECTOR_NETWORK`; empty when a base metric is missing."""
    if not isinstance(told, Mapping):
        return ""
    words = {str(name).lower(): str(value or "").upper() for name, value in told.items()}
    letters = {short: _letter(words.get(name, "")) for short, name in _METRICS.items()}
    if not all(letters.values()):
        return ""
    return f"CVSS:{version}/" + "/".join(f"{short}:{letter}" for short, letter in letters.items())


def _letter(word: str) -> str:
    # NVD's schema says ADJACENT_NETWORK; Google's words carry the metric's name in front.
    return "A" if "ADJACENT" in word else word.rpartition("_")[2][:1]
