"""Where the reasons of an answer lead: the findings that they count, or the scan that they doubt. Pure."""

from collections.abc import Mapping
from uuid import UUID

from django.urls import reverse

from vallum_engine.gate.decide import Doubt, Limit
from vallum_engine.gate.policy import Policy
from vallum_engine.model.finding import Kind, Severity
from vallum_web.findings.filters import Filters


def reason(org: str, code: str, *, asset: UUID, scan: UUID | None, policy: Policy) -> str:
    """An address of the site, without its host."""
    if code in set(Doubt):
        if scan is None:
            return reverse("overview:asset", args=[org, asset])
        return reverse("scans:scan", args=[org, scan])
    worse = policy.max_severity
    severities = tuple(s.value for s in Severity if worse and s.rank > worse.rank) if code == Limit.SEVERITY else ()
    kinds: tuple[str, ...] = tuple(sorted(kind.value for kind in policy.kinds))
    if code == Limit.SECRET:
        kinds = (Kind.SECRET.value,)
    confidences = tuple(_SURE[policy.min_confidence.value])
    exploited = code == Limit.EXPLOITED
    filters = Filters(asset=asset, severities=severities, kinds=kinds, confidences=confidences, exploited=exploited)
    return reverse("findings:worklist", args=[org]) + filters.query()


# None chosen is every one.
_SURE: Mapping[str, tuple[str, ...]] = {"low": (), "medium": ("high", "medium"), "high": ("high",)}


def finding(org: str, key: UUID) -> str:
    return reverse("findings:finding", args=[org, key])
