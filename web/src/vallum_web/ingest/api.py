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

from vallum_engine.model.text import printable
from vallum_engine.parsers.catalogue import all_formats
from vallum_web.accounts import throttle
from vallum_web.accounts.access import TenantRouter, TokenRequest, allow, demand_paid, permits
from vallum_web.ingest import queries, services
from vallum_web.ingest.models import Upload
from vallum_web.scans import queries as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy.blobs import TooLargeError
from vallum_web.tenancy.parameters import Parameters
from vallum_web.tenancy.texts import OneLine, Storable

router = TenantRouter(tags=["uploads"], holds=Upload)
# Reading a body takes as long as its sender likes: no transaction is open meanwhile.
door = Router(tags=["uploads"])
formats = TenantRouter(tags=["uploads"])
CHUNK = 1 << 18
PAGE = 200
# RFC 9530; other algorithms may stand beside it.
_DIGEST = re.compile(r"(?:^|,)\s*sha-256=([^,;\s]*)")


class UploadOut(Schema):
    id: UUID
    scan: UUID
    status: str
    problem: str
    size: int
    status_url: str
    name: str
    format: str
    """What it is read as, or was; empty until it is recognised. `wire` is our own."""
    whole: bool
    repeated: bool
    """It says what the asset was last told, byte for byte: nothing was read again."""
    records: int | None
    """Of another tool's report: all that it holds, which is the sum of the five below. Null until it has been read."""
    findings: int | None
    merged: int | None
    hidden: int | None
    passed: int | None
    rejected: int | None


class RejectedOut(Schema):
    number: int
    at: str
    why: str
    count: int
    """More than one stands for those past the limit."""


class RejectedPage(Schema):
    items: list[RejectedOut]
    after: int | None
    """Give it as `after` for the next page; null on the last."""


class FormatOut(Schema):
    id: str
    title: str
    docs: str


_FORMAT = "One of `GET /api/v1/formats`, by its id; without one, the content shows what it is."


class Target(Parameters):
    asset: OneLine = Field(
        min_length=1, max_length=200, description="An asset's name; one is made if there is none.", examples=["shop"]
    )
    format: str = Field("", max_length=60, description=_FORMAT, examples=["sarif"])
    whole: bool = Field(
        default=True, description="Whether the report is all that its tool has to say.", examples=[False]
    )
    name: Storable = Field("", max_length=200, description="What the file is called.", examples=["zap.xml"])


class RejectedWanted(Parameters):
    after: int = Field(0, ge=0, lt=1 << 31, description="The `after` of the page before this one.", examples=[200])


class Again(Parameters):
    format: str = Field("", max_length=60, description=_FORMAT, examples=["sarif"])


@door.post("", response={200: UploadOut, 202: UploadOut}, summary="A report of any tool, for the asset of that name")
def upload_make(request: TokenRequest, target: Query[Target]) -> Status[UploadOut]:
    """Body: a report as its tool wrote it, or what `vallum scan --format wire` wrote. It is kept before it is read.

    Its content shows what it is, unless `format` names it; `status_url` says what became of it. With `whole` (the default) it is
    all that its tool has to say: what it no longer lists has ended. 200 instead of 202: it repeats what the asset was last
    told, and was not read again.
    """
    allow(request.auth, "scans.start")
    demand_paid(request.auth, "scans.start")
    throttle.upload(request, request.auth)
    reading = services.Reading(format=_format(target.format), whole=target.whole, name=printable(target.name)[:200])
    try:
        upload = services.accept(
            request.auth.org_id, request.auth.by, asset_name=target.asset, chunks=_chunks(request), reading=reading
        )
    except TooLargeError as error:
        raise HttpError(413, f"{error} Split the scan.") from error
    except (UnreadablePostError, RawPostDataException) as error:
        raise HttpError(400, "The upload broke off before its end: send it again.") from error
    return Status(202 if upload.scan.repeats is None else 200, _out(upload))


@router.get("/{upload_id}", response=UploadOut, summary="What became of an upload")
@permits("findings.read")
def upload_get(request: TokenRequest, upload_id: UUID) -> UploadOut:
    return _out(_upload(request, upload_id))


@router.get("/{upload_id}/rejected", response=RejectedPage, summary="Its records that were not imported, and why")
@permits("findings.read")
def upload_rejected(request: TokenRequest, upload_id: UUID, place: Query[RejectedWanted]) -> RejectedPage:
    found = scans.rejected(request.auth.org, _upload(request, upload_id).scan).filter(number__gt=place.after)
    rows = list(found[: PAGE + 1])
    items = [RejectedOut.from_orm(row) for row in rows[:PAGE]]
    return RejectedPage(items=items, after=items[-1].number if len(rows) > PAGE else None)


@router.post("/{upload_id}/reading", response={202: UploadOut}, summary="Read it again, as another format")
@permits("scans.start")
def upload_read_again(request: TokenRequest, upload_id: UUID, wanted: Query[Again]) -> Status[UploadOut]:
    """While the report is kept (24 hours). Without a `format` its content shows it. The answer is an upload of its own."""
    _upload(request, upload_id)
    try:
        again = services.read_again(
            request.auth.org_id, request.auth.by, upload=upload_id, format_id=_format(wanted.format)
        )
    except services.GoneError:
        raise HttpError(409, "The report is no longer kept: upload it again.") from None
    except services.BeingReadError:
        raise HttpError(409, "The report is being read: ask again when that has ended.") from None
    return Status(202, _out(again))


@formats.get("", response=list[FormatOut], summary="The formats of reports that are read")
@permits("findings.read")
def formats_list(request: TokenRequest) -> list[FormatOut]:  # noqa: ARG001 - the router hands it to every function
    return [FormatOut(id=id_, title=found.title, docs=found.docs) for id_, found in all_formats().items()]


def _upload(request: TokenRequest, key: UUID) -> Upload:
    try:
        return queries.upload(request.auth.org, key)
    except Upload.DoesNotExist:
        raise Http404 from None


def _format(name: str) -> str:
    if name and name not in all_formats():
        raise HttpError(
            422, f"There is no report format “{printable(name)}”: GET /api/v1/formats lists those there are."
        )
    return name


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
    scan = upload.scan
    ours = scan.origin != Scan.Origin.IMPORTED and not scan.tool
    counts = {name: scan.outcome.get(name) for name in ("records", "findings", "merged", "passed", "rejected")}
    return UploadOut(
        id=upload.pk,
        scan=upload.scan_id,
        status=upload.status,
        problem=upload.problem,
        size=upload.size,
        status_url=f"/api/v1/uploads/{upload.pk}",
        name=upload.name,
        format="wire" if ours else scan.tool,
        whole=upload.whole,
        repeated=scan.repeats is not None,
        hidden=scan.outcome.get("ignored") if "records" in scan.outcome else None,
        **counts,
    )
