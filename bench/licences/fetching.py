"""Packages of others, fetched once by name and checked by hash with their own clients; their manifests and licence files are kept.

Nothing of them is run: npm without scripts, pip with wheels alone, cargo without building. What is kept lies in `.vallum/bench-data`.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath

from bench.licences import lists
from bench.measure import ROOT
from vallum_engine.licenses.files import is_licence

DATA = ROOT / ".vallum" / "bench-data" / "licences"
_INSTALLED = (ROOT / ".venv", ROOT / ".vallum" / "peers")
_MANIFESTS = frozenset({"Cargo.toml", "METADATA", "package.json"})


def folder(ecosystem: str) -> Path:
    """The packages of a list, as far as they are compared. Raises SystemExit, saying what to do, when something else came."""
    place = DATA / ecosystem
    stamp = place / "list"
    wanted = sha256((lists.HERE / f"{ecosystem}.tsv").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        print(f"fetching {len(lists.read(ecosystem)):,} packages: {ecosystem} …", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="vallum-bench-") as scratch:
            _FETCHED[ecosystem](Path(scratch), place)
        stamp.write_text(wanted)
    return place


def installed(scratch: Path) -> Path:
    """What this repository and its benchmarks run with, by their own locks; without what is ours."""
    for at in _INSTALLED:
        for site in at.glob("lib/python*/site-packages"):
            for info in sorted(site.glob("*.dist-info")):
                if not info.name.startswith("vallum"):
                    _keep(info, scratch / "site-packages" / info.name)
    return scratch


def _npm(scratch: Path, place: Path) -> None:
    listed = lists.read("npm")
    asked = {one.name: one.version for one in listed}
    head = {"name": "licences", "version": "0.0.0", "dependencies": asked}
    entries = {f"node_modules/{one.name}": {"version": one.version, "integrity": one.hash} for one in listed}
    lock = {"name": "licences", "version": "0.0.0", "lockfileVersion": 3, "packages": {"": head, **entries}}
    (scratch / "package.json").write_text(json.dumps(head))
    (scratch / "package-lock.json").write_text(json.dumps(lock))
    quiet = ("--no-audit", "--no-fund", "--legacy-peer-deps", "--silent")
    _run(("npm", "ci", "--ignore-scripts", *quiet), scratch)
    for one in listed:
        _keep(scratch / "node_modules" / one.name, place / "node_modules" / one.name)


def _pypi(scratch: Path, place: Path) -> None:
    asked = "".join(f"{one.name}=={one.version} --hash=sha256:{one.hash}\n" for one in lists.read("pypi"))
    (scratch / "asked.txt").write_text(asked)
    python = str(Path(sys.base_prefix) / "bin" / "python3")  # .venv has no pip of its own
    wheels_alone = ("--no-deps", "--only-binary", ":all:", "--require-hashes")
    quiet = ("--disable-pip-version-check", "--quiet", "--dest", "wheels")
    _run((python, "-m", "pip", "download", *wheels_alone, *quiet, "-r", "asked.txt"), scratch)
    for wheel in sorted((scratch / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(scratch / "unpacked", [name for name in packed.namelist() if ".dist-info/" in name])
    for info in sorted((scratch / "unpacked").glob("*.dist-info")):
        _keep(info, place / "site-packages" / info.name)


def _crates(scratch: Path, place: Path) -> None:
    """Each is asked for exactly and without its features, so that nothing comes which the list does not have."""
    listed = lists.read("crates")
    asked = [
        f'd{number} = {{ package = "{one.name}", version = "={one.version}", default-features = false }}'
        for number, one in enumerate(listed)
    ]
    head = ["[package]", 'name = "licences"', 'version = "0.0.0"', 'edition = "2021"', "[dependencies]"]
    (scratch / "Cargo.toml").write_text("\n".join([*head, *asked]))
    source = 'source = "registry+https://github.com/rust-lang/crates.io-index"'
    locked = [
        f'[[package]]\nname = "{one.name}"\nversion = "{one.version}"\n{source}\nchecksum = "{one.hash}"\n'
        for one in listed
    ]
    (scratch / "Cargo.lock").write_text("\n".join(["version = 4\n", *locked]))
    (scratch / "src").mkdir()
    (scratch / "src" / "lib.rs").touch()
    _run(("cargo", "vendor", "--quiet", "--versioned-dirs", "vendor"), scratch)
    for one in listed:
        came = scratch / "vendor" / f"{one.name}-{one.version}"
        found = json.loads((came / ".cargo-checksum.json").read_bytes())["package"]
        if found != one.hash:
            raise SystemExit(f"{one.name} {one.version} has the hash {found}, expected {one.hash}.")
        _keep(came, place / "vendor" / came.name)


_FETCHED: Mapping[str, Callable[[Path, Path], None]] = {"npm": _npm, "pypi": _pypi, "crates": _crates}
ECOSYSTEMS = tuple(_FETCHED)


def _run(command: tuple[str, ...], where: Path) -> None:
    ran = subprocess.run(command, cwd=where, check=False, capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {ran.returncode}:\n{ran.stderr[-2000:]}")


def _keep(package: Path, place: Path) -> None:
    """The manifest and the licence files, wherever they lie, but not those of packages within it."""
    for path in sorted(package.rglob("*")):
        own = path.relative_to(package)
        if path.is_symlink() or not path.is_file() or "node_modules" in own.parts:
            continue
        if own.as_posix() in _MANIFESTS or is_licence(PurePosixPath(package.name, own).as_posix()):
            (place / own).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place / own)
