"""Where an image's own layers begin, above those of the image that it was built on.

Buildpacks write the digest of the base's last layer into a label. Of other images the history tells: a base ends with its own
command (`CMD`, `ENTRYPOINT`), which makes no layer and stands below a step that does.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from vallum_engine.model.text import printable

_BUILDPACKS = "io.buildpacks.lifecycle.metadata"
_NAMES = ("org.opencontainers.image.base.name", "io.buildpacks.base.id")
_COMMAND = re.compile(r"(?:/bin/sh -c )?(?:#\(nop\) +)?(?:CMD|ENTRYPOINT)\b")
_MOST_LETTERS = 300


def base_name(config: Mapping[str, Any]) -> str:
    """The base image's name where a label has it."""
    labels = _labels(config)
    return printable(next((str(labels[key])[:_MOST_LETTERS] for key in _NAMES if labels.get(key)), ""))


def base_layers(
    config: Mapping[str, Any], digests: Sequence[str], history: Sequence[Mapping[str, Any]], count: int
) -> int:
    """How many of the `count` layers are the base's; 0 where nothing tells."""
    if top := _top_layer(_labels(config).get(_BUILDPACKS)):
        return digests.index(top) + 1 if top in digests else 0
    layers = sum(not step.get("empty_layer") for step in history)
    if layers != count:
        return 0
    above = 0
    for step in reversed(history):
        if not step.get("empty_layer"):
            above += 1
        elif above and _COMMAND.match(str(step.get("created_by") or "")):
            return count - above
    return 0


def _top_layer(label: object) -> str:
    try:
        told = json.loads(label) if isinstance(label, str) and len(label) < 1 << 20 else None
        return str(told["runImage"]["topLayer"]) if told else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _labels(config: Mapping[str, Any]) -> Mapping[str, Any]:
    own = config.get("config")
    labels = own.get("Labels") if isinstance(own, dict) else None
    return labels if isinstance(labels, dict) else {}
