"""One question to the domain name system, asked by ourselves: A, AAAA and TXT, over UDP and, where it does not fit, TCP.

The C library looks up addresses well and nothing else. What comes back is a stranger's bytes: an answer counts only
when it repeats our number and our question, and nothing in it raises anything but a GuardError.
"""

import ipaddress
import secrets
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Final

from vallum_guard import urls
from vallum_guard.connect import let_pass
from vallum_guard.errors import BadUrl, TooSlow, TransportFailed, Unresolvable
from vallum_guard.ledger import Departure, Ledger, unrecorded

Server = tuple[str, int]
"""A nameserver's address and port."""
Name = tuple[bytes, ...]
"""Labels in lower case, without the root's."""

_PORT: Final = 53
_INTERNET: Final = 1
_RESOLV_CONF: Final = Path("/etc/resolv.conf")
_ROUNDS: Final = 2  # a datagram may get lost, once
_ALIASES: Final = 8
_LARGEST: Final = 65_535
_RESPONSE, _TRUNCATED, _OPCODE, _RCODE = 0x8000, 0x0200, 0x7800, 0x000F
_NO_SUCH_NAME: Final = 3
_REFUSALS: Final = {1: "it could not read the question", 2: "it failed", 4: "it cannot do that", 5: "it refused"}


class Kind(IntEnum):
    A = 1
    CNAME = 5
    TXT = 16
    AAAA = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    owner: Name
    kind: int
    data: bytes
    alias: Name | None  # what a CNAME points to


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    rcode: int
    truncated: bool
    records: tuple[_Record, ...]


class _NotOurs(TransportFailed):
    """A message that answers another question than ours: whoever sent it, we go on waiting."""


@dataclass(slots=True, kw_only=True)
class _Errand:
    """One look-up with all its tries: what it is for, and what it cost."""

    name: str
    kind: Kind
    servers: Sequence[Server]
    deadline: float
    address: str | None = None
    sent: int = 0
    received: int = 0


def txt(
    name: str,
    *,
    servers: Sequence[Server] | None = None,
    seconds: float = 5.0,
    purpose: str = "look-up",
    ledger: Ledger = unrecorded,
) -> tuple[str, ...]:
    """The texts published under this name, sorted; none where there are none. A failed look-up raises.

    The ledger's party is the name: it is its owner whose servers are asked in the end.
    """
    errand = _errand(name, Kind.TXT, servers, seconds)
    ok = False
    try:
        found = tuple(sorted({_text(data) for data in _look_up(errand)}))
        ok = True
    finally:
        ledger(
            Departure(
                party_host=name[:253],
                purpose=purpose,
                address=errand.address,
                sent_bytes=errand.sent,
                received_bytes=errand.received,
                ok=ok,
            )
        )
    return found


def addresses(name: str, *, servers: Sequence[Server] | None = None, seconds: float = 5.0) -> tuple[str, ...]:
    """Both families' addresses. If either look-up fails, so does this: half an answer would go unjudged."""
    deadline = monotonic() + seconds
    found: list[str] = []
    for kind, size in ((Kind.A, 4), (Kind.AAAA, 16)):
        for data in look_up(name, kind, servers=servers, seconds=max(deadline - monotonic(), 0.01)):
            if len(data) != size:
                raise Unresolvable(f"{name} has an address of {len(data)} bytes: its nameserver is broken.")
            found.append(str(ipaddress.ip_address(data)))
    return tuple(dict.fromkeys(found))


def resolver(servers: Sequence[Server], *, seconds: float = 5.0) -> Callable[[str, int], Sequence[str]]:
    """What `Route.resolver` takes: asks these servers, and neither /etc/hosts nor search domains."""
    return lambda host, _port: addresses(host, servers=servers, seconds=seconds)


