"""The one door that loads on demand: a dotted path in, the thing it names out.

Tables of such paths stand beside what they list (lockfile formats, version orders), so that a scan imports only what
its files ask for. The paths are constants of this distribution, never taken from what is scanned.
"""

from importlib import import_module
from typing import Any


def load(path: str) -> Any:
    """Return what `package.module:name` names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
