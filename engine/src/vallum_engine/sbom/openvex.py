"""OpenVEX 0.2.0 as it is written: https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md."""

from collections.abc import Mapping, Sequence
from typing import Any

from vallum_engine import VERSION
from vallum_engine.model.naming import own_names
from vallum_engine.model.statement import AFFECTED, NOT_AFFECTED, Statement

Json = dict[str, Any]
NO_ACTION = "No action is stated."
"""Of what is affected a document has to say what to do about it."""


def head(*, identifier: str, author: str, at: str) -> Json:
    """A document without its statements. `identifier` is an IRI, `at` its time (RFC 3339)."""
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": identifier,
        "author": author,
        "role": "Document Creator",
        "timestamp": at,
        "version": 1,
        "tooling": f"Vallum {VERSION}",
    }


def statement(
    said: Statement, *, names: Sequence[str], products: Sequence[Json], identifier: str = "", notes: str = ""
) -> Json:
    """One statement. `names`: the vulnerability's, the first of which is its own; `notes`: what else is known of it."""
    name, *aliases = names
    told: Json = {
        "@id": identifier,
        "vulnerability": {"name": name, **({"aliases": aliases} if aliases else {})},
        "products": list(products),
        "status": said.status,
        "timestamp": said.at,
        "status_notes": notes,
        **_words(said),
    }
    return {key: value for key, value in told.items() if value}


def _words(said: Statement) -> Json:
    if said.status == NOT_AFFECTED:
        return {"justification": said.justification, "impact_statement": said.words}
    if said.status == AFFECTED:
        return {"action_statement": said.words or NO_ACTION, "action_statement_timestamp": said.at}
    return {"status_notes": said.words} if said.words else {}


def product(purl: str) -> Json:
    """A package that is the product itself."""
    return {"@id": purl, "identifiers": {"purl": purl}}


def names(rule: str, advisories: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The rule, then the other ids of the same vulnerability, of advisories as `model.plain` has them."""
    from_each = (own_names(str(a.get("id") or ""), [str(n) for n in a.get("aliases") or ()]) for a in advisories)
    return tuple(dict.fromkeys((rule, *(name for own in from_each for name in own))))
