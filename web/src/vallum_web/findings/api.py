"""The record over the API: the worklist's own filters and order."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import Http404
from ninja import Query, Schema, Status
from ninja.errors import HttpError
from pydantic import AfterValidator, ConfigDict, Field

from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.findings import queries, services
from vallum_web.findings.filters import Filters
from vallum_web.findings.models import Decision, Finding, Identity, Occurrence
from vallum_web.findings.parameters import FindingsWanted
from vallum_web.tenancy import clock
from vallum_web.tenancy.parameters import After
from vallum_web.tenancy.texts import Storable

router = TenantRouter(tags=["findings"], holds=Finding)


class FindingOut(Schema):
    id: UUID
    asset_id: UUID
    kind: str
    rule: str
    title: str
    severity: str
    confidence: str
    risk: int
    status: str
    ending: str
    path: str
    line: int
    package: str
    cve: str
    exploited: bool
    """Whether its CVE is in the catalogue of known exploited vulnerabilities."""
    liveness: str
    """Of a secret: `live`, `revoked` or `unknown`, as its issuer said when it was last asked; empty: nobody asked."""
    assignee: UUID | None
    team: UUID | None
    due_at: datetime | None
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None


class AssignIn(Schema):
    model_config = ConfigDict(extra="forbid")

    assignee: UUID | None = None
    team: UUID | None = None


class SourceOut(Schema):
    ruleset: str
    rule: str
    places: int
    """Where it sees the finding now."""


class IdentityLineOut(Schema):
    id: UUID
    why: str
    """`joined`: known by another name; `moved`: followed by its content."""
    fingerprint: str
    key: str
    ruleset: str
    rule: str
    scan: UUID
    at: datetime


class PlaceOut(Schema):
    ruleset: str
    path: str
    line: int
    end_line: int
    first_scan: UUID
    gone_scan: UUID | None


class FindingWhole(FindingOut):
    message: str
    fingerprint: str
    details: dict[str, Any]
    """`evidence`, `package`, `advisories`, `remediation`, `references` as in the JSON report."""
    sources: list[SourceOut]
    identities: list[IdentityLineOut]
    """Why what came under other fingerprints is this finding."""
    places: list[PlaceOut]
    more_places: bool
    """Whether there are more than are listed here; `places` under this address lists them all."""


class PlacePage(Schema):
    items: list[PlaceOut]
    after: str


class FindingPage(Schema):
    items: list[FindingOut]
    after: str
    """Give it as `after` for the next page; empty on the last."""


def _to_come(day: date | None) -> date | None:
    if day and day < clock.now().date():
        raise ValueError("This day has passed: choose a later one.")
    return day


class SuppressIn(Schema):
    model_config = ConfigDict(extra="forbid")

    reason: Decision.Reason
    justification: Decision.Justification | None = None
    """Why the vulnerability does not hurt here, for VEX documents."""
    note: Storable = Field(default="", max_length=5000)
    until: Annotated[date | None, AfterValidator(_to_come)] = None


class CheckOut(Schema):
    scan: UUID
    """The scan that asks; one that waited already is the answer too."""


@router.get("", response=FindingPage, summary="Findings, filtered and sorted as on the worklist")
@permits("findings.read")
def findings_list(request: TokenRequest, wanted: Query[FindingsWanted]) -> FindingPage:
    """The parameters are the page's own: what its address says, this takes."""
    page = queries.worklist(request.auth.org, Filters.parse(request.GET), after=wanted.after)
    return FindingPage(items=[finding_out(row) for row in page.rows], after=page.next or "")


@router.get("/{finding_id}", response=FindingWhole, summary="One finding with its places")
@permits("findings.read")
def finding_get(request: TokenRequest, finding_id: UUID) -> FindingWhole:
    try:
        detail = queries.detail(request.auth.org, finding_id)
    except Finding.DoesNotExist:
        raise Http404 from None
    row = detail.finding
    return FindingWhole(
        **finding_out(row).dict(),
        message=row.message,
        fingerprint=row.fingerprint,
        details=row.data,
        sources=[SourceOut.from_orm(source) for source in detail.sources],
        identities=[_identity(line) for line in detail.identities],
        places=[_place(place) for place in detail.places],
        more_places=detail.more_places,
    )


