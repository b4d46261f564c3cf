"""A platform to back up, with rows of two organizations, and a place for its backups."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import making
import pytest
from django.conf import settings

from vallum_guard.http import Route
from vallum_web.backups import kit, places
from vallum_web.backups.places import Places


@pytest.fixture
def platform(live_database: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A database of the test's own, whose role of backups is known."""
    monkeypatch.setenv("DATABASE_BACKUP_URL", live_database.backup)
    return making.people()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(settings, "HOME", folder)
    monkeypatch.setattr(settings, "KEK_FILE", folder / "keyring_key")
    monkeypatch.setattr(settings, "TOMBSTONES", str(folder / "tombstones"))
    (folder / "audit_key").write_text(settings.AUDIT_KEY)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def stores(home: Path, folder: Path) -> Places:
    """Backups in a folder."""
    return places.read({"VALLUM_BACKUP": str(folder)}, places.key(home), Route())


@pytest.fixture
def held(home: Path) -> kit.Kit:
    return kit.present(home, os.environ)
