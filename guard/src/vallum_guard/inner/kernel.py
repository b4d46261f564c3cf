"""System calls that Python 3.11 has no function for. Imported only by the program that runs inside."""

import ctypes
import os
import platform
import signal
from typing import Final

_libc: Final = ctypes.CDLL(None, use_errno=True)

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
MS_NOEXEC: Final = 8

_SYS_MOUNT_SETATTR: Final = 442
_SYS_LANDLOCK: Final = (444, 445, 446)
_SYS_CAPSET: Final = {"x86_64": 126, "aarch64": 91}

_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000
_RDONLY: Final = 1

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 4, 22, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _syscall(number: int, *arguments: object) -> int:
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


def _prctl(option: int, second: int, third: int = 0) -> int:
    zero = ctypes.c_ulong(0)
    return int(_libc.prctl(ctypes.c_int(option), ctypes.c_ulong(second), ctypes.c_ulong(third), zero, zero))


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    result = _libc.mount(
        source.encode(),
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() if data else None,
    )
    _checked(result, f"mount {target}")


def set_read_only(path: str, *, read_only: bool, recursive: bool) -> None:
    """mount_setattr(2): also reaches mounts below, which a bind remount does not."""
    attributes = (ctypes.c_uint64 * 4)(_RDONLY if read_only else 0, 0 if read_only else _RDONLY, 0, 0)
    flags = ctypes.c_uint(_AT_RECURSIVE if recursive else 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    result = _syscall(_SYS_MOUNT_SETATTR, ctypes.c_int(_AT_FDCWD), path.encode(), flags, attributes, size)
    _checked(result, f"read-only {path}")


def die_with(parent: int, sig: signal.Signals = signal.SIGKILL) -> None:
    """Asks the kernel for an end with the parent's; a parent gone already is the end now."""
    _checked(_prctl(_PR_SET_PDEATHSIG, sig), "parent-death signal")
    if os.getppid() != parent:
        os._exit(1)


def hide_memory() -> None:
    """Not dumpable: what runs inside can neither trace this process nor read its memory."""
    _checked(_prctl(_PR_SET_DUMPABLE, 0), "not dumpable")


def adopt_orphans() -> None:
    _checked(_prctl(_PR_SET_CHILD_SUBREAPER, 1), "subreaper")


def forgo_privileges() -> None:
    """Every capability and every way back to one (set-user-id files included)."""
    _checked(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "no new privileges")
    _prctl(_PR_CAP_AMBIENT, 4)
    for capability in range(64):
        if _prctl(_PR_CAPBSET_DROP, capability) < 0:
            break  # past the last one this kernel knows, or none held: nothing is left to drop
    number = _SYS_CAPSET[platform.machine()]
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    empty = (ctypes.c_uint32 * 6)()
    _checked(_syscall(number, header, empty), "drop capabilities")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def filter_system_calls(program: bytes) -> None:
    """Installs an assembled seccomp filter (8 bytes an instruction) for good."""
    handed = _Program(len(program) // 8, program)
    zero = ctypes.c_ulong(0)
    mode = ctypes.c_ulong(2)
    result = _libc.prctl(ctypes.c_int(_PR_SET_SECCOMP), mode, ctypes.byref(handed), zero, zero)
    _checked(result, "seccomp")


def landlock_version() -> int:
    """0 where the kernel has none, or it is switched off."""
    found = _syscall(_SYS_LANDLOCK[0], None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    return max(found, 0)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def landlock_create(files: int, network: int, scopes: int) -> int:
    attributes = (ctypes.c_uint64 * 3)(files, network, scopes)
    # Older kernels know shorter structures, and refuse longer ones only where the rest is not zero.
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    return _checked(_syscall(_SYS_LANDLOCK[0], attributes, size, ctypes.c_uint32(0)), "Landlock ruleset")


def landlock_allow(ruleset: int, path: str, rights: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Beneath(rights, parent)
        result = _syscall(
            _SYS_LANDLOCK[1], ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.byref(rule), ctypes.c_uint32(0)
        )
        _checked(result, f"Landlock rule for {path}")
    finally:
        os.close(parent)


def landlock_enforce(ruleset: int) -> None:
    _checked(_syscall(_SYS_LANDLOCK[2], ctypes.c_int(ruleset), ctypes.c_uint32(0)), "Landlock")
    os.close(ruleset)
