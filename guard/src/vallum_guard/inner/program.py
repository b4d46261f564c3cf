"""What runs first inside a sandbox: sets the limits, opens the relay, and becomes (or starts) the command.

Under bubblewrap the isolation is there already; elsewhere this program builds it around itself.
It imports little, because every scan pays for its start.
"""

import json
import os
import resource
import signal
import socket
import sys
from typing import Any, Final, NoReturn

from vallum_guard.inner import relay

# Said on stderr with this exit code when the isolation fails: the command did not run.
FAILED: Final = 97
PREFIX: Final = "vallum sandbox: "

Spec = dict[str, Any]  # parsed from our own launcher's JSON, two processes of one release


def main() -> NoReturn:
    spec: Spec = json.loads(sys.argv[1])
    if len(sys.argv) > 2:
        spec["tell"] = int(sys.argv[2])
        os.set_inheritable(spec["tell"], False)  # noqa: FBT003 - the standard library's signature
    try:
        _BUILDERS[spec["mechanism"]](spec)
    except OSError as error:
        _say(str(error))
    os._exit(FAILED)


def _say(problem: str) -> None:
    sys.stderr.write(f"{PREFIX}{problem}\n")
    sys.stderr.flush()


def _in_bubblewrap(spec: Spec) -> None:
    if spec["relay"] is None:
        _limit(spec)
        _become(spec)
    listener = relay.listen(spec["relay"]["port"])
    child = os.fork()
    if not child:
        listener.close()
        _limit(spec)
        _become(spec)
    relay.serve(listener, spec["relay"]["path"])
    _, status = os.waitpid(child, 0)
    os._exit(_exit_code(status))


def _in_namespaces(spec: Spec) -> None:
    from vallum_guard.inner import kernel, landlock, namespaces  # noqa: PLC0415 - ctypes costs 10 ms that bubblewrap spares

    namespaces.enter(spec["parent"], spec["tell"])
    namespaces.rearrange(
        visible=[*spec["readable"], *spec["sockets"]],
        writable=spec["writable"],
        hidden=spec["hidden"],
        tmp_bytes=spec["tmp_bytes"],
    )
    listener = _listener(spec)
    child = os.fork()
    if not child:
        if listener is not None:
            listener.close()
        _limit(spec)
        kernel.forgo_privileges()  # first, for without it only the privileged may confine themselves
        landlock.confine(
            readable=[*spec["readable"], "/proc"],
            writable=[*spec["writable"], *spec["scratch"]],
            tcp=listener is not None,
        )
        kernel.filter_system_calls(bytes.fromhex(spec["filter"]))
        _become(spec)
    kernel.hide_memory()
    kernel.forgo_privileges()
    if listener is not None:
        relay.serve(listener, spec["relay"]["path"])
    os._exit(namespaces.reap_until(child))


def _in_landlock(spec: Spec) -> None:
    """Without namespaces a supervisor stays outside and takes its children along when it is told to end."""
    from vallum_guard.inner import kernel, landlock  # noqa: PLC0415 - see above

    child = _supervised(spec)
    if not child:
        _limit(spec)
        kernel.forgo_privileges()  # first, for without it only the privileged may confine themselves
        landlock.confine(readable=spec["readable"], writable=[*spec["writable"], *spec["scratch"]], tcp=False)
        kernel.filter_system_calls(bytes.fromhex(spec["filter"]))
        _become(spec)
    kernel.hide_memory()
    os._exit(_supervise(child))


def _bare(spec: Spec) -> None:
    child = _supervised(spec)
    if not child:
        _limit(spec)
        _become(spec)
    os._exit(_supervise(child))


def _supervised(spec: Spec) -> int:
    from vallum_guard.inner import kernel  # noqa: PLC0415 - see above

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    kernel.adopt_orphans()
    kernel.die_with(spec["parent"], signal.SIGTERM)
    supervisor = os.getpid()
    child = os.fork()
    if not child:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})
        kernel.die_with(supervisor)
    return child


def _supervise(child: int) -> int:
    """Waits for the child, or for the word that the caller is gone; then nothing of the group outlives us."""
    code = 128 + signal.SIGTERM
    while signal.sigwait({signal.SIGTERM, signal.SIGCHLD}) == signal.SIGCHLD:
        ended = _reaped(child)
        if ended is not None:
            code = ended
            break
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _kill_descendants()
    return code


def _reaped(child: int) -> int | None:
    ended = None
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if not found:
            return ended
        if found == child:
            ended = _exit_code(status)


def _kill_descendants() -> None:
    """Orphans come to us, so killing our children until none is left reaches every generation."""
    while True:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as listed:  # noqa: PTH123 - pathlib costs a start
            children = [int(number) for number in listed.read().split()]
        for child in children:
            os.kill(child, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _listener(spec: Spec) -> socket.socket | None:
    return relay.listen(spec["relay"]["port"]) if spec["relay"] else None


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _limit(spec: Spec) -> None:
    for name, most in spec["limits"].items():
        which = getattr(resource, f"RLIMIT_{name}")
        ceiling = resource.getrlimit(which)[1]
        granted = most if ceiling == resource.RLIM_INFINITY else min(most, ceiling)
        resource.setrlimit(which, (granted, granted))
    os.nice(5)  # untrusted work yields to the rest of the machine
    os.chdir(spec["folder"])


def _become(spec: Spec) -> NoReturn:
    command = spec["command"]
    try:
        os.execvp(command[0], command)  # noqa: S606 - the whole point
    except OSError as error:
        _say(f"{command[0]}: {error.strerror}")
    os._exit(FAILED)


_BUILDERS: Final = {
    "bubblewrap": _in_bubblewrap,
    "namespaces": _in_namespaces,
    "landlock": _in_landlock,
    "nothing": _bare,
}
