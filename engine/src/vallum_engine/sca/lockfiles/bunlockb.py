"""Bun: `bun.lockb`, its binary lockfile until Bun 1.2. Nobody describes its layout: said as it is, with what to do."""

from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.sca.lockfiles.entry import Entry, Left

WHY = (
    "Bun's binary lockfile, whose layout is not described anywhere, is not read: write a bun.lock with Bun 1.2 or later "
    "(`bun install --save-text-lockfile --lockfile-only`) and remove bun.lockb"
)


def extract(file: File) -> Iterator[Entry]:  # noqa: ARG001 - the formats' shape; there is nothing in it that can be read
    """Yield what to do: the packages are there, and not read."""
    yield Left(line=1, why=WHY, covered=False)
