"""An image's configuration as a text among its files: what people put secrets into, one thing a line."""

import json
from collections.abc import Mapping
from typing import Any

_MOST_ITEMS = 10_000
_LISTS = ("Env", "Cmd", "Entrypoint", "OnBuild", "Shell")
_TEXTS = ("User", "WorkingDir", "Image")


def configuration(config: Mapping[str, Any]) -> tuple[bytes, list[int]]:
    """The text, and the line of each step of the history. It is flat, whatever nests in the document."""
    own = _dict(config.get("config"))
    told: dict[str, Any] = {key: [str(each) for each in _list(own.get(key))] for key in _LISTS if own.get(key)}
    told |= {key: str(own[key]) for key in _TEXTS if own.get(key)}
    labels = list(_dict(own.get("Labels")).items())[:_MOST_ITEMS]
    if labels:
        told["Labels"] = {str(key): str(value) for key, value in labels}
    steps = [
        {"created_by": str(_dict(step).get("created_by") or ""), "comment": str(_dict(step).get("comment") or "")}
        for step in _list(config.get("history"))
    ]
    text = json.dumps({"config": told, "history": steps}, indent=1, ensure_ascii=False)
    lines = text.split("\n")
    start = lines.index(' "history": [') + 1 if steps else len(lines)
    found = [number for number, line in enumerate(lines[start:], start + 1) if line.startswith('   "created_by": ')]
    return text.encode("utf-8", "backslashreplace"), found


def _list(value: object) -> list[Any]:
    return value[:_MOST_ITEMS] if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
