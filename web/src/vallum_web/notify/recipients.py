"""Who is told by a rule: never anybody who may not see what it tells of."""

from collections.abc import Sequence

from vallum_web.accounts import matrix
from vallum_web.accounts.matrix import Role
from vallum_web.accounts.models import Membership, TeamMember, User
from vallum_web.notify.models import Rule
from vallum_web.tenancy.models import Org

MAY = "rules.own"
_ROLES = {
    Rule.Audience.OWNERS.value: (Role.OWNER, Role.ADMIN),
    Rule.Audience.SECURITY.value: (Role.OWNER, Role.ADMIN, Role.SECURITY),
}


def of(org: Org, rule: Rule) -> Sequence[User]:
    """As roles and teams are today, by address."""
    rows = Membership.objects.of(org).filter(role__in=matrix.action(MAY).roles, user__is_active=True)
    if rule.person:
        rows = rows.filter(user=rule.person)
    elif rule.audience == Rule.Audience.TEAM:
        rows = rows.filter(pk__in=TeamMember.objects.of(org).filter(team=rule.team).values("member"))
    elif roles := _ROLES.get(rule.audience):
        rows = rows.filter(role__in=roles)
    return [row.user for row in rows.select_related("user").order_by("user__email")]


def owners(org: Org) -> Sequence[User]:
    rows = Membership.objects.of(org).filter(role=Role.OWNER, user__is_active=True)
    return [row.user for row in rows.select_related("user").order_by("user__email")]
