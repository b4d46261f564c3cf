"""A receiver of syslog over TLS on loopback: RFC 5425's frames, RFC 5424's messages. What it cannot read it hangs up on."""

import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import trustme

from dev.fakes.loopback import Loud

LONGEST: Final = 8192
"""Octets of a message that a receiver should take (RFC 5425, 4.3.1)."""
_BOM: Final = b"\xef\xbb\xbf"
_HEADER: Final = re.compile(
    rb"<(?P<priority>[0-9]{1,3})>1 (?P<timestamp>-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    rb"(?:Z|[+-][0-9]{2}:[0-9]{2})) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128}) "
    rb"(?P<kind>[!-~]{1,32}) -(?: (?P<text>.*))?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    facility: int
    severity: int
    timestamp: str
    host: str
    app: str
    kind: str
    text: str


class Unreadable(Exception):
    """No frame, or no message; what says so is loud in the test that caused it."""


@dataclass(kw_only=True)
class Receiver:
    """`closes`: it parts as TLS asks, else it just hangs up. `deaf`: it hangs up before it reads anything."""

    port: int = 0
    authority: Path | None = None
    closes: bool = True
    deaf: bool = False
    taken: list[Message] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def opening(self) -> str:
        """For VALLUM_EGRESS_ALLOW."""
        return f"127.0.0.1/32:{self.port}"

    def listen(self, channel: ssl.SSLSocket) -> None:
        """One connection, to its end. Messages of a frame that breaks off are not taken."""
        stream = b""
        while piece := channel.recv(65_536):
            stream += piece
            try:
                stream = self._frames(stream)
            except Unreadable as error:
                self.faults.append(str(error))
                return
        if stream:
            self.faults.append(f"the last frame breaks off: {stream[:40]!r}")
        if self.closes:
            channel.unwrap()

    def _frames(self, stream: bytes) -> bytes:
        while match := re.match(rb"([1-9][0-9]{0,8}) ", stream):
            length, start = int(match[1]), match.end()
            if length > LONGEST:
                raise Unreadable(f"a message of {length} octets")
            if len(stream) < start + length:
                return stream
            self.taken.append(read(stream[start : start + length]))
            stream = stream[start + length :]
        if stream and not re.fullmatch(rb"[1-9][0-9]{0,8}", stream):
            raise Unreadable(f"no frame: {stream[:40]!r}")
        return stream


def read(message: bytes) -> Message:
    """Raises Unreadable."""
    match = _HEADER.fullmatch(message)
    if match is None or int(match["priority"]) > 191:
        raise Unreadable(f"no message of RFC 5424: {message[:80]!r}")
    text = match["text"] or b""
    if text and not text.startswith(_BOM):
        raise Unreadable(f"a text without its mark of UTF-8: {text[:40]!r}")
    facility, severity = divmod(int(match["priority"]), 8)
    return Message(
        facility=facility,
        severity=severity,
        timestamp=match["timestamp"].decode(),
        host=match["host"].decode(),
        app=match["app"].decode(),
        kind=match["kind"].decode(),
        text=text.removeprefix(_BOM).decode("utf-8"),
    )


class _Handler(socketserver.BaseRequestHandler):
    receiver: Receiver
    context: ssl.SSLContext

    def handle(self) -> None:
        self.request.settimeout(30)
        with self.context.wrap_socket(self.request, server_side=True) as channel:
            if not self.receiver.deaf:
                self.receiver.listen(channel)


@contextmanager
def receiving(folder: Path, *, wants_certificate: bool = False) -> Iterator[Receiver]:
    """Listen until the block ends; the authority's file lies in the folder. `wants_certificate`: of whoever sends."""
    authority, receiver = trustme.CA(), Receiver()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    if wants_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    handler = type("Handler", (_Handler,), {"receiver": receiver, "context": context})
    with Loud(("127.0.0.1", 0), handler) as server:
        receiver.port = server.server_address[1]
        receiver.authority = folder / f"authority-{receiver.port}.pem"
        authority.cert_pem.write_to_path(receiver.authority)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()
