"""Which modules installed Python packages bring, as their own metadata lists them.

RECORD: https://packaging.python.org/en/latest/specifications/recording-installed-packages/. `top_level.txt` is setuptools' own.
"""

import re
from collections.abc import Collection, Iterator

from vallum_engine.detector import Tree
from vallum_engine.model.naming import normalised

MOST_LINES = 50_000
MOST_NAMES = 50
_METADATA = re.compile(
    r"(?:^|/)([^/]+?)-[^/-]+(?:-py[\d.]+)?\.(?:dist-info/(?:RECORD|top_level\.txt)|egg-info/top_level\.txt)$"
)
_MODULE = re.compile(r"\.(?:py|so|pyd)$")


def installed(tree: Tree, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By normalised name, for those of `names` that lie in the tree as installed packages."""
    asked = {
        path: name
        for path in tree.paths
        if path.endswith(("/RECORD", "/top_level.txt"))
        and (found := _METADATA.search(path))
        and (name := normalised("PyPI", found[1])) in names
    }
    told: dict[str, tuple[str, ...]] = {}
    for file in tree.again(sorted(asked)) if asked else ():
        lines = file.data.decode("utf-8", "replace").splitlines()[:MOST_LINES]
        exact = file.path.endswith("/RECORD")
        modules = tuple(dict.fromkeys(_recorded(lines) if exact else (line.strip() for line in lines)))[:MOST_NAMES]
        modules = tuple(module for module in modules if module.isprintable() and module)
        if modules and (exact or asked[file.path] not in told):
            told[asked[file.path]] = modules
    return told


def _recorded(lines: list[str]) -> Iterator[str]:
    """Of each file the module that it is of: the outermost folder with an `__init__`, which a shared namespace has not."""
    paths = [path for line in lines if (path := line.partition(",")[0].strip('"')) and _MODULE.search(path)]
    packages = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2].startswith("__init__.")}
    for path in paths:
        *folders, name = path.split("/")
        if folders and (folders[0].endswith((".dist-info", ".data")) or folders[0] in ("..", "__pycache__")):
            continue
        outer = next((at for at in range(1, len(folders) + 1) if "/".join(folders[:at]) in packages), 0)
        yield ".".join(folders[:outer] if outer else [*folders, name.partition(".")[0]])
