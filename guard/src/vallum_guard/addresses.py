"""Which addresses are the public internet, and which are never to be reached from here.

`ipaddress.is_global` is no filter: it calls NAT64, 6to4 and SIIT forms of the metadata
address global, and knows no cloud's own addresses. So the table is ours, and an address
that carries an IPv4 address inside is judged by both.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from vallum_guard.errors import AddressDenied, BadOpening

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The ports of HTTPS. Any other needs an operator's opening.
PORTS: Final = frozenset({443, 8443})


def _table(rows: str) -> tuple[tuple[Network, str], ...]:
    pairs = (row.split(maxsplit=1) for row in rows.strip().splitlines())
    return tuple((ipaddress.ip_network(network), words.strip()) for network, words in pairs)


# Credentials of the machine itself are one request away here, so no opening reaches these.
_METADATA: Final = _table("""
    169.254.0.0/16          a link-local address, where clouds serve their metadata
    168.63.129.16/32        Azure's host agent
    100.100.100.200/32      Alibaba's metadata service
    192.0.0.192/32          Oracle's metadata service
    fd00:ec2::/32           AWS's metadata service
    fd00:c1::a9fe:a9fe/128  Oracle's metadata service
    fd00:100::100:200/128   Alibaba's metadata service
    fd20:ce::254/128        Google's metadata service
    fd00:42::42/128         Scaleway's metadata service
    fd00:a9fe:a9fe::/48     Akamai's metadata service
    fe80::a9fe:a9fe/128     OpenStack's metadata service
""")
# A network may translate IPv4 behind a prefix of its own, which nobody can know. These four are recognised at any
# address's end: one address in a thousand million is refused for nothing.
_TELL_TALE: Final = frozenset(
    map(ipaddress.IPv4Address, ("169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192"))
)

# IANA's special-purpose registries (November 2025), multicast, and what was special once and is routed by nobody.
_DENIED: Final = _table("""
    0.0.0.0/8           an address of this very host
    10.0.0.0/8          a private address
    100.64.0.0/10       a carrier's shared address
    127.0.0.0/8         a loopback address
    172.16.0.0/12       a private address
    192.0.0.0/24        an address for protocol assignments
    192.0.2.0/24        a documentation address
    192.31.196.0/24     an AS112 address
    192.52.193.0/24     an AMT relay address
    192.88.99.0/24      a 6to4 relay address
    192.168.0.0/16      a private address
    192.175.48.0/24     an AS112 address
    198.18.0.0/15       a benchmarking address
    198.51.100.0/24     a documentation address
    203.0.113.0/24      a documentation address
    224.0.0.0/4         a multicast address
    240.0.0.0/4         a reserved address
    ::/128              the unspecified address
    ::1/128             a loopback address
    ::/96               an IPv4-compatible address
    ::ffff:0:0/96       an IPv4-mapped address
    ::ffff:0:0:0/96     an IPv4-translated address
    64:ff9b:1::/48      a local translation (NAT64) address
    100::/64            a discard address
    100:0:0:1::/64      a dummy address
    2001::/23           an address for protocol assignments
    2001:db8::/32       a documentation address
    2002::/16           a 6to4 address
    2620:4f:8000::/48   an AS112 address
    3ffe::/16           a 6bone address
    3fff::/20           a documentation address
    5f00::/16           a segment-routing address
    fc00::/7            a private address
    fe80::/10           a link-local address
    fec0::/10           a site-local address
    ff00::/8            a multicast address
""")

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_LOW_32 = 0xFFFFFFFF
_TAILS: Final = tuple(
    ipaddress.IPv6Network(prefix) for prefix in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR: Final = ipaddress.IPv6Network("2002::/16")
_TEREDO: Final = ipaddress.IPv6Network("2001::/32")
_ISATAP_IDS: Final = frozenset({0x00005EFE, 0x02005EFE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an operator opens beside the public internet: networks, each with one port (`None`: any)."""

    entries: tuple[tuple[Network, int | None], ...] = ()
    ports: frozenset[int] = PORTS
    """Of the public internet: HTTPS' own, unless what is spoken is another protocol."""

    @classmethod
    def parse(cls, text: str) -> "Opening":
        """Reads `10.1.0.0/16:443,[fd12::/48]:8443,192.168.1.5:*`; an empty text opens nothing."""
        return cls(entries=tuple(_entry(part.strip()) for part in text.split(",") if part.strip()))

    def allows(self, address: Address, port: int) -> bool:
        return any(
            address.version == network.version and address in network and opened in (None, port)
            for network, opened in self.entries
        )

    def covers_port(self, port: int) -> bool:
        return any(opened in (None, port) for _, opened in self.entries)


