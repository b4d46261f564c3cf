"""S3-compatible storage by boto3. Its requests leave through the guard, each judged, foreseen and written down.

boto3 composes and signs; the sending is ours (`before-send`, the hook that botocore has for it), so no connection of its
own is ever opened. It is imported where it is used: half a second that nothing else needs.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from vallum_guard import http
from vallum_guard.errors import GuardError, TransportFailed
from vallum_guard.http import Route
from vallum_web.embedded.bucket import Bucket
from vallum_web.tenancy.objects.errors import MissingObjectError, StorageError
from vallum_web.tenancy.objects.held import Held, Shape

# Of one request to delete, as the protocol has it.
_AT_ONCE: Final = 1000
# Signed by nobody, and the guard's to say.
_DROPPED: Final = frozenset({*http.OURS, "expect"})
# The second pair: another put of this name is under way.
_TAKEN: Final = frozenset({"412", "PreconditionFailed", "409", "ConditionalRequestConflict"})
_MISSING: Final = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NoSuchLifecycleConfiguration"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What for, how patiently, and as which errors its user knows what goes wrong."""

    purpose: str
    limits: http.Limits
    attempts: int = 4
    fault: type[Exception] = StorageError
    missing: type[Exception] = MissingObjectError


class Storage:
    """Objects in one bucket, under one prefix."""

    def __init__(self, bucket: Bucket, route: Route, use: Use) -> None:
        self._bucket = bucket
        self._route = route
        self._use = use
        self._client = self._made()

    def __str__(self) -> str:
        return f"s3://{self._bucket.name}/{self._bucket.prefix} at {self._bucket.endpoint}"

    @property
    def is_here(self) -> bool:
        return self._bucket.is_here

    def put(self, name: str, data: bytes) -> None:
        self._ask("put_object", Key=self._key(name), Body=data)

    def put_new(self, name: str, data: bytes) -> bool:
        """As `put`, where nothing has this name. False where something has: then nothing is changed."""
        try:
            self._ask("put_object", Key=self._key(name), Body=data, IfNoneMatch="*")
        except _TakenError:
            return False
        return True

    def get(self, name: str) -> bytes:
        body = self._ask("get_object", Key=self._key(name))["Body"]
        return bytes(body.read())

    def found(self, name: str) -> bytes | None:
        """As `get`; None where nothing has this name."""
        try:
            return self.get(name)
        except self._use.missing:
            return None

    def delete(self, name: str) -> None:
        """The present one of this name; no error where there is none."""
        self._ask("delete_object", Key=self._key(name))

    def names(self, prefix: str) -> Iterator[str]:
        for page in self._pages("list_objects_v2", prefix):
            for found in page.get("Contents", ()):
                yield self._name(found["Key"])

    def everything(self, prefix: str) -> Iterator[Held]:
        for page in self._pages("list_object_versions", prefix):
            for found in page.get("Versions", ()):
                shape = Shape.OBJECT if found["IsLatest"] else Shape.VERSION
                yield self._held(found, shape, found["LastModified"], size=found["Size"])
            for found in page.get("DeleteMarkers", ()):
                yield self._held(found, Shape.MARKER, found["LastModified"])
        for page in self._pages("list_multipart_uploads", prefix):
            for found in page.get("Uploads", ()):
                yield self._held(found, Shape.UPLOAD, found["Initiated"])

    def remove(self, held: Iterable[Held]) -> None:
        named: list[dict[str, str]] = []
        for each in held:
            if each.shape is Shape.UPLOAD:
                self._ask("abort_multipart_upload", Key=self._key(each.name), UploadId=each.version)
            else:
                named.append({"Key": self._key(each.name), "VersionId": each.version or "null"})
        for first in range(0, len(named), _AT_ONCE):
            answer = self._ask("delete_objects", Delete={"Objects": named[first : first + _AT_ONCE], "Quiet": True})
            if refused := answer.get("Errors"):
                raise self._use.fault(
                    f"{self} keeps {len(refused)} objects: {refused[0].get('Message', 'no reason given')}."
                )

    def expire(self, days: dict[str, int]) -> None:
        """Our rules replace ours; rules that others made for this bucket stay."""
        rules = [rule for rule in self._rules() if not rule.get("ID", "").startswith("vallum-")]
        for prefix, count in sorted(days.items()):
            rules.append(
                {
                    "ID": f"vallum-{self._key(prefix).strip('/').replace('/', '-')}",
                    "Status": "Enabled",
                    "Filter": {"Prefix": self._key(prefix)},
                    "Expiration": {"Days": count},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                }
            )
        self._ask("put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": rules})

    def expires(self, prefix: str) -> int | None:
        whole = self._key(prefix)
        found = [
            int(rule["Expiration"]["Days"])
            for rule in self._rules()
            if rule.get("Status") == "Enabled"
            and whole.startswith(rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "\0")))
            and rule.get("Expiration", {}).get("Days")
            and rule.get("NoncurrentVersionExpiration", {}).get("NoncurrentDays") == 1
            and rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation") == 1
        ]
        return min(found, default=None)

    def _rules(self) -> list[dict[str, Any]]:
        try:
            return list(self._ask("get_bucket_lifecycle_configuration").get("Rules", ()))
        except self._use.missing:
            return []

    def _held(self, found: dict[str, Any], shape: Shape, at: Any, *, size: int = 0) -> Held:
        version = found.get("VersionId") or found.get("UploadId") or ""
        return Held(name=self._name(found["Key"]), size=size, at=at, shape=shape, version=version)

    def _pages(self, operation: str, prefix: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator(operation).paginate(Bucket=self._bucket.name, Prefix=self._key(prefix))
        with _said(self, self._use):
            yield from pages

    def _ask(self, operation: str, **values: Any) -> dict[str, Any]:
        with _said(self, self._use):
            return dict(getattr(self._client, operation)(Bucket=self._bucket.name, **values))

    def _key(self, name: str) -> str:
        return f"{self._bucket.prefix}{name}"

    def _name(self, key: str) -> str:
        return key.removeprefix(self._bucket.prefix)

    def _made(self) -> Any:
        import boto3  # noqa: PLC0415 - half a second that no other command needs
        from botocore.config import Config  # noqa: PLC0415 - as above

        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"mode": "standard", "total_max_attempts": self._use.attempts},
            # Each chunk proves itself when it is opened; older storages know no checksums in trailers.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        session = boto3.session.Session(
            aws_access_key_id=self._bucket.keys[0], aws_secret_access_key=self._bucket.keys[1]
        )
        client = session.client(
            "s3", endpoint_url=self._bucket.endpoint, region_name=self._bucket.region, config=config
        )
        client.meta.events.register("before-send.s3", self._sent)
        return client

    def _sent(self, request: Any, **_kwargs: Any) -> Any:
        """Answer in botocore's place: whatever its hook returns is the answer."""
        from botocore.awsrequest import AWSResponse  # noqa: PLC0415 - as above
        from botocore.exceptions import EndpointConnectionError  # noqa: PLC0415 - as above

        headers = {name: _word(value) for name, value in request.headers.items() if name.lower() not in _DROPPED}
        asked = http.Request(
            url=request.url,
            purpose=self._use.purpose,
            method=request.method,
            headers=headers,
            body=_whole(request.body),
        )
        try:
            found = http.fetch(asked, route=self._route, limits=self._use.limits)
        except TransportFailed as error:  # tried again by botocore
            raise EndpointConnectionError(endpoint_url=self._bucket.endpoint, error=error) from error
        return AWSResponse(found.url, found.status, found.headers, _Raw(found.body))


class _Raw(io.BytesIO):
    """What botocore takes for a body that is still on the wire."""

    def stream(self, amount: int = 1 << 16) -> Iterator[bytes]:
        while piece := self.read(amount):
            yield piece


class _TakenError(Exception):
    """Something has this name already."""


class _said:  # noqa: N801 - used as a word
    """botocore's errors and the guard's, as one sentence of ours."""

    def __init__(self, storage: Storage, use: Use) -> None:
        self._storage, self._use = storage, use

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

        if isinstance(error, ClientError):
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _TAKEN:
                raise _TakenError from error
            kind = self._use.missing if code in _MISSING else self._use.fault
            raise kind(f"{self._storage} answered {code or 'with an error'} to {error.operation_name}.") from error
        if isinstance(error, BotoCoreError | GuardError):
            raise self._use.fault(f"{self._storage} cannot be reached: {error}") from error


def _whole(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else bytes(body.read())


def _word(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
