"""The door for reports made elsewhere."""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.request import RawPostDataException, UnreadablePostError
from ninja import Query, Router, Schema, Status
from ninja.errors import HttpError
from pydantic import Field

from vallum_web.accounts import throttle
from vallum_web.accounts.access import TenantRouter, TokenRequest, allow, permits
from vallum_web.ingest import queries, services
from vallum_web.ingest.models import Upload
from vallum_web.tenancy.blobs import TooLargeError
from vallum_web.tenancy.texts import OneLine

router = TenantRouter(tags=["uploads"])
# Reading a body takes as long as its sender likes: no transaction is open meanwhile.
door = Router(tags=["uploads"])
CHUNK = 1 << 18
# RFC 9530; other algorithms may stand beside it.
_DIGEST = re.compile(r"(?:^|,)\s*sha-256=([^,;\s]*)")


class UploadOut(Schema):
    id: UUID
    scan: UUID
    status: str
    problem: str
    size: int
    status_url: str


class Target(Schema):
    asset: OneLine = Field(min_length=1, max_length=200)


@door.post("", response={202: UploadOut}, summary="A report in wire format, for the asset of that name")
def upload_make(request: TokenRequest, target: Query[Target]) -> Status[UploadOut]:
    """Body: what `vallum scan --format wire` wrote. It is kept before it is read; `status_url` says what became of it."""
    allow(request.auth, "scans.start")
    throttle.upload(request, request.auth)
    try:
        upload = services.accept(request.auth.org_id, request.auth.by, asset_name=target.asset, chunks=_chunks(request))
    except TooLargeError as error:
        raise HttpError(413, f"{error} Split the scan.") from error
    except (UnreadablePostError, RawPostDataException) as error:
        raise HttpError(400, "The upload broke off before its end: send it again.") from error
    return Status(202, _out(upload))


@router.get("/{upload_id}", response=UploadOut, summary="What became of an upload")
@permits("findings.read")
def upload_get(request: TokenRequest, upload_id: UUID) -> UploadOut:
    try:
        return _out(queries.upload(request.auth.org, upload_id))
    except Upload.DoesNotExist:
        raise Http404 from None


def _chunks(request: HttpRequest) -> Iterator[bytes]:
    length = request.headers.get("Content-Length", "")
    promised = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0
    if not promised:
        raise HttpError(411, "Send the report with its Content-Length.")
    got, seen = 0, sha256()
    while chunk := request.read(min(CHUNK, promised - got)):
        got += len(chunk)
        seen.update(chunk)
        yield chunk
    if got != promised:
        raise HttpError(400, f"The upload broke off after {got:,} of {promised:,} bytes: send it again.")
    said = _DIGEST.search(request.headers.get("Content-Digest", ""))
    if said and said[1] != f":{base64.b64encode(seen.digest()).decode()}:":
        raise HttpError(400, "The upload was damaged on the way: send it again.")


def _out(upload: Upload) -> UploadOut:
    return UploadOut(
        id=upload.pk,
        scan=upload.scan_id,
        status=upload.status,
        problem=upload.problem,
        size=upload.size,
        status_url=f"/api/v1/uploads/{upload.pk}",
    )
