"""A requirement as PyPI's tools write it (PEP 508): a name, extras, a wish, conditions."""

import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s=<>!~,;]+)")


def requirement(text: str) -> tuple[str, str, str] | None:
    """Name, version where one is pinned, and the wish (`*` for none). None for what is no requirement, or names an address.

    Taken apart step by step; one expression for all of it would take cubic time on hostile lines.
    """
    bare = text.partition(";")[0].strip()
    name = _NAME.match(bare)
    if not name:
        return None
    rest = bare[name.end() :].strip()
    if rest.startswith("["):
        _, closed, rest = rest.partition("]")
        if not closed:
            return None
    wish = rest.strip().removeprefix("(").removesuffix(")").strip()
    version = pinned(wish)
    if version is None or not name[0][-1].isalnum():
        return None
    return name[0], version, wish or "*"


def address(text: str) -> tuple[str, str] | None:
    """Name and address of a requirement by address (`name @ https://…`)."""
    bare = text.partition(";")[0].strip()
    name = _NAME.match(bare)
    rest = bare[name.end() :].strip() if name else ""
    if rest.startswith("["):
        rest = rest.partition("]")[2].strip()
    return (name[0], rest[1:].strip()) if name and rest.startswith("@") else None


def pinned(specifiers: str) -> str | None:
    """The one version that is allowed, an empty string for a looser wish, None for what is no wish at all."""
    clauses = [clause.strip() for clause in specifiers.split(",") if clause.strip()]
    read = [_CLAUSE.fullmatch(clause) for clause in clauses]
    found = [clause for clause in read if clause]
    if len(found) < len(clauses):
        return None
    if len(found) == 1 and found[0][1] in {"==", "==="} and not found[0][2].endswith("*"):
        return found[0][2]
    return ""
