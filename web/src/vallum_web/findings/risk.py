"""How much a finding matters: one number from 0 to 100, made of facts that can be said in a sentence."""

from vallum_engine.model.finding import Confidence, Severity

_BASE = {
    Severity.CRITICAL: 90,
    Severity.HIGH: 70,
    Severity.MEDIUM: 45,
    Severity.LOW: 20,
    Severity.INFO: 5,
}
_SURE = {Confidence.HIGH: 1.0, Confidence.MEDIUM: 0.85, Confidence.LOW: 0.6}


def score(severity: Severity, confidence: Confidence) -> int:
    """Severity, weighed by how sure the detector is. Exploitation and exposure join here when their data do."""
    return round(_BASE[severity] * _SURE[confidence])


def sentence(severity: Severity, confidence: Confidence) -> str:
    """The score in words, with every number that made it."""
    base, sure = _BASE[severity], _SURE[confidence]
    said = f"{severity.value.capitalize()} severity counts {base}"
    if confidence is Confidence.HIGH:
        return f"{said}, in full because the detector is sure."
    return f"{said}, of which {sure:.0%} because the detector's confidence is {confidence.value}."
