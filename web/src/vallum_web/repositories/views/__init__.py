from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from vallum_guard.errors import GuardError
from vallum_web.accounts.access import MemberRequest, may
from vallum_web.assets.services import NameTakenError
from vallum_web.repositories import queries, services
from vallum_web.repositories.forms import ArchiveForm, NewerArchiveForm, UrlForm
from vallum_web.repositories.models import Repository
from vallum_web.repositories.uploads import TOO_LARGE
from vallum_web.scans import services as scans
from vallum_web.tenancy.entitlements import PlanFullError
from vallum_web.tenancy.scope import scope

UNPROCESSABLE = 422
NAME_TAKEN = "There is an asset of this name already: choose another one."


@sensitive_post_parameters("token", "url")
@require_http_methods(["GET", "HEAD", "POST"])
@may("assets.add")
def add(request: MemberRequest) -> HttpResponse:
    """By address."""
    if request.method != "POST":
        return _page(request, "url", UrlForm())
    form = UrlForm(request.POST)
    if form.is_valid():
        try:
            return _added(request, services.add_by_url(request.org, request.user.pk, **form.cleaned_data))
        except GuardError as error:
            form.add_error("url", str(error))
        except NameTakenError:
            form.add_error("name", NAME_TAKEN)
        except PlanFullError as error:
            form.add_error(None, str(error))
    return _page(request, "url", form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@may("assets.add", scoped=False)
def upload(request: MemberRequest) -> HttpResponse:
    """As an archive."""
    if request.method != "POST":
        return _page(request, "archive", ArchiveForm())
    form = ArchiveForm(request.POST, request.FILES, too_large=TOO_LARGE in request.META)
    if form.is_valid():
        archive = form.cleaned_data["archive"]
        try:
            repository = services.upload(
                request.org,
                request.user.pk,
                name=form.cleaned_data["name"],
                archive_name=archive.name,
                file=_written(archive),
            )
            return _added(request, repository)
        except NameTakenError:
            form.add_error("name", f"{NAME_TAKEN} The archive has to be chosen once more.")
        except PlanFullError as error:
            form.add_error(None, str(error))
    return _page(request, "archive", form, status=UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
@may("assets.add", scoped=False)
def replace(request: MemberRequest, asset: UUID) -> HttpResponse:
    """A newer archive in the place of the present one."""
    with scope(request.org.pk):
        repository = queries.of_asset(request.org, asset)
    if repository is None or repository.archive is None:
        raise Http404
    if request.method != "POST":
        return _newer(request, repository, NewerArchiveForm())
    form = NewerArchiveForm(request.POST, request.FILES, too_large=TOO_LARGE in request.META)
    if form.is_valid():
        archive = form.cleaned_data["archive"]
        try:
            services.replace(
                request.org, request.user.pk, asset=asset, archive_name=archive.name, file=_written(archive)
            )
            return redirect("overview:asset", org=request.org.slug, asset=asset)
        except services.BeingScannedError:
            form.add_error(
                "archive", "The present archive is being scanned: wait for the end, then send this one again."
            )
        except services.NoArchiveError:
            raise Http404 from None
    return _newer(request, repository, form, status=UNPROCESSABLE)


def _newer(request: MemberRequest, repository: Repository, form: NewerArchiveForm, status: int = 200) -> HttpResponse:
    return render(request, "repositories/replace.html", {"form": form, "repository": repository}, status=status)


def _written(archive: TemporaryUploadedFile) -> Path:
    archive.flush()
    return Path(archive.temporary_file_path())


def _added(request: MemberRequest, repository: Repository) -> HttpResponse:
    """What was added is scanned at once; the asset's page shows how far it is."""
    scans.request(request.org, repository.asset_id, request.user.pk)
    return redirect("overview:asset", org=request.org.slug, asset=repository.asset_id)


def _page(request: MemberRequest, by: str, form: Any, status: int = 200) -> HttpResponse:
    return render(request, "repositories/add.html", {"form": form, "by": by}, status=status)
