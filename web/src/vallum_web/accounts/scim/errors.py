"""What a provider is told when it may not be so; the library has the rest of the answers of RFC 7644."""

from scim2_models import ConflictException, ForbiddenException


class Full(ForbiddenException):
    """No room: every seat is taken, or the organization has as many rows as it may."""


class LastOwner(ConflictException):
    """The organization would be nobody's."""


class OutOfReach(ForbiddenException):
    """The token's maker may not do this to a member of that role."""
