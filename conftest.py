"""Of the whole workspace: what tests prove of the ASVS and the privacy policy, that they reach nothing outside, and their order."""

import pytest
from hypothesis import settings

# A busy machine keeps no deadline that an idle one does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
pytest_plugins = ["dev.asvs.plugin", "dev.policy.plugin", "dev.apart.plugin", "pytester"]

# What starts a platform of its own for a module, and what takes minutes by itself.
FIRST = ("web/tests/faults/", "web/tests/fuzz/")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is first stays in one process, whole: others take from the ends, and would each start the same again."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
