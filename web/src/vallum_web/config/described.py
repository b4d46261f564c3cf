"""Where the framework's description of parameters is not what OpenAPI 3.1 says: one example each, and no null, nor nothing as a value."""

from typing import Any

_NULL = {"type": "null"}


def settle(description: dict[str, Any]) -> None:
    for path in description["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                _settle(parameter)


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
