"""Archives sent by a browser: stopped at the limit, not after it."""

from typing import Any

from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

ARCHIVE_BYTES = 512 << 20
TOO_LARGE = "vallum.upload_too_large"


class LimitedUpload(TemporaryFileUploadHandler):
    """Writes to a temporary file beside the blobs, and gives up one chunk past the limit: the disk never holds more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = ARCHIVE_BYTES

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._left -= len(raw_data)
        if self._left < 0:
            if self.request is not None:
                self.request.META[TOO_LARGE] = True
            # Not a reset: the rest is read and dropped, so that the person gets an answer with their input in it.
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)
