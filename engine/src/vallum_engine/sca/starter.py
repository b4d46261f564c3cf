"""The starter set: a few dozen advisories that travel with the engine, as records in OSV's shape."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vallum_engine.sca.advisories import STARTER

SOURCE = "starter"
"""What `Meta.source` says of a database built from these alone; its `partial` must be true."""


def starter_records() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each record with its ecosystem, as `build` takes them."""
    for entry in tomllib.loads(Path(STARTER).read_text("utf-8"))["advisory"]:
        yield entry["ecosystem"], _record(entry)


def _record(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    record: dict[str, Any] = {
        "id": entry["id"],
        "aliases": entry.get("aliases", []),
        "summary": entry["summary"],
        "affected": [
            {
                "package": {"ecosystem": entry["ecosystem"], "name": entry["package"]},
                "ranges": [{"type": "ECOSYSTEM", "events": _events(span)} for span in entry["ranges"]],
            }
        ],
    }
    if "cvss" in entry:
        record["severity"] = [{"type": "CVSS_V3", "score": entry["cvss"]}]
    if entry.get("malware"):
        record["database_specific"] = {"cwe_ids": ["CWE-506"], "severity": "CRITICAL"}
    elif "severity" in entry:
        record["database_specific"] = {"severity": entry["severity"]}
    return record


def _events(span: list[str]) -> list[dict[str, str]]:
    introduced, *fixed = span
    return [{"introduced": introduced}, *({"fixed": version} for version in fixed)]
