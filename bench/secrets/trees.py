"""Source trees of others to measure on: packages fetched once by name, checked by hash, never committed."""

import subprocess
import sys
import tarfile
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from bench.measure import ROOT

DATA = ROOT / ".vallum" / "bench-data"


class Patience(Enum):
    """How often detect-secrets is run there: it takes 3 to 4 s of processor time a megabyte."""

    ALWAYS = "as often as the others"
    ONCE = "once"
    NEVER = "left out, it would take a quarter of an hour or more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A package as its registry gives it."""

    size: str
    client: str
    package: str
    version: str
    sha256: str
    patience: Patience = Patience.ALWAYS

    @property
    def name(self) -> str:
        return f"{self.package} {self.version}"


TREES = (
    Tree(
        size="small",
        client="pip",
        package="requests",
        version="2.34.2",
        sha256="f288924cae4e29463698d6d60bc6a4da69c89185ad1e0bcc4104f584e960b9ed",
    ),
    Tree(
        size="medium",
        client="npm",
        package="webpack",
        version="5.90.0",
        sha256="b6f84cba2e7896ff3515e43b921209911fd80ced990f32492be0f8dc343dc083",
    ),
    Tree(
        size="large",
        client="pip",
        package="django",
        version="5.2",
        sha256="1a47f7a7a3d43ce64570d350e008d2949abe8c7e21737b351b6a1611277c6d89",
        patience=Patience.ONCE,
    ),
    Tree(
        size="minified",
        client="npm",
        package="next",
        version="14.2.0",
        sha256="070376333e2c8e74faac36ed4a0e4d26542c6bb6e6aa1a7ac35d22cb567530af",
        patience=Patience.NEVER,
    ),
    Tree(
        size="huge",
        client="pip",
        package="ansible",
        version="11.0.0",
        sha256="d6b3929f9954e49387870a4da290dbfa38a1f56ea6d4bf24c9a2765d2897db79",
        patience=Patience.NEVER,
    ),
)

JUDGED = (
    *(tree for tree in TREES if tree.package != "next"),
    Tree(
        size="localstack",
        client="pip",
        package="localstack-core",
        version="3.0.0",
        sha256="c4baa9d6697b534e0073741d086a5a427aeb5690ca7943a7f7f9d4606c1fe133",
    ),
    Tree(
        size="mlflow",
        client="pip",
        package="mlflow",
        version="2.16.0",
        sha256="82ea1a2e800f404f1586783b7636091c0a5754cf9ff45afeadf3a5e467f5168f",
    ),
    Tree(
        size="paramiko",
        client="pip",
        package="paramiko",
        version="5.1.0",
        sha256="239b5f9b2a53006cd54f83cf8495ee742083708ead947882c8dd2786de79f39b",
    ),
    Tree(
        size="twisted",
        client="pip",
        package="twisted",
        version="26.10.0",
        sha256="5f0355403e507fc23ceea85e9dbb4bc59335aabde41dd324e8b8cea180dd38de",
    ),
)
"""Those of which each finding was looked at by somebody."""


def unpacked(tree: Tree, scratch: Path) -> Path:
    """The tree in a folder of `scratch`: outside of this repository, whose ignore files would hide half of it.

    Raises SystemExit, saying what to do, when the registry gives something else.
    """
    packed = _download(tree)
    found = sha256(packed.read_bytes()).hexdigest()
    if found != tree.sha256:
        raise SystemExit(f"{packed} has the hash {found}, expected {tree.sha256}: delete it and run again.")
    folder = scratch / tree.package
    with tarfile.open(packed) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _download(tree: Tree) -> Path:
    place = DATA / f"{tree.package}-{tree.version}"
    if not place.exists() or not list(place.iterdir()):
        place.mkdir(parents=True, exist_ok=True)
        print(f"fetching {tree.name} …", file=sys.stderr)
        subprocess.run(_client(tree, place), check=True, stdout=subprocess.DEVNULL)
    return next(path for path in sorted(place.iterdir()) if path.name.endswith(("gz", "tgz")))


def _client(tree: Tree, place: Path) -> tuple[str, ...]:
    if tree.client == "npm":
        return ("npm", "pack", "--silent", f"--pack-destination={place}", f"{tree.package}@{tree.version}")
    python = Path(sys.base_prefix) / "bin" / "python3"  # .venv has no pip of its own
    no_build = ("--no-deps", "--no-binary", tree.package, "--disable-pip-version-check", "--quiet")
    return (str(python), "-m", "pip", "download", *no_build, "--dest", str(place), f"{tree.package}=={tree.version}")
