"""What the last full run of the tests showed, clause by clause: `evidence.json` beside this file, in a wheel as in a checkout.

Only a full run writes it (dev/policy); it is not committed, for a commit cannot hold the proof of itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

NAME = "evidence.json"


class BrokenEvidenceError(ValueError):
    """A file that no full run of ours wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Of one clause: node ids by what came of them."""

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`changed`: the tree held more than the commit. `asvs` counts requirements of a level by how they are held."""

    commit: str
    changed: bool
    at: datetime
    clauses: Mapping[str, Proof] = field(default_factory=dict)
    asvs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, clause: str) -> Proof:
        return self.clauses.get(clause, Proof())


@cache
def last() -> Evidence | None:
    """What this process was started with; None where no full run was made of this tree. Raises BrokenEvidenceError."""
    source = files(__package__) / NAME
    return read(source.read_text("utf-8")) if source.is_file() else None


def read(text: str) -> Evidence:
    try:
        told = json.loads(text)
        return Evidence(
            commit=str(told["commit"]),
            changed=bool(told["changed"]),
            at=datetime.fromisoformat(told["at"]),
            clauses={str(name): _tests(row) for name, row in told["clauses"].items()},
            asvs={str(level): {str(key): int(n) for key, n in row.items()} for level, row in told["asvs"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenEvidenceError(f"{NAME} was written by no full run of these tests: {error}") from error


def _tests(row: Mapping[str, Any]) -> Proof:
    return Proof(**{key: tuple(map(str, row.get(key, ()))) for key in ("passed", "failed", "skipped")})


def written(evidence: Evidence) -> str:
    return json.dumps(
        {
            "commit": evidence.commit,
            "changed": evidence.changed,
            "at": evidence.at.isoformat(timespec="seconds"),
            "clauses": {
                name: {"passed": tests.passed, "failed": tests.failed, "skipped": tests.skipped}
                for name, tests in sorted(evidence.clauses.items())
            },
            "asvs": evidence.asvs,
        },
        indent=1,
    )
