"""Where servers of tests keep their data: in memory where there is plenty.

A clone makes and removes a thousand small files, and a file system on a disk is slow to give out anew what was just removed.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_PLENTY = 3 * 2**30
PLACE = (
    _MEMORY
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _PLENTY
    else Path(tempfile.gettempdir())
)


def folder(name: str) -> Path:
    """A new folder with a short path, through which the account of the database passes; what is inside closes itself."""
    made = Path(tempfile.mkdtemp(prefix=f"vallum-test-{name}-", dir=PLACE))
    made.chmod(0o711)
    return made
