"""Gates over the API: make them, ask them, and see what they answered."""

from collections.abc import Iterable
from uuid import UUID

from django.http import Http404
from ninja import Query, Router, Status
from ninja.errors import HttpError

from vallum_engine.gate.policy import BadPolicy
from vallum_web.accounts.access import TenantRouter, TokenRequest, permits
from vallum_web.assets.models import Asset
from vallum_web.gates import queries, reach, services
from vallum_web.gates import subject as subjects
from vallum_web.gates.models import Evaluation, Gate
from vallum_web.gates.schemas import (
    Answers,
    EvaluationLine,
    EvaluationOut,
    EvaluationPage,
    EvaluationsWanted,
    GateIn,
    GateOut,
    GatePage,
    Pending,
    Question,
    WideQuestion,
    wanted,
)
from vallum_web.gates.services import Asker
from vallum_web.gates.subject import Subject
from vallum_web.scans.models import Scan
from vallum_web.tenancy import keyset
from vallum_web.tenancy.parameters import After

router: Router = TenantRouter(tags=["gates"], holds=Gate)
REFUSED = 422
CONFLICT = 409
Found = tuple[Asset, Subject]


@router.get("", response=GatePage, summary="Gates, by name")
@permits("gates.read")
def gates_list(request: TokenRequest, place: Query[After]) -> GatePage:
    org = request.auth.org
    page = keyset.page([queries.gates(org)], queries.BY_NAME, after=place.after)
    return GatePage(items=[GateOut.of(line) for line in queries.lines(org, page.rows)], after=page.next or "")


@router.post("", response={201: GateOut}, summary="Make a gate")
@permits("gates.change")
def gate_make(request: TokenRequest, body: GateIn) -> Status[GateOut]:
    try:
        made = services.make(request.auth.org, request.auth.by, wanted(body))
    except (BadPolicy, services.TooManyGatesError) as error:
        raise HttpError(REFUSED, str(error)) from error
    except services.NameTakenError as error:
        raise HttpError(CONFLICT, str(error)) from error
    return Status(201, _out(request, made))


@router.get("/evaluations", response=EvaluationPage, summary="What all gates answered, the newest first")
@permits("gates.read")
def evaluations_list(request: TokenRequest, place: Query[EvaluationsWanted]) -> EvaluationPage:
    return _page(request, None, place)


@router.post(
    "/evaluations",
    response={200: Answers, 202: Pending},
    summary="Ask every gate that holds for an asset, or one by its name",
)
@permits("gates.evaluate")
def gates_ask(request: TokenRequest, body: WideQuestion) -> Status[Answers] | Status[Pending]:
    asset, about = _about(request, body)
    if body.gate:
        chosen = list(queries.gates(request.auth.org).filter(name=body.gate))
        if not chosen:
            raise Http404
        _hold(chosen, asset)
    else:
        chosen = queries.holding(request.auth.org, asset)
    if about.pending:
        return Status(202, _pending(about.pending))
    said = [_evaluated(request, gate, asset, about) for gate in chosen]
    every = {each.verdict for each in said}
    worst = next((verdict for verdict in _WORST_FIRST if verdict in every), Evaluation.Verdict.CANNOT_SAY)
    return Status(200, Answers(verdict=worst.value, scan=about.scan.pk if about.scan else None, evaluations=said))


_WORST_FIRST = (Evaluation.Verdict.FAIL, Evaluation.Verdict.CANNOT_SAY, Evaluation.Verdict.PASS)


@router.get("/{gate_id}", response=GateOut, summary="One gate")
@permits("gates.read")
def gate_get(request: TokenRequest, gate_id: UUID) -> GateOut:
    return _out(request, _gate(request, gate_id))


@router.put("/{gate_id}", response=GateOut, summary="Change a gate: all of it is what is sent")
@permits("gates.change")
def gate_change(request: TokenRequest, gate_id: UUID, body: GateIn) -> GateOut:
    _gate(request, gate_id)
    try:
        return _out(request, services.change(request.auth.org, gate_id, request.auth.by, wanted(body)))
    except BadPolicy as error:
        raise HttpError(REFUSED, str(error)) from error
    except services.NameTakenError as error:
        raise HttpError(CONFLICT, str(error)) from error
    except Gate.DoesNotExist:
        raise Http404 from None


@router.delete("/{gate_id}", response={204: None}, summary="Delete a gate, with what it answered")
@permits("gates.change")
def gate_delete(request: TokenRequest, gate_id: UUID) -> Status[None]:
    try:
        services.delete(request.auth.org, gate_id, request.auth.by)
    except Gate.DoesNotExist:
        raise Http404 from None
    return Status(204, None)


@router.get("/{gate_id}/evaluations", response=EvaluationPage, summary="What a gate answered, the newest first")
@permits("gates.read")
def gate_evaluations(request: TokenRequest, gate_id: UUID, place: Query[EvaluationsWanted]) -> EvaluationPage:
    return _page(request, _gate(request, gate_id).pk, place)


@router.post("/{gate_id}/evaluations", response={200: EvaluationOut, 202: Pending}, summary="Ask a gate about an asset")
@permits("gates.evaluate")
def gate_ask(request: TokenRequest, gate_id: UUID, body: Question) -> Status[EvaluationOut] | Status[Pending]:
    gate = _gate(request, gate_id)
    asset, about = _about(request, body)
    _hold([gate], asset)
    if about.pending:
        return Status(202, _pending(about.pending))
    return Status(200, _evaluated(request, gate, asset, about))


def _about(request: TokenRequest, body: Question) -> Found:
    org = request.auth.org
    try:
        asset = queries.asset_called(org, body.asset)
        return asset, subjects.subject(org, asset.pk, body.scan)
    except (Asset.DoesNotExist, Scan.DoesNotExist):
        raise Http404 from None


def _hold(gates: Iterable[Gate], asset: Asset) -> None:
    for gate in gates:
        if not reach.parse(gate.scope).holds(asset):
            raise HttpError(
                REFUSED, f"The gate {gate.name} does not hold for {asset.name}: widen its scope, or ask another."
            )


def _evaluated(request: TokenRequest, gate: Gate, asset: Asset, about: Subject) -> EvaluationOut:
    kept, said = services.evaluate(gate, asset, about, Asker(by=request.auth.by, token=request.auth.pk))
    return EvaluationOut.of(request.auth.org.slug, kept, gate, said)


def _pending(scan: Scan) -> Pending:
    return Pending(pending=True, scan=scan.pk, status=scan.status)


def _page(request: TokenRequest, gate: UUID | None, place: EvaluationsWanted) -> EvaluationPage:
    org = request.auth.org
    page = queries.evaluation_page(org, gate=gate, asset=place.asset, after=place.after)
    items = [EvaluationLine(**EvaluationLine.values(org.slug, row, row.gate)) for row in page.rows]
    return EvaluationPage(items=items, after=page.next or "")


def _gate(request: TokenRequest, key: UUID) -> Gate:
    try:
        return queries.gate(request.auth.org, key)
    except Gate.DoesNotExist:
        raise Http404 from None


def _out(request: TokenRequest, gate: Gate) -> GateOut:
    (line,) = queries.lines(request.auth.org, [gate])
    return GateOut.of(line)
