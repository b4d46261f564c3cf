"""Two processes that build one database at once leave a whole one, and no rest."""

import multiprocessing
from pathlib import Path

from vallum_engine.sca.advisories import Meta, open_database
from vallum_engine.sca.build import build
from vallum_engine.sca.starter import starter_records


def _build(path):
    for _ in range(5):
        build(starter_records(), path, meta=Meta(built_at="2026-01-01", source="test", partial=True))
        open_database(path).close()


def test_builders_do_not_meet(tmp_path: Path):
    path = tmp_path / "advisories.sqlite"
    context = multiprocessing.get_context("spawn")
    builders = [context.Process(target=_build, args=(path,)) for _ in range(3)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join(60)
    assert [builder.exitcode for builder in builders] == [0, 0, 0]
    assert [file.name for file in tmp_path.iterdir()] == ["advisories.sqlite"]
