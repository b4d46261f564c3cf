"""The limits that hold for an organization: its values, how far they are used, and how often they refused lately."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vallum_web.accounts import queries
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.tenancy.limits import gate, refusals
from vallum_web.tenancy.limits.catalogue import Limit, Per, all_limits
from vallum_web.tenancy.limits.rate import Rate

HEIGHT = 16
BAR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One limit on the page. `used` is of `rate.burst`, the worst of what is counted apart."""

    limit: Limit
    rate: Rate
    own: bool
    used: int
    refused: int
    bars: Sequence[tuple[int, int, int]]
    """x, y and height of each hour's bar."""


@require_safe
@may("limits.read")
def index(request: MemberRequest) -> HttpResponse:
    limits = [limit for limit in all_limits().values() if limit.of_org]
    rates, lately = gate.rates(limits, request.org.pk), refusals.lately(request.org.pk)
    tokens = [str(key) for key in queries.tokens(request.org).filter(revoked_at=None).values_list("pk", flat=True)]
    lines = [
        _line(limit, rates[limit.name], lately.get(limit.name, []), tokens if limit.per is Per.TOKEN else [str(request.org.pk)])
        for limit in limits
    ]  # fmt: skip
    return render(request, "accounts/limits.html", {"lines": lines, "hours": refusals.SHOWN_HOURS, "height": HEIGHT})


def _line(limit: Limit, rate: Rate, hours: Sequence[int], keys: Sequence[str]) -> Line:
    left = min((verdict.remaining for verdict in gate.standing(limit, keys, rate)), default=rate.burst)
    return Line(
        limit=limit,
        rate=rate,
        own=rate != limit.rate,
        used=max(rate.burst - left, 0),
        refused=sum(hours),
        bars=bars(hours),
    )


def bars(hours: Sequence[int]) -> list[tuple[int, int, int]]:
    """A bar an hour, as high as its share of the highest; one refusal among thousands stays visible."""
    most = max(hours, default=0)
    heights = [max(HEIGHT * count // most, 1) if count else 0 for count in hours]
    return [(number * BAR, HEIGHT - height, height) for number, height in enumerate(heights)]
