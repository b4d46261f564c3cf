"""What a hostile repository leaves in the scratch folder must never keep a worker from starting."""

import os
import tempfile

from vallum_web.config import worker


def test_a_worker_starts_over_folders_deeper_than_programs_call_themselves(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "scratch").mkdir()
    at = os.open(tmp_path / "scratch", os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("a", dir_fd=at)
        inner = os.open("a", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)
    worker._make_room(tmp_path)
    assert not (tmp_path / "scratch" / "a").exists()
