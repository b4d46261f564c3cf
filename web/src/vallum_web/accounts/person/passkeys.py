"""Where passkeys are possible: browsers bind them to a name, over TLS or on the machine itself. Pure."""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

LOCAL_NAME: Final = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """Whether passkeys work at the address a page was asked for; if not, where they would, if anywhere."""

    possible: bool
    instead: str = ""


def bound_to(public_url: str) -> str:
    """The name that passkeys of this installation are bound to; empty where it has none. An address is no name."""
    name = urlsplit(public_url).hostname or ""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    return LOCAL_NAME if address.is_loopback else ""


def here(asked: str, public_url: str) -> Here:
    """`asked` is the page's own address, as far as its host: `http://127.0.0.1:8000`."""
    name = bound_to(public_url)
    at, public = urlsplit(asked), urlsplit(public_url)
    if at.hostname == name and (public.scheme == "https" or name == LOCAL_NAME):
        return Here(possible=True)
    if name == LOCAL_NAME:
        port = f":{public.port}" if public.port else ""
        return Here(possible=False, instead=f"{public.scheme}://{LOCAL_NAME}{port}")
    return Here(possible=False, instead=public_url if name and public.scheme == "https" else "")
