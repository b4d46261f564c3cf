"""Of the whole workspace: what tests prove of the ASVS and the privacy policy, that they reach nothing outside, and their order."""

import gc
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

# A busy machine keeps no deadline that an idle one does.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
# A shell's job in the background ignores interrupts, and so would all that tests start to interrupt it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
pytest_plugins = ["dev.asvs.plugin", "dev.policy.plugin", "dev.apart.plugin", "pytester"]

# What starts a platform of its own for a module, and what takes minutes by itself.
FIRST = ("web/tests/faults/", "web/tests/fuzz/")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing of twenty thousand tests is garbage yet: looking for some takes a quarter of the time of collecting them.

    All of them stay, so that nobody need look through them later either.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is first stays in one process, whole: others take from the ends, and would each start the same again."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
