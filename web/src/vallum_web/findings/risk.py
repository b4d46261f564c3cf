"""How much a finding matters: one number from 0 to 100, made of facts that can be said in a sentence.

Each fact multiplies the odds that the finding hurts, and the number is the odds as a percentage: three to one is 75. So no
fact outweighs all others, nothing piles up at 100, and the order of the facts does not count. What is not known multiplies
by one. docs/risk.md has the numbers with worked examples.

`vallum_risk` in the database is the same formula; a test keeps the two equal. Whole numbers throughout, so that they can be.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from vallum_engine.model.cvss import rating
from vallum_engine.model.finding import Confidence, Severity
from vallum_engine.model.text import percent
from vallum_engine.model.verification import Liveness
from vallum_web.assets.worth import Exposure, Importance


class Reachability(IntEnum):
    """Whether the asset's own code gets to the vulnerable part of a package."""

    NOT_REACHABLE = 0
    UNKNOWN = 1
    REACHABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All that risk is made of. Larger, and surer, never lowers it. ValueError for what is no score or no probability."""

    severity: Severity
    """Counts where there is no `cvss`."""
    confidence: Confidence
    cvss: float | None = None
    """The base score of the vector, 0 to 10 (`vectors.base_score`)."""
    epss: float | None = None
    """The probability of an exploitation within 30 days, 0 to 1; None where nobody has estimated it."""
    kev_since: date | None = None
    """When it came into CISA's catalogue of what is exploited; None: it is not there."""
    exposure: Exposure = Exposure.UNKNOWN
    reachability: Reachability = Reachability.UNKNOWN
    importance: Importance = Importance.NORMAL
    liveness: Liveness = Liveness.UNKNOWN
    """Of a secret, whether it still works, as its issuer said."""

    def __post_init__(self) -> None:
        if self.cvss is not None and not 0 <= self.cvss <= 10:
            raise ValueError(f"{self.cvss} is no CVSS score: they go from 0 to 10.")
        if self.epss is not None and not 0 <= self.epss <= 1:
            raise ValueError(f"{self.epss} is no probability: they go from 0 to 1.")

    @property
    def base(self) -> float:
        """How bad it is if it is true, on the scale of CVSS."""
        return SEVERITY[self.severity] if self.cvss is None else self.cvss


Factor = tuple[int, int]
"""What the odds are multiplied with, as a fraction."""

SEVERITY = {
    Severity.CRITICAL: 9.5,
    Severity.HIGH: 8.0,
    Severity.MEDIUM: 5.5,
    Severity.LOW: 2.5,
    Severity.INFO: 0.5,
}
"""The middle of each band of CVSS, roughly."""
_CERTAIN = 110  # tenths: a base score of 10 is odds of 10 to 1, and no score alone makes anything certain
_EXPOSURE: dict[Exposure, Factor] = {
    Exposure.INTERNAL: (1, 2),
    Exposure.UNKNOWN: (1, 1),
    Exposure.INTERNET: (2, 1),
}
_REACHABILITY: dict[Reachability, Factor] = {
    Reachability.NOT_REACHABLE: (1, 8),
    Reachability.UNKNOWN: (1, 1),
    Reachability.REACHABLE: (2, 1),
}
_IMPORTANCE: dict[Importance, Factor] = {
    Importance.LOW: (1, 2),
    Importance.NORMAL: (1, 1),
    Importance.HIGH: (3, 2),
    Importance.CRITICAL: (2, 1),
}
_LIVENESS: dict[Liveness, Factor] = {
    Liveness.REVOKED: (1, 8),
    Liveness.UNKNOWN: (1, 1),
    Liveness.LIVE: (4, 1),
}
_CONFIDENCE: dict[Confidence, Factor] = {
    Confidence.LOW: (1, 3),
    Confidence.MEDIUM: (2, 3),
    Confidence.HIGH: (1, 1),
}


def score(inputs: Inputs) -> int:
    tenths = round(inputs.base * 10)
    for_it, against = tenths, _CERTAIN - tenths
    for times, over in (
        _exploitation(inputs),
        _EXPOSURE[inputs.exposure],
        _REACHABILITY[inputs.reachability],
        _IMPORTANCE[inputs.importance],
        _CONFIDENCE[inputs.confidence],
        _LIVENESS[inputs.liveness],
    ):
        for_it *= times
        against *= over
    return (201 * for_it + against) // (2 * (for_it + against))  # 100 · for / (for + against), rounded half up


def _exploitation(inputs: Inputs) -> Factor:
    """From a half (nobody will) over one (nobody has estimated it, or 9 %) to six (somebody has)."""
    if inputs.kev_since is not None:
        return 6, 1
    if inputs.epss is None:
        return 1, 1
    return 100_000 + 11 * round(inputs.epss * 100_000), 200_000


def sentence(inputs: Inputs) -> str:
    """The score in words, with every fact that made it; what is not known, or changes nothing, is left out."""
    facts = [
        _severity(inputs),
        _lives(inputs.liveness),
        _exploited(inputs),
        _exposed(inputs.exposure),
        _reached(inputs.reachability),
    ]
    said = f"{score(inputs)}: {', '.join(filter(None, facts))}"
    if inputs.importance is not Importance.NORMAL:
        said += f"; asset of {inputs.importance.word} importance"
    if inputs.confidence is not Confidence.HIGH:
        said += f"; the detector's confidence is {inputs.confidence.value}"
    return said


def _severity(inputs: Inputs) -> str:
    if inputs.cvss is None:
        return f"{inputs.severity.value} severity"
    return f"{rating(inputs.cvss).value} (CVSS {inputs.cvss:.1f})"


def _lives(liveness: Liveness) -> str:
    return {
        Liveness.LIVE: "live: its issuer says that it works",
        Liveness.REVOKED: "revoked: its issuer does not take it",
    }.get(liveness, "")


def _exploited(inputs: Inputs) -> str:
    if inputs.kev_since is not None:
        since = inputs.kev_since
        return f"known exploited since {since.day} {since:%B %Y}"
    return "" if inputs.epss is None else f"{percent(inputs.epss)} likely to be exploited within 30 days"


def _exposed(exposure: Exposure) -> str:
    return {Exposure.INTERNET: "reachable from the internet", Exposure.INTERNAL: "reachable from inside only"}.get(
        exposure, ""
    )


def _reached(reachability: Reachability) -> str:
    return {Reachability.REACHABLE: "the code calls it", Reachability.NOT_REACHABLE: "the code does not call it"}.get(
        reachability, ""
    )
