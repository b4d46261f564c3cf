"""The strict reading of a URL: what two parsers might read differently is refused, not guessed."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from vallum_guard import addresses
from vallum_guard.addresses import Address, Opening
from vallum_guard.errors import AddressDenied, BadUrl

_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<place>[^/?#]*)(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?"
)
_PLACE: Final = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_DOTS: Final = re.compile("[\u3002\uff0e\uff61]")  # what international names take for a dot
_LETTERS: Final = frozenset({"Ll", "Lm", "Lo", "Mc", "Mn", "Nd"})
_NUMERIC_LABEL: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_TREACHEROUS: Final = frozenset(
    {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "metadata", "instance-data"}
    | {"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal", "metadata.tencentyun.com"}
)
_OWN_FIELD: Final = "Give a credential in its own field, never inside the address: addresses end up in logs."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL taken apart. `host` is ASCII and lower case; `path` carries the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"


def _default_port(scheme: str) -> int:
    return 80 if scheme == "http" else 443


def parse(url: str, *, opening: Opening = addresses.NOTHING_OPENED) -> Target:
    """Reads an https URL strictly: what another parser might read differently is refused.

    Plain http and IP addresses pass only where the opening names them.
    """
    shown = redact(url)
    if len(url) > 2_048:
        raise BadUrl(f"The address is {len(url)} characters long; 2,048 are allowed.")
    if any(character <= " " or character in "\\\x7f" for character in url) or not url.isprintable():
        raise BadUrl(f"{shown!r} holds a space, a backslash or a control character: write it without.")
    match = _URL.fullmatch(url)
    if match is None:
        reason = "a fragment (#…)" if "#" in url and "://" in url else "no https:// in front"
        raise BadUrl(f"{shown!r} is not an address we fetch: it has {reason}.")
    scheme = match["scheme"].lower()
    if scheme not in {"https", "http"}:
        raise BadUrl(f"{shown!r} uses {scheme}://; only https:// is fetched.")
    if "@" in match["place"]:
        raise BadUrl(f"{shown!r} carries a user name or password. {_OWN_FIELD}")
    place = _PLACE.fullmatch(match["place"])
    if place is None:
        raise BadUrl(f"{shown!r} has no readable host and port.")
    host = _literal(place["v6"]) if place["v6"] else ascii_host(place["name"])
    target = Target(
        scheme=scheme,
        host=host,
        port=int(place["port"]) if place["port"] else _default_port(scheme),
        path=_path(match["path"] or "/", match["query"] or "", shown),
    )
    _admit(target, opening)
    return target


def split_place(text: str) -> tuple[str, int]:
    """Host and port of a CONNECT request; the port is owed."""
    place = _PLACE.fullmatch(text)
    if place is None or not place["port"]:
        raise BadUrl(f"{text!r} is not host:port.")
    return _literal(place["v6"]) if place["v6"] else ascii_host(place["name"]), int(place["port"])


def service(text: str, *, port: int, opening: Opening = addresses.NOTHING_OPENED) -> Target:
    """`host` or `host:port` of what speaks TLS and is no website; `port` where none is named. As strict as `parse`."""
    place = _PLACE.fullmatch(text) if len(text) <= 260 and text.isprintable() else None
    if place is None:
        raise BadUrl(f"{redact(text)[:260]!r} is not host or host:port.")
    host = _literal(place["v6"]) if place["v6"] else ascii_host(place["name"])
    target = Target(scheme="tls", host=host, port=int(place["port"] or port), path="")
    _admit(target, opening)
    return target


def redact(url: str) -> str:
    """The URL as it may be shown: anything before an @ may be a password, and a password may hold any character."""
    if "@" not in url:
        return url
    head, slashes, _rest = url.partition("://") if "://" in url else ("", "", url)
    return f"{head}{slashes}…@{url.rpartition('@')[2]}"


def is_treacherous(host: str) -> bool:
    """Whether the name is known to lead to the machine that looks it up, or to its cloud's metadata."""
    return host in _TREACHEROUS or host.endswith(".localhost")


def authority_of(url: str) -> str:
    """Scheme, host and port as written: for telling whether two URLs go to the same place."""
    return url[: len(url) - len(url.partition("://")[2].partition("/")[2])].rstrip("/").lower()


def _path(path: str, query: str, shown: str) -> str:
    if not (path + query).isascii():
        raise BadUrl(f"{shown!r} has characters outside ASCII in its path: write them percent-encoded.")
    return path + query


def _literal(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError as error:
        raise BadUrl(f"[{text}] is not an IPv6 address.") from error


def ascii_host(name: str) -> str:
    """The host as it is asked for in DNS: one form, whatever alphabet or width it was typed in.

    Refused are letters that the two generations of international names read differently (ß, ς, joiners), what is no
    letter at all (a fraction's slash), and numbers in other digits.
    """
    if len(name) > 253:
        raise BadUrl(f"The host name is {len(name)} characters long; 253 are allowed.")
    folded = unicodedata.normalize("NFKC", name).lower()
    try:
        host = folded if folded.isascii() else _international(folded)
    except UnicodeError as error:
        raise BadUrl(f"{name!r} is not a host name that can be written in ASCII.") from error
    host = host.removesuffix(".")
    if _NAME.fullmatch(host) is None or len(host) > 253:
        raise BadUrl(f"{name!r} is not a host name.")
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        return _dotted(host, name)
    return host


def _international(folded: str) -> str:
    dotted = _DOTS.sub(".", folded)
    host = dotted.encode("idna").decode("ascii").lower()
    drawn = any(not each.isascii() and unicodedata.category(each) not in _LETTERS for each in dotted)
    if drawn or dotted.rstrip(".").rpartition(".")[2].isdecimal() or host.encode().decode("idna") != dotted:
        raise UnicodeError
    return host


def _dotted(host: str, name: str) -> str:
    """Resolvers read 0x7f.1, 017700000001 and 2130706433 as addresses; we read only four decimals."""
    try:
        return str(ipaddress.IPv4Address(host))
    except ValueError as error:
        raise BadUrl(f"{name!r} is a number in disguise, not a host name: write the name.") from error


def literal_address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _admit(target: Target, opening: Opening) -> None:
    if not 0 < target.port <= 65_535:
        raise BadUrl(f"{target.url} has no usable port.")
    literal = literal_address(target.host)
    if literal is not None and (reason := addresses.never(literal)):
        raise AddressDenied(f"{target.host} is {reason}; it stays closed whatever is opened.")
    if literal is not None and not opening.allows(literal, target.port):
        reason = addresses.why_denied(literal)
        raise AddressDenied(
            f"{target.url} names {f'{literal}, {reason}' if reason else 'an IP address'}: write the host's name."
        )
    if target.scheme == "http" and not opening.covers_port(target.port):
        raise BadUrl(f"{target.url} is not encrypted: write https://.")
    if target.port not in opening.ports and not opening.covers_port(target.port):
        allowed = ", ".join(map(str, sorted(opening.ports)))
        raise BadUrl(f"{target.url} goes to port {target.port}; only {allowed} are open.")
