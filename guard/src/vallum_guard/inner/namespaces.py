"""Namespaces without bubblewrap: own users, processes, network, and a read-only view of the same file tree."""

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
from pathlib import Path

from vallum_guard.inner import kernel

_SMALL = 16 * 1024 * 1024


def enter(parent: int, tell: int) -> None:
    """Leaves this process's namespaces and forks: returns only in the new first process of the inside."""
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.NEWUSER | kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"65534 {user} 1")
    Path("/proc/self/gid_map").write_text(f"65534 {group} 1")
    kernel.die_with(parent)  # after unshare, which clears it
    alive, held = os.pipe()
    first = os.fork()
    if first:
        os.write(tell, b'{"child-pid": %d}' % first)
        _wait_and_repeat(first)
    os.close(held)
    kernel.die_with(0)  # a parent outside the namespace has no number here
    if select.select([alive], [], [], 0)[0]:  # it went before the kernel was told to watch it
        os._exit(1)
    os.close(alive)
    _raise_loopback()


def _wait_and_repeat(child: int) -> None:
    """Ends as the child ended."""
    _, status = os.waitpid(child, 0)
    os._exit(exit_code(status))


def exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 1)  # SIOCSIFFLAGS, IFF_UP
        fcntl.ioctl(control, 0x8914, request)


def rearrange(*, visible: list[str], writable: list[str], hidden: list[str], tmp_bytes: int) -> None:
    """Makes everything read-only but `writable`, and hides folders under an empty one.

    `visible` and `writable` paths are put back where a hidden folder would cover them.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    held = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in dict.fromkeys([*visible, *writable])}
    kernel.set_read_only("/", read_only=True, recursive=True)
    for folder in hidden:
        if Path(folder).is_dir() and not Path(folder).is_symlink():
            size = tmp_bytes if folder == "/tmp" else _SMALL  # noqa: S108 - the sandbox's own /tmp
            flags = kernel.MS_NOSUID | kernel.MS_NODEV
            kernel.mount("tmpfs", folder, "tmpfs", flags, f"size={size},mode=0755,nr_inodes=65536")
    for path, handle in held.items():
        if path in writable or any(path.startswith(f"{folder}/") for folder in hidden):
            _put_back(path, handle)
            if path in writable:
                kernel.set_read_only(path, read_only=False, recursive=False)
        os.close(handle)
    with contextlib.suppress(OSError):  # refused inside some containers; then there is no /proc at all
        kernel.mount("proc", "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        kernel.set_read_only("/proc", read_only=True, recursive=True)


def _put_back(path: str, handle: int) -> None:
    place = Path(path)
    if not place.exists():
        if Path(f"/proc/self/fd/{handle}").is_dir():
            place.mkdir(parents=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.touch()
    kernel.mount(f"/proc/self/fd/{handle}", path, None, kernel.MS_BIND | kernel.MS_REC)


def reap_until(child: int) -> int:
    """The first process of a namespace inherits every orphan; returns when its own child has ended."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while True:
        found, status = os.wait()
        if found == child:
            return exit_code(status)
