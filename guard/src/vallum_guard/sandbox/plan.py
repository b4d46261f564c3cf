"""From what a sandbox grants to the command line that makes it so."""

import json
import os
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import vallum_guard
from vallum_guard.errors import SandboxUnavailable
from vallum_guard.sandbox import seccomp
from vallum_guard.sandbox.policy import RELAY_PORT, Mechanism, Sandbox

_SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SYSTEM_FILES: Final = (
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/mime.types",
)
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_TMP: Final = "/tmp"  # noqa: S108 - the sandbox's own, empty at its start
_SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - likewise
_SHARED_BYTES: Final = 16 * 1024 * 1024
_SOURCES: Final = Path(vallum_guard.__file__).parent.parent
_ENTRY: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from vallum_guard.inner.program import main; main()"
_AF_UNIX, _AF_INET = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A command line, its environment, and the descriptors' contents it is to be given."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    system_calls: bytes


def plan(command: Sequence[str], sandbox: Sandbox, mechanism: Mechanism, *, scratch: Path) -> Plan:
    """`scratch` is a private folder for the one mechanism that cannot mount a /tmp of its own."""
    if sandbox.proxy is not None and not mechanism.own_network:
        raise SandboxUnavailable(
            f"Isolation by {mechanism.value} has no network of its own, so nothing can be fetched safely. {ADVICE}"
        )
    own_tmp = mechanism.own_network
    folder = _text(sandbox.folder or sandbox.writable or (Path(_TMP) if own_tmp else scratch))
    spec: dict[str, object] = {
        "mechanism": mechanism.value,
        "parent": os.getpid(),
        "command": list(command),
        "folder": folder,
        "limits": _limits(sandbox, mechanism),
        "relay": {"port": RELAY_PORT, "path": str(sandbox.proxy)} if sandbox.proxy else None,
    }
    system_calls = seccomp.assemble(families=_families(sandbox, mechanism), namespaces=own_tmp)
    inner = (sys.executable, "-I", "-S", "-B", "-c", _ENTRY, str(_SOURCES))
    if mechanism is Mechanism.BUBBLEWRAP:
        arguments = (*_bubblewrap(sandbox), "--chdir", folder, "--", *inner, json.dumps(spec))
    else:
        spec |= _for_the_builder(sandbox, scratch=scratch, own_tmp=own_tmp)
        spec["filter"] = system_calls.hex()
        arguments = (*inner, json.dumps(spec))
    tmp = _TMP if own_tmp else str(scratch)
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": tmp, "TMPDIR": tmp, "LANG": "C.UTF-8"}
    return Plan(arguments=arguments, environment=environment | dict(sandbox.environment), system_calls=system_calls)


ADVICE: Final = "Install bubblewrap (Debian and Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap)."


def _limits(sandbox: Sandbox, mechanism: Mechanism) -> dict[str, int]:
    limits = sandbox.limits
    # The kernel counts processes per user; in a user namespace of its own only those inside.
    others = 0 if mechanism.own_network else _processes_of_this_user()
    return {
        "AS": limits.memory_bytes,
        "CPU": limits.cpu_seconds,
        "FSIZE": limits.file_bytes,
        "NOFILE": limits.open_files,
        "NPROC": limits.processes + others,
        "CORE": 0,
    }


def _processes_of_this_user() -> int:
    count = 0
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                count += len(list((entry / "task").iterdir()))
        except OSError:
            continue  # it ended meanwhile
    return count


def _families(sandbox: Sandbox, mechanism: Mechanism) -> set[int]:
    """Where the host's file tree stays in place, Unix sockets would lead to its services: none can be made there."""
    families = {_AF_UNIX} if mechanism is Mechanism.BUBBLEWRAP else set()
    return families | ({_AF_INET} if sandbox.proxy else set())


def _bubblewrap(sandbox: Sandbox) -> tuple[str, ...]:
    arguments = [find_bubblewrap() or "bwrap", "--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    arguments += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox", "--die-with-parent"]
    arguments += ["--new-session", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"]
    # The process stays root's to the kernel when root starts it, and may then write to /proc/sys: hence read-only.
    arguments += ["--proc", "/proc", "--remount-ro", "/proc"]
    arguments += ["--dev", "/dev", "--size", str(_SHARED_BYTES), "--tmpfs", _SHARED_MEMORY, "--remount-ro", "/dev"]
    arguments += ["--size", str(sandbox.limits.tmp_bytes), "--tmpfs", _TMP]
    for path in _SYSTEM:
        if Path(path).is_symlink():
            arguments += ["--symlink", str(Path(path).readlink()), path]
        elif Path(path).is_dir():
            arguments += ["--ro-bind", path, path]
    for path in (*_existing(_SYSTEM_FILES), *interpreter(), *_outermost(map(_text, sandbox.read_only))):
        arguments += ["--ro-bind", path, path]
    if sandbox.writable is not None:
        arguments += ["--bind", _text(sandbox.writable), _text(sandbox.writable)]
    if sandbox.proxy is not None:
        arguments += ["--ro-bind", str(sandbox.proxy), str(sandbox.proxy)]
    return (*arguments, "--remount-ro", "/")


def _for_the_builder(sandbox: Sandbox, *, scratch: Path, own_tmp: bool) -> dict[str, object]:
    readable = (*_existing(_SYSTEM), *_existing(_SYSTEM_FILES), *interpreter(), *map(_text, sandbox.read_only))
    writable = [_text(sandbox.writable)] if sandbox.writable else []
    return {
        "readable": list(readable),
        "writable": writable,
        "sockets": [str(sandbox.proxy)] if sandbox.proxy else [],
        "scratch": [*((_TMP, _SHARED_MEMORY) if own_tmp else (str(scratch),)), *_DEVICES],
        "hidden": [_TMP, _SHARED_MEMORY, "/run", "/var/tmp"],  # noqa: S108 - hidden under empty ones
        "tmp_bytes": sandbox.limits.tmp_bytes,
    }


def _text(path: Path) -> str:
    return str(path.absolute())


def _existing(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(path for path in paths if Path(path).exists())


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Without those that lie in another one of them."""
    kept: list[str] = []
    for path in sorted(set(paths)):
        if not any(path == other or path.startswith(f"{other}/") for other in kept):
            kept.append(path)
    return tuple(kept)


@cache
def interpreter() -> tuple[str, ...]:
    """Where this interpreter, its library, its packages and editable installs lie, but for what /usr holds."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix, str(_SOURCES / "vallum_guard")}
    places |= {str(Path(sys.executable).resolve().parent.parent), sysconfig.get_path("purelib")}
    for folder in site.getsitepackages():
        for listing in sorted(Path(folder).glob("*.pth")):
            lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
            places |= {line for line in lines if line.startswith("/") and Path(line).is_dir()}
    return tuple(path for path in _outermost(places) if not path.startswith("/usr/") and path not in {"/", "/usr"})


def find_bubblewrap() -> str | None:
    return shutil.which("bwrap")
