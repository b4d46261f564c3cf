"""Whether the name of a licence has the form of an SPDX expression (annex D of SPDX 2.3), not whether its ids are SPDX's."""

import re

_TOKEN = re.compile(r"\s*(?:(\()|(\))|(?:(AND|OR|WITH)(?![A-Za-z0-9.+:-]))|([A-Za-z0-9.+:-]+))\s*")
MOST = 2000
"""Letters of an expression; longer ones are names."""


def is_expression(text: str) -> bool:
    """Ids with `AND`, `OR` and `WITH` between them, parentheses closed."""
    if len(text) > MOST:
        return False
    at = depth = 0
    due = True  # an id, or a parenthesis that opens
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or bool(found[1] or found[4]) != due:
            return False
        depth += bool(found[1]) - bool(found[2])
        if depth < 0:
            return False
        due = bool(found[1] or found[3])
        at = found.end()
    return not due and not depth
