"""A short place: sockets below it have paths of 107 bytes at most."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="vallum-test-faults-"))
    made.chmod(0o711)  # the account of the database passes through; what is inside closes itself
    yield made
    shutil.rmtree(made, ignore_errors=True)
