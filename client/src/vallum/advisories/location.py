"""Where the advisory database lies, and what the archives it was built from are called."""

import os
from pathlib import Path

from vallum import home


def database() -> Path:
    """The file that scans read: `VALLUM_ADVISORIES` (the platform mounts one) or ours."""
    named = os.environ.get("VALLUM_ADVISORIES")
    return Path(named) if named else Path(home.data(), "advisories.sqlite")


def archives() -> Path:
    """The folder of downloaded and imported archives: the database is built from all of them."""
    return Path(home.data(), "archives")
