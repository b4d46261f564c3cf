"""The pages of reports made elsewhere: taking one in, and reading one again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from vallum_engine.model.text import printable
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.assets import queries as assets
from vallum_web.assets.models import Asset
from vallum_web.ingest import queries, services
from vallum_web.ingest.forms import ImportForm, ReadingForm
from vallum_web.ingest.models import Upload
from vallum_web.repositories.uploads import TOO_LARGE
from vallum_web.scans import queries as scans
from vallum_web.scans.models import Scan
from vallum_web.tenancy.blobs import TooLargeError
from vallum_web.tenancy.scope import scope

UNPROCESSABLE = 422
CONFLICT = 409
GONE = "The report is no longer kept: import it again."
BEING_READ = "The report is being read: wait for the end of that, then ask again."


@require_http_methods(["GET", "HEAD", "POST"])
@may("scans.start", scoped=False)
def report(request: MemberRequest) -> HttpResponse:
    """Take in a report of any tool. Reading the file takes as long as it is large: no transaction is open meanwhile."""
    if request.method != "POST":
        return _page(request, ImportForm(initial={"asset": _asked_for(request)}))
    form = ImportForm(request.POST, request.FILES, too_large=TOO_LARGE in request.META)
    if form.is_valid():
        file, values = form.cleaned_data["report"], form.cleaned_data
        reading = services.Reading(
            format=values["format"], whole=values["whole"], name=printable(file.name or "")[:200]
        )
        try:
            upload = services.accept(
                request.org.pk, request.user.pk, asset_name=values["asset"], chunks=file.chunks(), reading=reading
            )
            return redirect("scans:scan", org=request.org.slug, scan=upload.scan_id)
        except TooLargeError as error:
            form.add_error("report", f"{error} Split the report.")
    return _page(request, form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@may("scans.start")
def again(request: MemberRequest, scan: UUID) -> HttpResponse:
    """Read the report of a scan again, as what somebody says it is."""
    try:
        found = scans.scan(request.org, scan)
    except Scan.DoesNotExist:
        raise Http404 from None
    upload = queries.of_scan(request.org, scan)
    if request.method != "POST":
        return _again(request, found, upload, ReadingForm(initial={"format": found.tool}))
    form = ReadingForm(request.POST)
    if form.is_valid() and upload is None:
        form.add_error(None, GONE)
    elif form.is_valid() and upload:
        try:
            newer = services.read_again(
                request.org.pk, request.user.pk, upload=upload.pk, format_id=form.cleaned_data["format"]
            )
            return redirect("scans:scan", org=request.org.slug, scan=newer.scan_id)
        except services.GoneError:
            form.add_error(None, GONE)
        except services.BeingReadError:
            form.add_error(None, BEING_READ)
    return _again(request, found, upload, form, status=CONFLICT if form.non_field_errors() else UNPROCESSABLE)


def _asked_for(request: MemberRequest) -> str:
    """The name of the asset that the address names, if there is one."""
    try:
        key = UUID(request.GET.get("asset", ""))
        with scope(request.org.pk):
            return assets.asset(request.org, key).name
    except (ValueError, Asset.DoesNotExist):
        return ""


def _page(request: MemberRequest, form: ImportForm, status: int = 200) -> HttpResponse:
    with scope(request.org.pk):
        known = queries.asset_names(request.org)
    return render(request, "ingest/import.html", {"form": form, "known": known}, status=status)


def _again(
    request: MemberRequest, scan: Scan, upload: Upload | None, form: ReadingForm, status: int = 200
) -> HttpResponse:
    kept = upload if upload and upload.blob else None
    until: datetime | None = kept.received_at + services.KEPT_FOR if kept else None
    context: dict[str, Any] = {"form": form, "scan": scan, "upload": kept, "until": until}
    return render(request, "ingest/again.html", context, status=status)
