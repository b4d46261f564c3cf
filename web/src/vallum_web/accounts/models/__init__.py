"""People, what they may do where, and the tokens that act for them."""

from vallum_web.accounts.models.acceptance import Acceptance
from vallum_web.accounts.models.addresses import EmailChange
from vallum_web.accounts.models.invitations import Invitation
from vallum_web.accounts.models.people import Membership, User
from vallum_web.accounts.models.places import KnownPlace
from vallum_web.accounts.models.scim import Provisioning, ScimGroup, ScimGroupMember, ScimUser
from vallum_web.accounts.models.signins import SignIn
from vallum_web.accounts.models.sso import Domain, IdentityProvider, SsoAnswer, SsoIdentity
from vallum_web.accounts.models.staff import Operator, StaffAccess
from vallum_web.accounts.models.teams import Team, TeamMember
from vallum_web.accounts.models.tokens import ApiToken

__all__ = [
    "Acceptance",
    "ApiToken",
    "Domain",
    "EmailChange",
    "IdentityProvider",
    "Invitation",
    "KnownPlace",
    "Membership",
    "Operator",
    "Provisioning",
    "ScimGroup",
    "ScimGroupMember",
    "ScimUser",
    "SignIn",
    "SsoAnswer",
    "SsoIdentity",
    "StaffAccess",
    "Team",
    "TeamMember",
    "User",
]
