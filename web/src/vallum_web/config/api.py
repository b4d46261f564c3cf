"""The REST API: every app's routes under one door, with one way to say no."""

from typing import Any

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from vallum_engine import VERSION
from vallum_web.accounts.access import PAYMENT_REQUIRED, TokenAuth, UnpaidError
from vallum_web.accounts.api import router as tokens
from vallum_web.accounts.audit.api import router as audit_log
from vallum_web.accounts.conditions import conditional
from vallum_web.accounts.legal.door import NotAcceptedError
from vallum_web.accounts.org.egress_api import router as egress
from vallum_web.accounts.org.team_api import router as teams
from vallum_web.accounts.person.mails_api import router as mail_choices
from vallum_web.accounts.suspensions.door import SuspendedError
from vallum_web.assets.api import router as assets
from vallum_web.billing.api import door as subscription
from vallum_web.billing.api import router as plan
from vallum_web.config import busy, calls, described, links
from vallum_web.findings.api import router as findings
from vallum_web.findings.bulk_api import router as bulk
from vallum_web.findings.comment_api import router as comments
from vallum_web.findings.due_api import router as due_rules
from vallum_web.findings.group_api import router as groups
from vallum_web.findings.keeping_api import router as retention
from vallum_web.findings.suppression_api import router as suppressions
from vallum_web.findings.view_api import router as saved_views
from vallum_web.gates.api import router as gates
from vallum_web.ingest.api import door as upload_door
from vallum_web.ingest.api import formats
from vallum_web.ingest.api import router as uploads
from vallum_web.notify.api import delivered as webhook_deliveries
from vallum_web.notify.api import router as webhooks
from vallum_web.overview.api import router as asset_list
from vallum_web.reports.api import router as exports
from vallum_web.repositories.api import router as repositories
from vallum_web.scans.api import router as scans
from vallum_web.scans.live_api import router as live_checks
from vallum_web.tenancy.audit import middleware as audit
from vallum_web.tenancy.audit.errors import NotRecordedError
from vallum_web.tenancy.entitlements import PlanFullError
from vallum_web.tenancy.limits import answers
from vallum_web.tenancy.limits.gate import Refused


class Api(NinjaAPI):
    """Operations go by the short names of their functions, and the description says which answers lead on."""

    def create_response(self, request: HttpRequest, data: Any, **given: Any) -> HttpResponse:
        return conditional(request, super().create_response(request, data, **given))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        description = super().get_openapi_schema(**given)
        links.add(description)
        described.settle(description)
        return description


api = Api(
    title="Vallum",
    version=VERSION,
    description="One record of findings, and the work on them. Authenticate with `Authorization: Bearer <token>`.",
    auth=TokenAuth(),
    # The page of an interactive browser brings scripts of others; the description itself is at openapi.json.
    docs_url=None,
    urls_namespace="api",
)
api.add_decorator(calls.once)
api.add_decorator(calls.exact)  # the outermost
api.add_router("/tokens", tokens)
api.add_router("/audit", audit_log)
api.add_router("/egress", egress)
api.add_router("/live-checks", live_checks)
api.add_router("/teams", teams)
api.add_router("/mail-choices", mail_choices)
api.add_router("/assets", asset_list)
api.add_router("/assets", assets)
api.add_router("/repositories", repositories)
api.add_router("/scans", scans)
# Before what reads the next word as a finding's id.
api.add_router("/findings", groups)
api.add_router("/findings", findings)
api.add_router("/findings", comments)
api.add_router("/views", saved_views)
api.add_router("/due-rules", due_rules)
api.add_router("/retention", retention)
api.add_router("/bulk", bulk)
api.add_router("/suppression-rules", suppressions)
api.add_router("/gates", gates)
api.add_router("/webhooks", webhooks)
api.add_router("/webhook-deliveries", webhook_deliveries)
api.add_router("/exports", exports)
api.add_router("/plan", subscription)
api.add_router("/plan", plan)
api.add_router("/uploads", upload_door)
api.add_router("/uploads", uploads)
api.add_router("/formats", formats)


@api.exception_handler(Http404)
def missing(request: HttpRequest, _error: Http404) -> HttpResponse:
    """The same bytes for what is missing and for what is somebody else's."""
    return api.create_response(request, {"detail": "Not found"}, status=404)


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    detail = "Send a live token as Authorization: Bearer vlm_…; make one in the organization's settings."
    return api.create_response(request, {"detail": detail}, status=401)


@api.exception_handler(NotAcceptedError)
def unaccepted(request: HttpRequest, _error: NotAcceptedError) -> HttpResponse:
    detail = "Whoever made this token has not accepted the terms and the privacy policy in force: they sign in and do."
    return api.create_response(request, {"detail": detail, "code": "policy_acceptance_required"}, status=403)


@api.exception_handler(SuspendedError)
def suspended(request: HttpRequest, _error: SuspendedError) -> HttpResponse:
    detail = "The organization, or whoever made this token, is suspended: the pages say why, and how to object."
    return api.create_response(request, {"detail": detail, "code": "suspended"}, status=403)


@api.exception_handler(PlanFullError)
def full(request: HttpRequest, error: PlanFullError) -> HttpResponse:
    told = {"detail": str(error), "code": "plan_full", "limit": str(error.what)}
    return api.create_response(request, told, status=PAYMENT_REQUIRED)


@api.exception_handler(UnpaidError)
def unpaid(request: HttpRequest, _error: UnpaidError) -> HttpResponse:
    detail = "The organization is read-only until its open invoice is paid: an owner finds it under Settings, Plan."
    return api.create_response(request, {"detail": detail, "code": "payment_due"}, status=PAYMENT_REQUIRED)


@api.exception_handler(NotRecordedError)
def unrecorded(request: HttpRequest, error: NotRecordedError) -> HttpResponse:
    answer = api.create_response(request, {"detail": audit.told(error)}, status=audit.UNAVAILABLE)
    answer.headers["Retry-After"] = audit.AGAIN
    return answer


@api.exception_handler(OperationalError)
def waited(request: HttpRequest, error: OperationalError) -> HttpResponse:
    if not busy.waited(error):
        raise error
    answer = api.create_response(request, {"detail": busy.DETAIL}, status=busy.UNAVAILABLE)
    answer.headers["Retry-After"] = busy.AGAIN
    return answer


@api.exception_handler(Refused)
def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    response = api.create_response(request, answers.refused_body(error), status=answers.status(error.verdict))
    for name, value in answers.retry_after(error.verdict).items():
        response.headers[name] = value
    return response