@router.get("/{finding_id}/places", response=PlacePage, summary="Every place of a finding, in pages")
@permits("findings.read")
def finding_places(request: TokenRequest, finding_id: UUID, place: Query[After]) -> PlacePage:
    try:
        page = queries.places(request.auth.org, finding_id, after=place.after)
    except Finding.DoesNotExist:
        raise Http404 from None
    return PlacePage(items=[_place(place) for place in page.rows], after=page.next or "")


@router.post("/{finding_id}/suppression", response=FindingOut, summary="Hide a finding, for a reason and for a time")
@permits("findings.decide")
def finding_suppress(request: TokenRequest, finding_id: UUID, body: SuppressIn) -> FindingOut:
    try:
        decision = services.suppress(
            request.auth.org,
            finding_id,
            request.auth.by,
            reason=body.reason,
            justification=body.justification or "",
            note=body.note,
            until=body.until,
        )
        return finding_out(decision.finding)
    except Finding.DoesNotExist:
        raise Http404 from None


@router.put("/{finding_id}/assignment", response=FindingOut, summary="Give a finding to a person, a team, or nobody")
@permits("findings.decide")
def finding_assign(request: TokenRequest, finding_id: UUID, body: AssignIn) -> FindingOut:
    try:
        return finding_out(
            services.assign(request.auth.org, finding_id, request.auth.by, assignee=body.assignee, team=body.team)
        )
    except Finding.DoesNotExist:
        raise Http404 from None
    except services.NotAMemberError as error:
        raise HttpError(422, str(error)) from error


@router.post(
    "/{finding_id}/check",
    response={202: CheckOut},
    summary="Have the issuer of a found secret asked whether it still works",
)
@permits("scans.start")
def finding_check(request: TokenRequest, finding_id: UUID) -> Status[CheckOut]:
    """The platform keeps no secret, so the asset's code is scanned again. 422 says why nobody can be asked."""
    try:
        scan = services.check(request.auth.org, finding_id, request.auth.by)
    except Finding.DoesNotExist:
        raise Http404 from None
    except services.NotCheckableError as error:
        raise HttpError(422, str(error)) from error
    return Status(202, CheckOut(scan=scan.pk))


@router.delete("/{finding_id}/suppression", response=FindingOut, summary="Take back what hides a finding")
@permits("findings.decide")
def finding_lift(request: TokenRequest, finding_id: UUID) -> FindingOut:
    try:
        return finding_out(services.lift(request.auth.org, finding_id, request.auth.by))
    except Finding.DoesNotExist:
        raise Http404 from None


def _hold_asset(request: TokenRequest, finding_id: UUID, **_: UUID) -> None:
    services.hold_asset(request.auth.org, finding_id)


@router.delete(
    "/{finding_id}/identities/{identity_id}",
    response=FindingOut,
    summary="Take apart what was taken for one finding; answers with the other one",
)
@permits("findings.decide", first=_hold_asset)
def finding_split(request: TokenRequest, finding_id: UUID, identity_id: UUID) -> FindingOut:
    try:
        return finding_out(services.split(request.auth.org, finding_id, identity_id, request.auth.by))
    except Identity.DoesNotExist:
        raise Http404 from None


def _identity(line: Identity) -> IdentityLineOut:
    values = {name: getattr(line, name) for name in ("why", "fingerprint", "key", "ruleset", "rule", "at")}
    return IdentityLineOut(id=line.pk, scan=line.scan_id, **values)


def _place(place: Occurrence) -> PlaceOut:
    return PlaceOut(
        ruleset=place.ruleset,
        path=place.path,
        line=place.line,
        end_line=place.end_line,
        first_scan=place.first_scan_id,
        gone_scan=place.gone_scan_id,
    )


def finding_out(row: Finding) -> FindingOut:
    return FindingOut(
        id=row.pk,
        asset_id=row.asset_id,
        kind=row.kind,
        rule=row.rule,
        title=row.title,
        severity=row.get_severity_display(),
        confidence=row.get_confidence_display(),
        risk=row.risk,
        status=row.status,
        ending=row.ending,
        path=row.path,
        line=row.line,
        package=row.package,
        cve=row.cve,
        exploited=row.exploited,
        liveness=row.liveness,
        assignee=row.assignee,
        team=row.team_id,
        due_at=row.due_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        resolved_at=row.resolved_at,
    )
