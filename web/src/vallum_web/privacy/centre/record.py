"""The record of processing (GDPR, Article 30), out of the data registry and the egress registry: nothing of it is written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vallum_web.tenancy.egress_registry import Party, parties
from vallum_web.tenancy.registry import Category, Entry, declared

BASES: Mapping[Category, str] = {
    Category.ACCOUNT: "contract (Article 6(1)(b))",
    Category.ORGANIZATION: "contract (Article 6(1)(b))",
    Category.SCAN: "on behalf of the organization (Article 28)",
    Category.USAGE: "legitimate interest in a safe service (Article 6(1)(f))",
    Category.PAYMENT: "contract and legal duty (Article 6(1)(b) and (c))",
    Category.OPERATION: "none needed: it names nobody",
}
SUBJECTS: Mapping[Category, str] = {
    Category.ACCOUNT: "people with an account, and people who ask us something",
    Category.ORGANIZATION: "members of organizations",
    Category.SCAN: "members of organizations; people whom scanned material names",
    Category.USAGE: "people with an account, and visitors",
    Category.PAYMENT: "owners and billing contacts of organizations",
    Category.OPERATION: "nobody",
}
SECURITY: Sequence[str] = (
    "connections are encrypted with TLS 1.3",
    "credentials and other secrets are sealed under keys that lie apart from the database",
    "passwords are hashed with bcrypt",
    "rows of organizations are kept apart by the database itself (row-level security)",
    "what is scanned runs in a sandbox without a network",
    "who did what is in an audit log whose entries prove each other",
)
COLUMNS = ("purpose", "category", "subjects", "basis", "data", "kept", "erasure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One purpose, with all that is kept for it."""

    purpose: str
    category: Category
    kept: str
    erasure: str
    data: tuple[str, ...]

    @property
    def basis(self) -> str:
        return BASES[self.category]

    @property
    def subjects(self) -> str:
        return SUBJECTS[self.category]


@cache
def activities() -> tuple[Activity, ...]:
    """By category, then by purpose; what names nobody last."""
    found: dict[tuple[Category, str, str, str], list[Entry]] = {}
    for entry in declared():
        found.setdefault((entry.category, entry.purpose, entry.retention, entry.erase.value), []).append(entry)
    order = list(Category)
    return tuple(
        Activity(purpose=purpose, category=category, kept=kept, erasure=erasure, data=_data(entries))
        for (category, purpose, kept, erasure), entries in sorted(
            found.items(), key=lambda item: (order.index(item[0][0]), item[0][1:])
        )
    )


def _data(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(f"{entry.model}.{name}" for entry in entries for name in entry.fields)


def recipients() -> Sequence[Party]:
    """Everybody outside to whom anything may go at all."""
    return parties()


def told() -> dict[str, Any]:
    """The whole record as values, for a file."""
    return {
        "activities": [row(activity) for activity in activities()],
        "recipients": [
            {"who": party.who, "role": party.role, "why": party.why, "what": list(party.sends), "where": party.region}
            for party in recipients()
        ],
        "security": list(SECURITY),
    }


def row(activity: Activity) -> dict[str, Any]:
    return {
        "purpose": activity.purpose,
        "category": activity.category.value,
        "subjects": activity.subjects,
        "basis": activity.basis,
        "data": list(activity.data),
        "kept": activity.kept,
        "erasure": activity.erasure,
    }
