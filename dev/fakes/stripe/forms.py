"""Bodies and queries as Stripe reads them: `items[0][price]=p` is nested, and every leaf is text."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from dev.fakes.stripe.errors import Refused

MOST_FIELDS: Final = 2000
DEEPEST: Final = 8
_KEY: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(text: str) -> dict[str, Any]:
    """Lists come from `a[]=…` and from `a[0]=…`; a key that is both a value and a group is refused."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused("The body is no form, or has more than 2,000 fields.", early=True) from error
    found: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        parts = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
        if not parts or len(parts) > DEEPEST:
            raise Refused(f"{key!r} is no name of a parameter.", early=True)
        _put(found, parts, value, key)
    return {name: _lists(value) for name, value in found.items()}


def _put(into: dict[str, Any], parts: list[str], value: str, key: str) -> None:
    for part in parts[:-1]:
        inner = into.setdefault(part or str(len(into)), {})
        if not isinstance(inner, dict):
            raise Refused(f"{key} is a value and a group.", early=True)
        into = inner
    last = parts[-1] or str(len(into))
    if isinstance(into.get(last), dict):
        raise Refused(f"{key} is a value and a group.", early=True)
    into[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