NOTHING_OPENED: Final = Opening()


def read_networks(text: str) -> tuple[Network, ...]:
    """Reads `203.0.113.7, 2001:db8::/48`."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadOpening(f"{text!r} is no list of addresses and networks ({error}).") from error


def _entry(text: str) -> tuple[Network, int | None]:
    cidr, colon, port = text.rpartition(":")
    advice = "write cidr:port, for example 10.1.0.0/16:443 or [fd12::/48]:8443, and * for any port"
    bracketed = cidr.startswith("[") and cidr.endswith("]")
    if not colon or (not bracketed and set(cidr) & set("[]:")):
        raise BadOpening(f"Egress opening {text!r} has no port: {advice}.")
    if port != "*" and not (port.isascii() and port.isdigit() and 0 < int(port) <= 65_535):
        raise BadOpening(f"Egress opening {text!r} has no usable port: {advice}.")
    try:
        network = ipaddress.ip_network(cidr.strip("[]"))
    except ValueError as error:
        raise BadOpening(f"Egress opening {text!r} is no network ({error}): {advice}.") from error
    return network, None if port == "*" else int(port)


def embedded(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """Every IPv4 address that travels inside an IPv6 one, in whichever of the known ways."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    bits = int(address)
    if bits > 1 and any(address in network for network in _TAILS):  # :: and ::1 have meanings of their own
        yield ipaddress.IPv4Address(bits & _LOW_32)
    if address in _NAT64_LOCAL:  # RFC 6052 places the four bytes by the prefix's length, which we cannot know
        yield ipaddress.IPv4Address(bits & _LOW_32)
        yield ipaddress.IPv4Address((bits >> 64 & 0xFFFF) << 16 | (bits >> 40 & 0xFFFF))  # /48: around the zero byte
        yield ipaddress.IPv4Address(bits >> 24 & _LOW_32)  # /64
    if address in _SIX_TO_FOUR:
        yield ipaddress.IPv4Address(bits >> 80 & _LOW_32)
    if address in _TEREDO:
        yield ipaddress.IPv4Address(bits >> 64 & _LOW_32)
        yield ipaddress.IPv4Address(~bits & _LOW_32)
    if bits >> 32 & _LOW_32 in _ISATAP_IDS:
        yield ipaddress.IPv4Address(bits & _LOW_32)


def _listed(address: Address, table: tuple[tuple[Network, str], ...]) -> str | None:
    for network, words in table:
        if address.version == network.version and address in network:
            return f"{words} ({network})"
    return None


def never(address: Address) -> str | None:
    """Why no opening may ever reach this address; None when one may."""
    for each in (address, *embedded(address), *_told(address)):
        if listed := _listed(each, _METADATA):
            return listed if each == address else f"{each} in disguise, {listed}"
    return None


def _told(address: Address) -> Iterator[ipaddress.IPv4Address]:
    end = ipaddress.IPv4Address(int(address) & _LOW_32)
    if address.version == 6 and end in _TELL_TALE:
        yield end


def why_denied(address: Address) -> str | None:
    """Why this address is not the public internet; None when it is."""
    if reason := never(address):
        return reason
    for inner in embedded(address):
        if listed := _listed(inner, _DENIED):
            return f"{inner} in disguise, {listed}"
    if listed := _listed(address, _DENIED):
        return listed
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST and address not in _NAT64:
        return f"an address outside the public range ({_UNICAST})"
    return None


def check(address: str | Address, port: int, *, opening: Opening = NOTHING_OPENED) -> Address:
    """The address as a value, if it may be connected to at this port; else AddressDenied says why."""
    try:
        value = ipaddress.ip_address(address)
    except ValueError as error:
        raise AddressDenied(f"{address!r} is not an IP address.") from error
    if isinstance(value, ipaddress.IPv6Address) and value.scope_id is not None:
        raise AddressDenied(f"{value} names a network interface: only plain addresses are connected to.")
    if reason := never(value):
        raise AddressDenied(f"{value} is {reason}; it stays closed whatever is opened.")
    if opening.allows(value, port):
        return value
    if reason := why_denied(value):
        raise AddressDenied(
            f"{value} is {reason}, not on the public internet. "
            f"An operator can open it with VALLUM_EGRESS_ALLOW={_cidr(value)}:{port}."
        )
    if port not in opening.ports:
        raise AddressDenied(f"Port {port} is closed: only {', '.join(map(str, sorted(opening.ports)))} are open.")
    return value


def _cidr(address: Address) -> str:
    return f"{address}/32" if address.version == 4 else f"[{address}/128]"
