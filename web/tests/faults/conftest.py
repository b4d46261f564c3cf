"""A short place: sockets below it have paths of 107 bytes at most."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import roomy


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    made = roomy.folder("faults")
    yield made
    shutil.rmtree(made, ignore_errors=True)
