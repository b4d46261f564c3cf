"""Findings brought together, over the API: what one fix, rule, asset or package has, the most risk first."""

from ninja import Query, Schema

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import group_queries
from vallum_web.findings.filters import NO_PACKAGE, Filters
from vallum_web.findings.group_queries import Group
from vallum_web.findings.parameters import GroupsWanted

router = TenantRouter(tags=["findings"])


class GroupOut(Schema):
    key: str
    """Under the name of `by` among a list's filters (`rule=…`), the findings of this group; `package=-`: of no package."""
    name: str
    """Of the group's worst finding: its title; by asset the asset's name, by package a name and a version."""
    upgrade_to: str
    """The version that ends the worst of them; empty where no upgrade does."""
    step: str
    worst: str
    severities: dict[str, int]
    findings: int
    risk: int
    """The risks of its findings, added up."""
    assets: int
    fixes: int
    """How many things are to be done until none is left."""


class GroupPage(Schema):
    items: list[GroupOut]
    total: int
    """How many groups there are."""
    cut: bool
    """Whether only the 10,000 findings of highest risk were weighed, because there are more."""
    after: str
    """Give it as `after` for the next page; empty on the last."""


@router.get("/groups", response=GroupPage, summary="Findings by fix, rule, asset or package, the most risk first")
@permits("findings.read")
def findings_groups(request: TokenRequest, wanted: Query[GroupsWanted]) -> GroupPage:
    filters = Filters.parse(request.GET).but(group=wanted.by)
    page = group_queries.groups(request.auth.org, filters, after=wanted.after)
    return GroupPage(
        items=[_out(wanted.by, group) for group in page.rows], total=page.total, cut=page.cut, after=page.next or ""
    )


def _out(by: str, group: Group) -> GroupOut:
    names = {"asset": group.asset, "package": group.package}
    counted = {name: getattr(group, name) for name in ("findings", "risk", "assets", "fixes", "upgrade_to", "step")}
    return GroupOut(
        key=group.key or NO_PACKAGE,
        name=names.get(by, group.title),
        worst=group.worst,
        severities=dict(group.severities),
        **counted,
    )
