"""One word, one meaning. The right-hand column of docs/glossary.md holds the words that stay outside."""

import ast
from collections.abc import Iterator

from dev.lint.rule import Rule, plays, shipped
from dev.lint.source import Source

INSTEAD = {
    "Alert": "Finding",
    "Engagement": "Scan",
    "Entity": "Resource",
    "Ignore": "Suppression",
    "Instance": "Occurrence",
    "Issue": "Finding",
    "Library": "Package",
    "Mute": "Suppression",
    "Product": "Asset",
    "Project": "Asset",
    "Scanner": "Detector",
    "Signature": "Rule",
    "Target": "Asset",
    "Vuln": "Vulnerability",
    "Waiver": "Suppression",
    "Workspace": "Org",
}


def _where(source: Source) -> bool:
    return shipped(source) and (
        plays(source, "models") or source.parts[:4] == ("engine", "src", "vallum_engine", "model")
    )


def check(source: Source) -> Iterator[tuple[int, str]]:
    for holder in source.nodes(ast.ClassDef):
        if instead := INSTEAD.get(holder.name):
            yield holder.lineno, f"the house says {instead}, not {holder.name}"


RULE = Rule(name="word", todo="use the word of docs/glossary.md", where=_where, check=check)
