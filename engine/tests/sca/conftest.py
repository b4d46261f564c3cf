"""What the package tests share: records in OSV's shape, and a database made of them."""

import pytest

from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build

META = Meta(built_at="2026-01-01T00:00:00Z", source="0123456789abcdef")


@pytest.fixture
def record():
    """Return a function that writes an OSV record; `spans` are (introduced, fixed or None)."""

    def write(identifier, package="left", *, ecosystem="npm", spans=(("0", "2.0.0"),), **more):
        affected = {"package": {"ecosystem": ecosystem, "name": package}}
        if spans:
            events = []
            for introduced, fixed in spans:
                events.append({"introduced": introduced})
                events += [{"fixed": fixed}] if fixed else []
            affected["ranges"] = [{"type": "SEMVER", "events": events}]
        return {
            "id": identifier,
            "summary": f"About {package}",
            "affected": [affected | more.pop("affected", {})],
            **more,
        }

    return write


@pytest.fixture
def database(tmp_path):
    """Return a function that builds and opens a database of the given records, closing it after the test."""
    opened = []

    def make(*records, meta=META):
        path = tmp_path / f"advisories-{len(opened)}.db"
        build(((r["affected"][0]["package"]["ecosystem"], r) for r in records), path, meta=meta)
        opened.append(open_database(path))
        return opened[-1]

    yield make
    for database in opened:
        database.close()
