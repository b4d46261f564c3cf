"""Addresses that differ from the present one in a few parameters: the address bar is the state of a list."""

from collections.abc import Mapping

from django.http import QueryDict

# A cursor belongs to one order and one filter: any other change starts the list again.
CURSORS = ("after", "before")


def changed(query: QueryDict, changes: Mapping[str, object]) -> str:
    """The query with `changes` applied; None and the empty string remove a parameter."""
    result = query.copy()
    for name in CURSORS:
        result.pop(name, None)
    for name, value in changes.items():
        if value is None or value == "":
            result.pop(name, None)
        elif isinstance(value, list | tuple | set | frozenset):
            result.setlist(name, [str(item) for item in value])
        else:
            result[name] = str(value)
    return "?" + result.urlencode()