def system_servers(path: Path = _RESOLV_CONF) -> tuple[Server, ...]:
    """The nameservers this machine's owner chose; its own address where the file names none, as the C library has it."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    words = [line.split() for line in lines]
    named = [each[1] for each in words if len(each) > 1 and each[0] == "nameserver"]
    return tuple((each, _PORT) for each in named if urls.literal_address(each) is not None) or (("127.0.0.1", _PORT),)


def read_servers(text: str) -> tuple[Server, ...]:
    """Reads `9.9.9.9, 10.0.0.53:5353, [2620:fe::fe]:53`."""
    return tuple(_server(each.strip()) for each in text.split(",") if each.strip())


def look_up(
    name: str, kind: Kind, *, servers: Sequence[Server] | None = None, seconds: float = 5.0
) -> tuple[bytes, ...]:
    """The data of all records of this kind, aliases followed; none where the name or the kind does not exist."""
    return _look_up(_errand(name, kind, servers, seconds))


def _errand(name: str, kind: Kind, servers: Sequence[Server] | None, seconds: float) -> _Errand:
    asked = tuple(servers) if servers is not None else system_servers()
    return _Errand(name=name, kind=kind, servers=asked, deadline=monotonic() + seconds)


def _look_up(errand: _Errand) -> tuple[bytes, ...]:
    wanted = _labels(errand.name)
    for _hop in range(_ALIASES):
        answer = _ask(errand, wanted)
        end, found = _follow(errand, wanted, answer.records)
        if found or end == wanted or answer.rcode == _NO_SUCH_NAME:
            return found
        wanted = end  # the server told the alias and not what stands there
    raise Unresolvable(f"{errand.name} is an alias of an alias, more than {_ALIASES} times.")


def _labels(name: str) -> Name:
    host = urls.ascii_host(name)
    if urls.literal_address(host) is not None:
        raise BadUrl(f"{name!r} is an address, not a name.")
    return tuple(label.encode() for label in host.split("."))


def _server(text: str) -> Server:
    place = text if text.endswith("]") or urls.literal_address(text) is None else f"[{text}]"
    host, colon, port = place.rpartition(":") if not place.endswith("]") else (place, "", "")
    number = int(port) if port.isascii() and port.isdigit() else 0 if colon else _PORT
    host = host.removeprefix("[").removesuffix("]")
    if urls.literal_address(host) is None or not 0 < number <= _LARGEST:
        raise BadUrl(f"{text!r} is no nameserver: write its address, with :port where it is not {_PORT}.")
    return host, number


def _ask(errand: _Errand, wanted: Name) -> _Answer:
    """The first usable answer; every server is asked, and once more, before the look-up has failed."""
    name = errand.name
    tries = list(product(range(_ROUNDS), errand.servers))
    problem: Exception = Unresolvable(f"{name} cannot be looked up: no nameserver is known here.")
    for index, (_round, server) in enumerate(tries):
        left = errand.deadline - monotonic()
        if left <= 0:
            break
        try:
            answer = _exchange(errand, server, wanted, monotonic() + left / (len(tries) - index))
        except TimeoutError:
            problem = TooSlow(f"Looking up {name}: {_shown(server)} did not answer in time.")
        except (OSError, TransportFailed) as error:
            problem = Unresolvable(f"{name} cannot be looked up at {_shown(server)} ({error}).")
        else:
            if answer.rcode in {0, _NO_SUCH_NAME}:
                return answer
            reason = _REFUSALS.get(answer.rcode, f"its code is {answer.rcode}")
            problem = Unresolvable(f"{name} cannot be looked up: {_shown(server)} answered that {reason}.")
    raise problem


def _exchange(errand: _Errand, server: Server, wanted: Name, until: float) -> _Answer:
    number = secrets.randbits(16)
    question = b"".join(bytes([len(label)]) + label for label in wanted) + struct.pack("!xHH", errand.kind, _INTERNET)
    message = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + question  # recursion desired
    errand.address = server[0]
    talk = _Talk(errand=errand, server=server, question=(number, wanted, errand.kind), until=until)
    answer = talk.by_datagram(message)
    return answer if not answer.truncated else talk.by_stream(message)


_Question = tuple[int, Name, Kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Talk:
    """One question to one server."""

    errand: _Errand
    server: Server
    question: _Question
    until: float

    def by_datagram(self, message: bytes) -> _Answer:
        """The kernel picks a random port and, as the socket is connected, drops what others send to it."""
        with _socket(self.server, socket.SOCK_DGRAM, self.until) as connection:
            connection.send(message)
            self.errand.sent += len(message)
            while True:
                _arm(connection, self.until)
                heard = connection.recv(_LARGEST)
                self.errand.received += len(heard)
                try:
                    return _read(heard, self.question)
                except _NotOurs:
                    continue

    def by_stream(self, message: bytes) -> _Answer:
        with _socket(self.server, socket.SOCK_STREAM, self.until) as connection:
            connection.sendall(struct.pack("!H", len(message)) + message)
            self.errand.sent += len(message) + 2
            size = int.from_bytes(_exactly(connection, 2, self.until), "big")
            heard = _exactly(connection, size, self.until)
            self.errand.received += len(heard) + 2
            answer = _read(heard, self.question)
        if answer.truncated:
            raise TransportFailed("a truncated answer over TCP")
        return answer


def _socket(server: Server, kind: socket.SocketKind, until: float) -> socket.socket:
    connection = socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, kind)
    try:
        _arm(connection, until)
        with let_pass(server):
            connection.connect(server)
    except BaseException:
        connection.close()
        raise
    return connection


def _arm(connection: socket.socket, until: float) -> None:
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    connection.settimeout(left)


def _exactly(connection: socket.socket, size: int, until: float) -> bytes:
    data = b""
    while len(data) < size:
        _arm(connection, until)
        piece = connection.recv(size - len(data))
        if not piece:
            raise TransportFailed("it hung up in mid-answer")
        data += piece
    return data


class _Reader:
    """A position in a message; whatever would lie outside is a TransportFailed."""

    def __init__(self, message: bytes, at: int = 0) -> None:
        self.message = message
        self.start = self.at = at

    def take(self, size: int) -> bytes:
        piece = self.message[self.at : self.at + size]
        if len(piece) < size:
            raise TransportFailed("an answer that ends too early")
        self.at += size
        return piece

    def number(self, size: int = 2) -> int:
        return int.from_bytes(self.take(size), "big")

    def name(self) -> Name:
        """Follows compression only to what stands before the part being read, so that no name is endless."""
        labels: list[bytes] = []
        here, end = _Reader(self.message, self.at), -1
        while size := here.number(1):
            if size >= 0xC0:
                pointer = (size & 0x3F) << 8 | here.number(1)
                end = here.at if end < 0 else end
                if pointer >= here.start:
                    raise TransportFailed("an answer whose names do not point backwards")
                here = _Reader(self.message, pointer)
                continue
            if size > 63 or len(labels) > 127:
                raise TransportFailed("an answer with an impossible name")
            labels.append(here.take(size).lower())
        self.at = here.at if end < 0 else end
        return tuple(labels)


def _read(message: bytes, question: _Question) -> _Answer:
    number, wanted, kind = question
    reader = _Reader(message)
    try:
        its_number, flags, questions, answers, _authorities, _more = (reader.number() for _ in range(6))
        asked = (reader.name(), reader.number(), reader.number())
    except TransportFailed as error:
        raise _NotOurs(str(error)) from error
    ours = its_number == number and flags & _RESPONSE and not flags & _OPCODE and questions == 1
    if not ours or asked != (wanted, kind, _INTERNET):
        raise _NotOurs("an answer to another question")
    truncated = bool(flags & _TRUNCATED)
    records = () if truncated else tuple(_records(reader, answers))
    return _Answer(rcode=flags & _RCODE, truncated=truncated, records=records)


def _records(reader: _Reader, count: int) -> Iterator[_Record]:
    for _ in range(count):
        owner, kind, family = reader.name(), reader.number(), reader.number()
        reader.take(4)  # how long it may be remembered: we remember nothing
        size = reader.number()
        start = reader.at
        data = reader.take(size)
        alias = None
        if kind == Kind.CNAME and family == _INTERNET:
            inner = _Reader(reader.message, start)
            alias = inner.name()
            if inner.at != start + size:
                raise TransportFailed("an answer with an alias of the wrong length")
        if family == _INTERNET:
            yield _Record(owner=owner, kind=kind, data=data, alias=alias)


def _follow(errand: _Errand, wanted: Name, records: Sequence[_Record]) -> tuple[Name, tuple[bytes, ...]]:
    """Where the aliases lead, and what stands there. Records about any other name are no answer to us."""
    seen = {wanted}
    aliases = {record.owner: record.alias for record in records if record.alias is not None}
    while (target := aliases.get(wanted)) is not None:
        if target in seen or len(seen) > _ALIASES:
            raise Unresolvable(f"{errand.name} is an alias that leads back to itself, or too far.")
        seen.add(target)
        wanted = target
    return wanted, tuple(record.data for record in records if record.owner == wanted and record.kind == errand.kind)


def _text(data: bytes) -> str:
    """A text travels as pieces of up to 255 bytes, which belong together without a space."""
    reader = _Reader(data)
    pieces: list[bytes] = []
    try:
        while reader.at < len(data):
            pieces.append(reader.take(reader.number(1)))
    except TransportFailed as error:
        raise Unresolvable("A text record is shorter than it says: its nameserver is broken.") from error
    return b"".join(pieces).decode("utf-8", "replace")


def _shown(server: Server) -> str:
    host, port = server
    return host if port == _PORT else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
