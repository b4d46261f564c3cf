"""Small lockfiles, and what a scan of them would say of how a package came in."""

import json

from vallum_engine.model.file import File
from vallum_engine.sca.inventory import Inventory
from vallum_engine.sca.origins import Origins

YARN_1 = """\
"@scope/tool@^1", tool@^1:
  version "1.0.0"
way@^1.0.0:
  version "1.0.0"
  dependencies:
    left "^1.0.0"
    "@scope/tool" "^1"
left@^1.0.0, left@~1.5.0:
  version "1.5.0"
"""
YARN_4 = """\
__metadata:
  version: 8

"left@npm:^1, left@npm:~1.5":
  version: 1.5.0
  resolution: "left@npm:1.5.0"

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    way: "npm:^1"
  linkType: soft

"way@npm:^1":
  version: 1.0.0
  resolution: "way@npm:1.0.0"
  dependencies:
    left: "npm:^1"
  peerDependencies:
    other: "*"
"""


def told_of(files, name, version):
    """What the first of the files says of this package, with the manifests beside it."""
    inventory = Inventory()
    origins = Origins(inventory.asking)
    for path, text in files.items():
        file = File(path, (json.dumps(text) if isinstance(text, dict) else text).encode())
        inventory.take(file)
        origins.keep(file)
    inventory.settle()
    path = next(iter(files))
    origin = origins.book(path, inventory.by_path[path]).origin(name, version)
    return origin.direct, origin.dev, origin.path
