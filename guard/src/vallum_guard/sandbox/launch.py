"""Starts a planned command, carries its output, and ends it with everything it started."""

import contextlib
import json
import os
import select
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import BinaryIO, Final

from vallum_guard.errors import SandboxFailed
from vallum_guard.inner.program import FAILED, PREFIX
from vallum_guard.removal import remove_quietly
from vallum_guard.sandbox.plan import plan
from vallum_guard.sandbox.policy import End, Mechanism, Outcome, Sandbox

_CHUNK: Final = 64 * 1024
_TAIL: Final = 8 * 1024
_LONGEST_LINE: Final = 4 * 1024
_TICK: Final = 0.2
_PER_FILE: Final = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Where a command's input comes from and its output goes, and who may end it early (see `run`)."""

    stdin: bytes | BinaryIO | None = None
    stdout: Callable[[bytes], object] | None = None
    stderr_line: Callable[[str], object] | None = None
    watch: Callable[[], str | None] | None = None


class _Run:
    def __init__(
        self, process: "subprocess.Popen[bytes]", sandbox: Sandbox, streams: Streams, scratch: Path | None
    ) -> None:
        self.process = process
        self.scratch = scratch
        self.limits = sandbox.limits
        self.streams = streams
        self.started = monotonic()
        self.stdout_bytes = 0
        self.stderr_bytes = 0
        self.tail = b""
        self._line = b""

    def follow(self) -> tuple[End, str]:
        """Carries output until the command is gone or must go."""
        assert self.process.stdout is not None  # noqa: S101 - both are pipes, the types do not say so
        assert self.process.stderr is not None  # noqa: S101 - see above
        deadline = self.started + self.limits.seconds
        with selectors.DefaultSelector() as selector:
            takers = {self.process.stdout.fileno(): self._take_stdout, self.process.stderr.fileno(): self._take_stderr}
            selector.register(self.process.stdout, selectors.EVENT_READ)
            selector.register(self.process.stderr, selectors.EVENT_READ)
            next_tick = self.started
            while selector.get_map():
                for key, _ in selector.select(_TICK):
                    data = os.read(key.fd, _CHUNK)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif ending := takers[key.fd](data):
                        return ending
                now = monotonic()
                if now >= deadline:
                    return End.TIME, f"it ran longer than the {self.limits.seconds:.0f} seconds allowed"
                if now >= next_tick:
                    next_tick = now + _TICK
                    if ending := self._tick():
                        return ending
        return self._wait(deadline)

    def _wait(self, deadline: float) -> tuple[End, str]:
        """Its output is closed, and yet it may run on."""
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_TICK)
                return End.EXITED, ""
            if monotonic() >= deadline:
                return End.TIME, f"it ran longer than the {self.limits.seconds:.0f} seconds allowed"
            if ending := self._tick():
                return ending

    def _tick(self) -> tuple[End, str] | None:
        if self.streams.watch and (reason := self.streams.watch()):
            return End.WATCH, reason
        # The kernel's own limit does not count root's processes.
        if os.getuid() == 0 and _descendants(self.process.pid, self.limits.processes + 8) > self.limits.processes + 4:
            return End.PROCESSES, f"it started more than the {self.limits.processes} processes allowed"
        if self.scratch and _bytes_in(self.scratch, self.limits.tmp_bytes) > self.limits.tmp_bytes:
            return End.TMP, f"it wrote more than the {self.limits.tmp_bytes} bytes of temporary files allowed"
        return None

    def _take_stdout(self, data: bytes) -> tuple[End, str] | None:
        self.stdout_bytes += len(data)
        if self.stdout_bytes > self.limits.stdout_bytes:
            return End.STDOUT, f"it wrote more than the {self.limits.stdout_bytes} bytes of output allowed"
        if self.streams.stdout:
            self.streams.stdout(data)
        return None

    def _take_stderr(self, data: bytes) -> tuple[End, str] | None:
        self.stderr_bytes += len(data)
        self.tail = (self.tail + data)[-_TAIL:]
        if self.stderr_bytes > self.limits.stderr_bytes:
            return End.STDERR, f"it wrote more than the {self.limits.stderr_bytes} bytes of messages allowed"
        if self.streams.stderr_line:
            *lines, self._line = (self._line + data.replace(b"\r", b"\n")).split(b"\n")
            for line in lines:
                self._say(line)
            if len(self._line) > _LONGEST_LINE:
                self.flush()
        return None

    def _say(self, line: bytes) -> None:
        if self.streams.stderr_line and line:
            self.streams.stderr_line(line[:_LONGEST_LINE].decode("utf-8", "replace"))

    def flush(self) -> None:
        if self._line:
            self._say(self._line)
            self._line = b""


