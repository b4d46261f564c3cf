"""What a JSON web token says of itself: whether it is one, and what speaks against its being of use to anybody.

https://datatracker.ietf.org/doc/html/rfc7519
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from vallum_engine.secrets.bases import from_base64url

_SHORT = 3_600
_LONGEST = 4_000


def is_token(value: bytes) -> bool:
    """Whether the first part is a header, an object that names an algorithm, and a signature is there unless that is none."""
    algorithm = _part(value, 0).get("alg")
    return isinstance(algorithm, str) and (not value.endswith(b".") or algorithm.lower() == "none")


def doubts(value: bytes, now: int | None) -> Iterator[str]:
    """Reasons to trust it less, in words. `now`: seconds since 1970, None when the caller has no clock."""
    algorithm = _part(value, 0).get("alg")
    if isinstance(algorithm, str) and algorithm.lower() == "none":
        yield "its header says that nobody signed it"
    claims = _part(value, 1)
    ends, begun = claims.get("exp"), claims.get("iat", claims.get("nbf"))
    if _is_moment(ends) and now is not None and ends < now:
        yield f"it expired {_ago(now - ends)} ago"
    elif _is_moment(ends) and _is_moment(begun) and 0 < ends - begun <= _SHORT:
        yield f"it is good for {max(int(ends - begun) // 60, 1)} minutes only"


def _is_moment(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1 << 40


def _ago(seconds: float) -> str:
    days = int(seconds // 86_400)
    return f"{days:,} days" if days > 1 else f"{max(int(seconds // 3_600), 1)} hours"


def _part(value: bytes, number: int) -> Mapping[str, Any]:
    parts = value.split(b".")
    text = parts[number][:_LONGEST] if number < len(parts) else b""
    try:
        found = json.loads(from_base64url(text + b"=" * (-len(text) % 4)))
    except (ValueError, RecursionError):  # not base64, not UTF-8, not JSON, or nested to break the reader
        return {}
    return found if isinstance(found, dict) else {}
