"""A record of a decision, with the next free number."""

import re
from pathlib import Path

from dev.new.plan import Plan, Refused

FOLDER = "docs/adr"

_TEXT = """\
# {number}. {title}

Proposed.

## Context

What is the case, and what about it asks for a decision.

## Decision

What we do.

## Measured

The figures it rests on: what ran, on what, and what came out. If there are none, say so.

## Consequences

What becomes easier, what becomes harder, and what would reopen this.
"""


def plan(name: str, root: Path) -> Plan:
    if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name):
        raise Refused(f"{name!r} is no title: give words in lower case joined by hyphens.")
    taken = sorted(path.name for path in (root / FOLDER).glob("[0-9][0-9][0-9][0-9]-*.md"))
    if any(known[5:] == f"{name}.md" for known in taken):
        raise Refused(f"A decision called {name} exists in {FOLDER}: amend it, or choose another title.")
    number = int(taken[-1][:4]) + 1 if taken else 1
    path = f"{FOLDER}/{number:04}-{name}.md"
    title = name.replace("-", " ").capitalize()
    return Plan(create={path: _TEXT.format(number=number, title=title)}, todo=(f"Write {path}: one page.",))