def launch(command: Sequence[str], sandbox: Sandbox, mechanism: Mechanism, streams: Streams) -> Outcome:
    """Runs the command to its end, or to ours. When this returns, nothing of it is left."""
    with _scratch(mechanism) as scratch, contextlib.ExitStack() as opened:
        planned = plan(command, sandbox, mechanism, scratch=scratch)
        arguments = list(planned.arguments)
        # Through this pipe comes the number of the first process inside: with it all others end.
        told, tell = os.pipe()
        opened.callback(os.close, told)
        passed = [tell]
        environment = dict(planned.environment)
        if sandbox.handed is not None:
            handed = opened.enter_context(_in_memory(sandbox.handed.content))
            passed.append(handed.fileno())
            # Each process that opens this path reads the file from its beginning.
            environment[sandbox.handed.variable] = f"/proc/self/fd/{handed.fileno()}"
        if mechanism is Mechanism.BUBBLEWRAP:
            rules = opened.enter_context(_in_memory(planned.system_calls))
            passed.append(rules.fileno())
            arguments[1:1] = ["--info-fd", str(tell), "--seccomp", str(rules.fileno())]
        else:
            arguments.append(str(tell))
        try:
            process = subprocess.Popen(
                arguments,
                stdin=_input(streams.stdin, opened),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                pass_fds=passed,
                start_new_session=True,
            )
        finally:
            os.close(tell)
        opened.enter_context(process)
        # A /tmp of its own is as large as its mount; a folder of ours is as large as the disk.
        run = _Run(process, sandbox, streams, None if mechanism.own_network else scratch)
        first = None
        try:
            first = _first_process(told, opened) if mechanism.own_network else None
            end, reason = run.follow()
        finally:
            _end(process, mechanism)
            _await_end(first)
        run.flush()
        return _outcome(run, end, reason, mechanism)


def _outcome(run: _Run, end: End, reason: str, mechanism: Mechanism) -> Outcome:
    tail = run.tail.decode("utf-8", "replace")
    code = run.process.returncode
    failed = (code == FAILED and PREFIX in tail) or (code == 1 and tail.startswith("bwrap: "))
    if end is End.EXITED and failed:
        raise SandboxFailed(f"The sandbox ({mechanism.value}) could not be set up: {tail.strip()}")
    return Outcome(
        returncode=code if code >= 0 else 128 - code,
        end=end,
        reason=reason,
        stderr_tail=tail,
        stdout_bytes=run.stdout_bytes,
        seconds=monotonic() - run.started,
        mechanism=mechanism,
    )


def _end(process: "subprocess.Popen[bytes]", mechanism: Mechanism) -> None:
    """Kills what still runs: a namespace dies with its first process, elsewhere the supervisor kills the rest."""
    if process.poll() is not None:
        return
    if not mechanism.own_network:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _first_process(told: int, opened: contextlib.ExitStack) -> int | None:
    """A handle on the namespace's first process; None where it is gone already, or never came to be."""
    said = b""
    while not said.rstrip().endswith(b"}"):
        piece = os.read(told, _CHUNK)
        if not piece:
            return None
        said += piece
    try:
        handle = os.pidfd_open(int(json.loads(said)["child-pid"]))
    except ProcessLookupError:
        return None
    opened.callback(os.close, handle)
    return handle


def _await_end(first: int | None) -> None:
    """The kernel reports the first process's end after it has ended all others of the namespace."""
    if first is not None and not select.select([first], [], [], 10)[0]:
        raise SandboxFailed("Processes of a sandbox outlived it by 10 seconds: look for them with ps, and report this.")


@contextlib.contextmanager
def _scratch(mechanism: Mechanism) -> Iterator[Path]:
    """A private folder where the mechanism cannot give a /tmp of its own."""
    if mechanism.own_network:
        yield Path("/tmp")  # noqa: S108 - the sandbox's own
        return
    folder = Path(tempfile.mkdtemp(prefix="vallum-scratch-"))
    try:
        yield folder
    finally:
        remove_quietly(folder)


@contextlib.contextmanager
def _in_memory(content: bytes) -> Iterator[BinaryIO]:
    with os.fdopen(os.memfd_create("vallum"), "w+b") as file:
        file.write(content)
        file.flush()
        file.seek(0)
        yield file


def _input(stdin: bytes | BinaryIO | None, opened: contextlib.ExitStack) -> int | BinaryIO:
    if stdin is None:
        return subprocess.DEVNULL
    return opened.enter_context(_in_memory(stdin)) if isinstance(stdin, bytes) else stdin


def _bytes_in(folder: Path, most: int) -> int:
    """Bytes below a folder, as the disk counts them and following no link; counting stops above `most`."""
    size, waiting = 0, [str(folder)]
    while waiting and size <= most:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:  # it removed something meanwhile
            for entry in entries:
                size += entry.stat(follow_symlinks=False).st_blocks * 512 + _PER_FILE
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                if size > most:
                    break
    return size


def _descendants(root: int, most: int) -> int:
    """How many threads descend from this process; counting stops above `most`."""
    count, waiting = 0, [root]
    while waiting and count <= most:
        process = waiting.pop()
        with contextlib.suppress(OSError):  # it ended meanwhile
            for task in Path(f"/proc/{process}/task").iterdir():
                count += 1
                waiting += [int(child) for child in (task / "children").read_text().split()]
    return count
