"""JSON of many values, written one a line: a document of a million parts is read by eye, and told apart by `diff`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def lines(values: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What stands between the brackets of an array."""
    before = "\n  "
    for value in values:
        yield before + json.dumps(value)
        before = ",\n  "
