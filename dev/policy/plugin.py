"""pytest plug-in: tests bear the ids of the privacy policy's clauses (`web/src/vallum_web/trust/clauses.toml`)."""

import pytest

from dev import bearing
from vallum_web.trust.clauses import clauses

KEY = "policy"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    unknown = sorted(bearing.bear(items, KEY) - clauses().keys())
    if unknown:
        raise pytest.UsageError(f"No clause of trust/clauses.toml has the id {', '.join(unknown)}.")
