"""What the framework's description does not say, or not as OpenAPI 3.1 does.

Parameters have one example each, and neither null nor nothing as a value. What holds for every call is said at each.
"""

from typing import Any

_NULL = {"type": "null"}
_CONDITION = {
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "example": '"6b86b273ff34fce19d6b804eff5a3f57"',
}
_NONE_MATCH = {
    **_CONDITION,
    "name": "If-None-Match",
    "description": "The `ETag` of an answer that the caller has: 304 without a body while it is the same.",
}
_MATCH = {
    **_CONDITION,
    "name": "If-Match",
    "description": "The `ETag` of the object as the caller knows it: 412, and nothing is done, when it has changed.",
}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    "description": "A key of the caller's own: the same call under the same key is done once in 24 hours, and answered as before.",
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}


def settle(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            for parameter in operation["parameters"]:
                _settle(parameter)
            operation["parameters"] += (
                [_NONE_MATCH] if method == "get" else [_KEY, _MATCH] if _is_one(path, description) else [_KEY]
            )


def _settle(parameter: dict[str, Any]) -> None:
    """A query string knows no null, an empty value is none, and a list of examples belongs into the schema alone."""
    parameter.pop("examples", None)
    schema = parameter["schema"]
    if schema.get("default") == "":
        del schema["default"]
    if "examples" in schema:
        parameter["example"] = schema["examples"][0]
    choices = [choice for choice in schema.pop("anyOf", ()) if choice != _NULL]
    if len(choices) == 1:
        schema.update(choices[0])
    elif choices:
        schema["anyOf"] = choices


def _is_one(path: str, description: dict[str, Any]) -> bool:
    """Whether an address names an object that can be read, or a part of one; what is put into a list of it is none."""
    if "get" in description["paths"][path] and not path.endswith("}"):
        return False
    known = [each for each, operations in description["paths"].items() if each.endswith("}") and "get" in operations]
    return any(f"{path}/".startswith(f"{each}/") for each in known)
