"""The feeds there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import IO

from vallum_engine.sca.exploitation import PUBLISHERS
from vallum_web.advisories import epss, kev
from vallum_web.advisories.errors import UnusableError
from vallum_web.advisories.release import Release, looks_like


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One feed: where it is, how it is read, and which columns of Threat are its facts."""

    id: str
    """Also the purpose that the egress registry foresees, and its entry."""
    title: str
    url: str
    packed: int
    """Bytes that may come over the wire."""
    read: Callable[[IO[bytes]], Release]
    facts: tuple[str, ...]
    """In the order of a row, after the CVE. The first one is never null where the feed has a row, and is what risk is made of."""
    stamp: str = ""
    """A column that gets the release's day, where a fact changed."""


EPSS = Kind(
    id="epss",
    title="EPSS",
    url=PUBLISHERS["epss"],
    packed=epss.MOST,
    read=epss.read,
    facts=("epss", "percentile"),
    stamp="epss_model_date",
)
KEV = Kind(
    id="kev",
    title="KEV",
    url=PUBLISHERS["kev"],
    packed=kev.MOST,
    read=kev.read,
    facts=("kev_added", "kev_due", "kev_ransomware"),
)
KINDS: Mapping[str, Kind] = MappingProxyType({kind.id: kind for kind in (EPSS, KEV)})


def recognised(start: bytes) -> Kind:
    """Which feed a file is, by how it begins. Raises UnusableError."""
    if start.startswith(b"#model_version:"):
        return EPSS
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return KEV
    raise UnusableError(
        f"It is {looks_like(start)}: neither EPSS scores, which begin with #model_version, nor CISA's JSON."
    )
