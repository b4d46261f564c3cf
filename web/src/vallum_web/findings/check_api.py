"""Having the issuer of a found secret asked again, over the API."""

from uuid import UUID

from django.http import Http404
from ninja import Schema, Status
from ninja.errors import HttpError

from vallum_web.accounts.access import TokenRequest, permits
from vallum_web.findings import services
from vallum_web.findings.api import router
from vallum_web.findings.models import Finding

__all__ = ["router"]  # that of findings: a condition names the finding itself


class CheckOut(Schema):
    scan: UUID
    """The scan that asks; one that waited already is the answer too."""


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
