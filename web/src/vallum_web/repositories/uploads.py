"""Archives sent by a browser: stopped at the limit, not after it, and taken only where they are asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, StopUpload, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponseBase

from vallum_web.tenancy import blobs

ARCHIVE_BYTES = 512 << 20
TOO_LARGE = "vallum.upload_too_large"
ROUTES = frozenset(
    {
        "repositories:upload",
        "repositories:replace",
        "ingest:report",
        "accounts:sso_add_saml",
        "accounts:sso_change",
    }
)
# What a form needs beside its file.
FORM_BYTES = 1 << 20


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file beside the blobs, and gives up one chunk past the limit: the disk never holds more.

    The body of any form is read before its view is asked, for the token against forgery is in it. So it is here that
    a stranger's file, or one sent to a page that wants none, meets a closed door.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = ARCHIVE_BYTES

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        request = self.request
        if request is None or not _wanted(request):
            # Not read to its end: nobody will look at what is in it.
            raise StopUpload(connection_reset=True)
        if int(request.META["CONTENT_LENGTH"]) > ARCHIVE_BYTES + FORM_BYTES:
            self._say()
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            self._say()
            # Not a reset: the rest is read and dropped, so that the person gets an answer with their input in it.
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)

    def _say(self) -> None:
        if self.request is not None:
            self.request.META[TOO_LARGE] = True


def leave_nothing(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Remove the file of an upload that broke off: Django would leave it to the garbage collector."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            return get_response(request)
        finally:
            if request.content_type == "multipart/form-data":
                for handler in request.upload_handlers:
                    handler.upload_interrupted()

    return middleware


def prune() -> int:
    """Delete what came with a request that no process can be serving any more."""
    return blobs.forget(Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*.upload*"))


def _wanted(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.view_name in ROUTES and request.user.is_authenticated
