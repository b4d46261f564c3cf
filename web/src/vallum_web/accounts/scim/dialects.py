"""How Entra ID and Okta write a PATCH beside the letter of RFC 7644, spelled out so that the library reads it: pure.

The library itself takes `Replace` for `replace`, "False" for false, an unmatched `emails[type eq "work"].value` as an
address to make, and a `remove` that names its values. What is left:

- Entra ID without its `aadOptscim062020` flag puts paths with a filter into the keys of a value;
- Entra ID removes members by `{"$ref": null, "value": "…"}`, where null is no condition;
- Okta repeats the resource's own read-only `id`, `schemas` and `meta` in the value of a replace without a path.
"""

from collections.abc import Iterator, Mapping
from typing import Any

_OURS = frozenset({"id", "meta", "schemas"})


def spelled_out(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same PATCH with one operation for each path that stood in a key."""
    # Attribute names are read whatever their case (RFC 7643 §2.1).
    return {
        key: [each for operation in value for each in _operations(operation)]
        if key.lower() == "operations" and isinstance(value, list)
        else value
        for key, value in body.items()
    }


def _operations(operation: Any) -> Iterator[Any]:
    if not isinstance(operation, dict):
        yield operation
        return
    names = {key.lower(): key for key in operation}
    value, path = operation.get(names.get("value", "")), operation.get(names.get("path", ""))
    if str(operation.get(names.get("op", ""), "")).lower() == "remove":
        yield {**operation, **({names["value"]: _conditions(value)} if "value" in names else {})}
    elif not path and isinstance(value, dict):
        yield from _keys(operation, names, value)
    else:
        yield operation


def _keys(operation: dict[str, Any], names: Mapping[str, str], value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    filtered = {key: item for key, item in value.items() if "[" in key}
    plain = {key: item for key, item in value.items() if key not in filtered and key.lower() not in _OURS}
    if plain or not filtered:
        yield {**operation, names["value"]: plain}
    for key, item in filtered.items():
        yield {**operation, names.get("path", "path"): key, names["value"]: item}


def _conditions(value: Any) -> Any:
    if isinstance(value, list):
        return [_conditions(item) for item in value]
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    return value
