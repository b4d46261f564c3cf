"""What a provider is told when it may not be so; the library has the rest of the answers of RFC 7644."""

from scim2_models import ConflictException, ForbiddenException, SCIMException

from vallum_web.tenancy.limits.rate import Verdict


class Full(ForbiddenException):
    """No room: every seat is taken, or the organization has as many rows as it may."""


class TooManyInvited(SCIMException):
    """More strangers than a provider may have mail sent to in a day."""

    status = 429

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(
            detail=f"{verdict.limit} lets {verdict.rate.count:,} invitations through in a day, and this was more: prove the "
            "address's domain as your organization's own, and its people need none; else the provider tries again later."
        )
        self.verdict = verdict


class LastOwner(ConflictException):
    """The organization would be nobody's."""


class Suspended(ForbiddenException):
    """Whoever is suspended does no work here: their provider takes people out, and brings nobody in."""


class OutOfReach(ForbiddenException):
    """The token's maker may not do this to a member of that role."""
