"""A seccomp filter, assembled by hand: system calls that code reading files never needs answer "not permitted".

Everything else is let through: an allow-list of all that Python, git and Vectorscan use on
every libc would break on the next release, and break scans.
"""

import errno
import platform
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_X32: Final = 0x40000000
_NEW_NAMESPACES: Final = 0x7E020000  # every CLONE_NEW… flag
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


@dataclass(frozen=True, slots=True, kw_only=True)
class _Machine:
    audit: int
    column: int
    x32: bool


_MACHINES: Final = {
    "x86_64": _Machine(audit=0xC000003E, column=0, x32=True),
    "aarch64": _Machine(audit=0xC00000B7, column=1, x32=False),
}

# name: (x86_64, aarch64); -1 where the architecture has no such call
_DENIED: Final = {
    # other processes' memory
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    # mounts and namespaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "unshare": (272, 97),
    "setns": (308, 268), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    # large kernel surfaces with a history
    "bpf": (321, 280), "userfaultfd": (323, 282), "perf_event_open": (298, 241), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "keyctl": (250, 219), "add_key": (248, 217),
    "request_key": (249, 218), "fanotify_init": (300, 262), "lookup_dcookie": (212, 18),
    "modify_ldt": (154, -1), "personality": (135, 92), "mbind": (237, 235), "set_mempolicy": (238, 237),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    # the machine itself
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "sethostname": (170, 161),
    "setdomainname": (171, 162), "syslog": (103, 116), "vhangup": (153, 58), "iopl": (172, -1), "ioperm": (173, -1),
}  # fmt: skip

# Where only Landlock stands between the command and its own user's files and processes: it knows
# neither modes nor owners, and signals only in newer kernels.
_DENIED_WITHOUT_NAMESPACES: Final = {
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, -1),
    "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54), "utime": (132, -1), "utimes": (235, -1),
    "futimesat": (261, -1), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "setsid": (112, 157), "setpgid": (109, 154), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424),
    "prlimit64": (302, 261), "sched_setscheduler": (144, 119), "sched_setattr": (314, 274),
    "setpriority": (141, 140),
    # memory and queues of the host, which stay when the command is gone
    "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180),
}  # fmt: skip

_CLONE: Final = (56, 220)
_CLONE3: Final = (435, 435)
_SOCKET: Final = (41, 198)
_IOCTL: Final = (16, 29)


def supported() -> bool:
    return platform.machine() in _MACHINES


def assemble(*, families: Iterable[int], namespaces: bool, machine: str | None = None) -> bytes:
    """The filter as the kernel and bubblewrap read it. Only sockets of these address families can be made."""
    kind = _MACHINES[machine or platform.machine()]
    column = kind.column
    denied = _DENIED if namespaces else _DENIED | _DENIED_WITHOUT_NAMESPACES
    refuse = _ERRNO | errno.EPERM
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_JUMP_EQUAL, kind.audit, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    if kind.x32:  # a second table of numbers for the same calls
        code += [_step(_JUMP_AT_LEAST, _X32, 0, 1), _step(_RETURN, refuse)]
    for number in sorted(row[column] for row in denied.values()):
        if number >= 0:
            code += [_step(_JUMP_EQUAL, number, 0, 1), _step(_RETURN, refuse)]
    # clone3 hides its flags behind a pointer; libraries fall back to clone when it does not exist
    code += [_step(_JUMP_EQUAL, _CLONE3[column], 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    code += _when(_CLONE[column], _FIRST_ARGUMENT, [_step(_JUMP_BITS, _NEW_NAMESPACES, 0, 1), _step(_RETURN, refuse)])
    code += _when(
        _IOCTL[column],
        _SECOND_ARGUMENT,
        [
            _step(_JUMP_EQUAL, _TIOCSTI, 1, 0),
            _step(_JUMP_EQUAL, _TIOCLINUX, 0, 1),
            _step(_RETURN, refuse),
        ],
    )
    admitted: list[bytes] = []
    for family in sorted(families):
        admitted += [_step(_JUMP_EQUAL, family, 0, 1), _step(_RETURN, _ALLOW)]
    code += _when(_SOCKET[column], _FIRST_ARGUMENT, [*admitted, _step(_RETURN, refuse)])
    code.append(_step(_RETURN, _ALLOW))
    return b"".join(code)


def _step(operation: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("=HBBI", operation, when_true, when_false, value)


def _when(number: int, argument: int, body: list[bytes]) -> list[bytes]:
    """The body judges one argument (its low half: flags, families and requests are 32 bits wide); then all is well."""
    inner = [_step(_LOAD, argument), *body, _step(_RETURN, _ALLOW)]
    return [_step(_JUMP_EQUAL, number, 0, len(inner)), *inner]
