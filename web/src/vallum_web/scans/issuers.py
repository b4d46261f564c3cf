"""Who can be asked whether a secret still works: from the rules that come with the scanner."""

from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from vallum_engine.secrets import liveness, rulebook
from vallum_engine.secrets.rule import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """One host, for which secrets it is asked, and in which words."""

    host: str
    secrets: tuple[str, ...]
    questions: tuple[str, ...]
    """`GET /user, the secret in a header`."""


@cache
def issuers() -> tuple[Issuer, ...]:
    """By host. The first call reads the packaged rules, a third of a second."""
    found: dict[str, list[tuple[str, Check]]] = {}
    for rule in rulebook.packaged().rules:
        if rule.verify:
            found.setdefault(liveness.host(rule.verify), []).append((rule.title, rule.verify))
    return tuple(
        Issuer(
            host=host,
            secrets=tuple(sorted({title for title, _ in asked})),
            questions=tuple(sorted({_question(check) for _, check in asked})),
        )
        for host, asked in sorted(found.items())
    )


@cache
def askable() -> frozenset[str]:
    """The rules about whose findings an issuer can be asked. The first call reads the packaged rules."""
    return frozenset(rule.id for rule in rulebook.packaged().rules if rule.verify)


def _question(check: Check) -> str:
    address = urlsplit(check.url)
    query = f"?{address.query}" if address.query else ""
    return f"{check.method} {address.path or '/'}{query}, {_where(check)}"


def _where(check: Check) -> str:
    if "{secret}" in check.url:
        return "the secret in the address"
    return "the secret in the body" if "{secret}" in check.body else "the secret in a header"
