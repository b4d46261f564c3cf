"""Hackage and GHC: numbers between dots, one by one; more of them are later. CRAN and Bioconductor part them by `-` as well."""

import re

from vallum_engine.sca.versions.numbers import number

_DOTTED = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_HYPHENED = re.compile(r"\d+(?:[.-]\d+)*", re.ASCII)
_MORE, _END = b"\x01", b"\x00"


def key(version: str) -> bytes | None:
    """The order of Cabal's Version: https://hackage.haskell.org/package/Cabal-syntax."""
    return _key(version) if _DOTTED.fullmatch(version) else None


def r_key(version: str) -> bytes | None:
    """The order of R's package_version(): at least two numbers, `1.2-3` being `1.2.3`."""
    return _key(version.replace("-", ".")) if _HYPHENED.fullmatch(version) else None


def _key(version: str) -> bytes | None:
    try:
        return b"".join(_MORE + number(part) for part in version.split(".")) + _END
    except ValueError:
        return None
