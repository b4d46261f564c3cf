"""Networks a token may be used from: pure."""

import ipaddress
from collections.abc import Iterable


def network(text: str) -> str:
    """`192.0.2.7` is `192.0.2.7/32`. Raises ValueError for what names no network."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValueError(f"{text.strip()[:60]!r} is no network: write 192.0.2.0/24 or 2001:db8::/32.") from None


def admitted(address: str, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks; an empty list admits all, an unknown address no list."""
    allowed = [ipaddress.ip_network(each) for each in networks]
    if not allowed:
        return True
    if not address:
        return False
    here = ipaddress.ip_address(address)
    return any(here.version == each.version and here in each for each in allowed)


def neighbourhood(text: str) -> str:
    """The /24 or /48 around an address or network; empty for none. Enough to recognise a place by, too little to find it."""
    try:
        found = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return ""
    widest = 24 if found.version == 4 else 48
    return str(found.supernet(new_prefix=widest) if found.prefixlen > widest else found)
