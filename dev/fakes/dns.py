"""A nameserver on loopback, over UDP and TCP, that answers what a test wrote down: the truth, a lie, or nothing.

Each name and kind has a list of replies. They are given one after the other and the last one stays, so that a name can
move between two look-ups.
"""

import ipaddress
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from types import TracebackType
from typing import Any, Final, Self

KINDS: Final = {"A": 1, "NS": 2, "CNAME": 5, "TXT": 16, "AAAA": 28}
_NAMES: Final = {number: word for word, number in KINDS.items()}
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = range(6)
ROOM: Final = 512
"""Bytes that fit into a datagram; what is longer comes over TCP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`owner` empty: the name that was asked for."""

    kind: str
    value: str
    owner: str = ""
    ttl: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said to one question. `twist` changes the finished bytes; `lost` says nothing at all."""

    records: tuple[Record, ...] = ()
    rcode: int = NO_ERROR
    truncated: bool = False  # in datagrams, whatever the length
    lost: bool = False
    before: tuple[bytes, ...] = ()  # datagrams that come first, from the same port
    twist: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    name: str
    kind: str
    by: str
    """`udp` or `tcp`."""


def records(kind: str, *values: str, ttl: int = 0) -> Reply:
    return Reply(records=tuple(Record(kind=kind, value=value, ttl=ttl) for value in values))


def chain(*names: str, kind: str, values: tuple[str, ...]) -> Reply:
    """The first of these is an alias of the next, and so on; the values stand at the last."""
    links = [Record(kind="CNAME", value=to, owner=owner) for owner, to in pairwise(names)]
    ends = [Record(kind=kind, value=value, owner=names[-1]) for value in values]
    return Reply(records=(*links, *ends))


@dataclass(kw_only=True)
class Nameserver:
    """`with Nameserver() as dns:` listens on `dns.place`; unknown names do not exist, unknown kinds are empty."""

    host: str = "127.0.0.1"
    asked: list[Question] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._script: dict[str, dict[str, list[Reply]]] = {}
        self._lock = threading.Lock()

    def say(self, name: str, kind: str, *replies: Reply) -> None:
        """The first look-up gets the first reply, and so on; the last one stays."""
        self._script.setdefault(name, {})[kind] = list(replies)

    def publish(self, name: str, kind: str, *values: str) -> None:
        self.say(name, kind, records(kind, *values))

    def forget(self, name: str) -> None:
        self._script.pop(name, None)

    def __enter__(self) -> Self:
        while True:
            datagrams = _Datagrams((self.host, 0), _Datagram)
            try:
                streams = _Streams(datagrams.server_address[:2], _Stream)
            except OSError:  # somebody's TCP has this number already
                datagrams.server_close()
                continue
            break
        self._servers: list[socketserver.BaseServer] = [datagrams, streams]
        self.place: tuple[str, int] = (self.host, datagrams.server_address[1])
        for server in (datagrams, streams):
            server.nameserver = self
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def answer(self, message: bytes, by: str) -> list[bytes]:
        """The messages to send back."""
        number, _flags, _questions = struct.unpack("!3H", message[:6])
        labels, at = _labels(message, 12)
        kind = _NAMES.get(int.from_bytes(message[at : at + 2], "big"), "?")
        name = ".".join(labels)
        reply = self._reply(Question(name=name, kind=kind, by=by))
        if reply.lost:
            return []
        question = message[12 : at + 4]
        body = b"".join(_packed(record, name) for record in reply.records)
        too_long = by == "udp" and (reply.truncated or 12 + len(question) + len(body) > ROOM)
        flags = 0x8180 | (0x0200 if too_long else 0) | reply.rcode
        head = struct.pack("!6H", number, flags, 1, 0 if too_long else len(reply.records), 0, 0)
        return [*reply.before, reply.twist(head + question + (b"" if too_long else body))]

    def _reply(self, question: Question) -> Reply:
        with self._lock:
            self.asked.append(question)
            kinds = self._script.get(question.name)
            if kinds is None:
                return Reply(rcode=NO_SUCH_NAME)
            script = kinds.get(question.kind) or [Reply()]
            # A retry over TCP is the same look-up.
            return script[0] if len(script) == 1 or (script[0].truncated and question.by == "udp") else script.pop(0)


def _labels(message: bytes, at: int) -> tuple[list[str], int]:
    labels = []
    while size := message[at]:
        labels.append(message[at + 1 : at + 1 + size].decode("ascii").lower())
        at += 1 + size
    return labels, at + 1


def _name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def _packed(record: Record, asked: str) -> bytes:
    data = _data(record)
    head = struct.pack("!HHIH", KINDS[record.kind], 1, record.ttl, len(data))
    return _name(record.owner or asked) + head + data


def _data(record: Record) -> bytes:
    if record.kind in {"A", "AAAA"}:
        return ipaddress.ip_address(record.value).packed
    if record.kind == "TXT":
        text = record.value.encode()
        pieces = [text[at : at + 255] for at in range(0, len(text), 255)] or [b""]
        return b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return _name(record.value)


class _Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        message, connection = self.request
        server: Any = self.server
        for each in server.nameserver.answer(message, "udp"):
            connection.sendto(each, self.client_address)


class _Stream(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        size = int.from_bytes(self.rfile.read(2), "big")
        server: Any = self.server
        for each in server.nameserver.answer(self.rfile.read(size), "tcp"):
            self.wfile.write(struct.pack("!H", len(each)) + each)


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True
    nameserver: Nameserver


class _Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    address_family = socket.AF_INET
    nameserver: Nameserver
