"""Places for servers: short, in the folder for temporary files, and removed with all that serves them."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import roomy

from vallum_web.embedded import binaries, leftovers
from vallum_web.embedded.postgres import Postgres


def _system_binaries() -> Path | None:
    found = [folder for folder in binaries.candidates({}) if str(folder).startswith("/usr/")]
    return found[0] if found else None


@pytest.fixture(params=["wheel", pytest.param("system", marks=pytest.mark.slow)])
def environ(request) -> dict[str, str]:
    """PostgreSQL of the wheel, and the system's own (Debian 12: version 15) where there is one."""
    if request.param == "wheel":
        return {}
    if (folder := _system_binaries()) is None:
        pytest.skip("no PostgreSQL of the system (Debian: apt-get install postgresql)")
    return {"VALLUM_POSTGRES_BIN": str(folder)}


@pytest.fixture
def folder() -> Iterator[Path]:
    made = roomy.folder("embedded")
    yield made
    for data in made.rglob("PG_VERSION"):
        if data.parent.name == "data":
            leftovers.end(data.parent)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def postgres(folder: Path, environ: dict[str, str]) -> Iterator[Callable[..., Postgres]]:
    """Makes servers over one and the same state folder; ends them at last."""
    made: list[Postgres] = []

    def make(*, durable: bool = False, **options: object) -> Postgres:  # the loss of power is not among these tests
        places = {"place": folder / "place", "environ": {**os.environ, **environ}}
        server = Postgres(folder / "home", durable=durable, **places, **options)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()
