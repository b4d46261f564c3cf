"""Places on a network, as scanners of running systems name them: addresses, hosts and ports, and links in their texts."""

import html
import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from vallum_engine.model.finding import Location

_LINK = re.compile(r"https?://[^\s<>\"'|]+")
_SENTENCE = re.compile(r"[.:;](?:\s|$)|\n")
_NUMBERS = re.compile(r"\b0x[0-9a-f]+\b|\d+", re.IGNORECASE | re.ASCII)


def address(url: object, base: object = "") -> str:
    """A web address as a place: no password, no fragment, and of its query only the names, for values differ each time.

    It is taken as a path of `base` where it has no host of its own. What is no address stays as it is.
    """
    text = str(url or "").strip()
    try:
        if base:
            text = urljoin(str(base), text)
        parts = urlsplit(text)
        if not parts.netloc:
            return text.partition("#")[0].partition("?")[0]
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return text.partition("#")[0].partition("?")[0]
    names = [pair.partition("=")[0] for pair in parts.query.split("&") if pair]
    query = "?" + "&".join(dict.fromkeys(names)) if names else ""
    return f"{parts.scheme}://{host}{parts.path}{query}"


def at_address(url: object, base: object = "") -> tuple[Location, ...]:
    """The one place that an address is; none for an empty one."""
    known = address(url, base)
    return (Location(path=known),) if known else ()


def at_port(host: object, port: object = "", protocol: object = "") -> tuple[Location, ...]:
    """`host`, `host:port` or `host:port/protocol`; port 0 and `general` stand for the host. None where no host is given."""
    name, number, kind = (str(part or "").strip() for part in (host, port, protocol))
    if not name:
        return ()
    if not number.isdecimal() or int(number) == 0:
        return (Location(path=name),)
    shown = f"[{name}]" if ":" in name else name
    return (Location(path=f"{shown}:{number}" + (f"/{kind.lower()}" if kind.isalnum() else "")),)


def links(*values: object) -> tuple[str, ...]:
    """The web addresses that stand in texts or HTML, in order."""
    found = (match[0].rstrip(".,;)") for value in values for match in _LINK.finditer(html.unescape(str(value or ""))))
    return tuple(dict.fromkeys(found))


def gist(text: object) -> str:
    """What a scanner's message says without what changes from scan to scan: its first sentence, numbers left out."""
    first = _SENTENCE.split(str(text or "").strip(), maxsplit=1)[0]
    return " ".join(_NUMBERS.sub("#", first).split())


def joined(parts: Iterable[str]) -> str:
    """Paragraphs as one text, without the empty ones and without one that was said before."""
    return "\n\n".join(dict.fromkeys(part.strip() for part in parts if part.strip()))
