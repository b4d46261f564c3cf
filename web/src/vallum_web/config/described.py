"""What the framework's description does not say, or not as OpenAPI 3.1 does.

Parameters have one example each, and neither null nor nothing as a value. What holds for every call is said at each.
"""

from typing import Any

_NULL = {"type": "null"}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 257},
    "description": "A key of the caller's own: the same call under the same key is done once in 24 hours, and answered as before.",
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}


def settle(description: dict[str, Any]) -> None:
    for path in description["paths"].values():
        for method, operation in path.items():
            for parameter in operation["parameters"]:
                _settle(parameter)
            if method != "get":
                operation["parameters"].append(dict(_KEY))


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
