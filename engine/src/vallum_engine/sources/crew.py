"""Forks of this process that take packets from one pipe, and say in the end what came of them.

A pipe gives whole what was written whole, as long as all that passes through it has one size, of a page. So nobody has to say who
takes which packet, and a process that is killed holds up nobody.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple, NoReturn

from vallum_engine.errors import Overrun

PACKET = 4096
"""Bytes that a pipe takes and gives whole (POSIX: PIPE_BUF, of Linux)."""
_NUMBER = 8
_LOST, _OVER = 1, 2

Packets = Iterator[tuple[int, str]]


class _Worker(NamedTuple):
    pid: int
    answer: int


def may_fork() -> bool:
    """Only on Linux, and with one thread: a fork of several has their locks, and nobody who opens them."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - names are enough
    except OSError:
        return False


class Crew:
    """The pipe, and who takes from it beside us."""

    def __init__(self) -> None:
        self.workers: list[_Worker] = []
        self._queue, self._offer = os.pipe()
        os.set_blocking(self._offer, False)

    def fork(self, most: int, work: Callable[[Packets], bytes]) -> None:
        """At most so many, and fewer where a limit on processes or on open files says so. `work` is what each does."""
        held = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            while len(self.workers) < most and self._forked(work):
                pass
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def _forked(self, work: Callable[[Packets], bytes]) -> bool:
        parent = os.getpid()
        try:
            answer, own = os.pipe()
        except OSError:
            return False
        try:
            pid = os.fork()
        except OSError:
            os.close(answer)
            os.close(own)
            return False
        if not pid:
            self._become(parent, own, work)
        os.close(own)
        self.workers.append(_Worker(pid, answer))
        return True

    def _become(self, parent: int, own: int, work: Callable[[Packets], bytes]) -> NoReturn:
        """Nothing of the first process happens in this one: neither what it does in the end nor what it has still to write."""
        code = _LOST
        try:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
            os.close(self._offer)
            data = memoryview(work(self._taken(parent)))
            while data:
                data = data[os.write(own, data) :]
            code = 0
        except Overrun:
            code = _OVER
        finally:
            os._exit(code)

    def _taken(self, parent: int) -> Packets:
        while data := os.read(self._queue, PACKET):
            if parent and os.getppid() != parent:
                return  # there is nobody to tell
            number, packet = data[:_NUMBER], data[_NUMBER:].rstrip(b"\0")
            yield int(number, 16), packet.decode("utf-8", "surrogatepass")

    def offer(self, number: int, packet: str) -> bool:
        """Whether it was handed on: not where it is too long, and not while all have enough to do."""
        data = b"%08x%b" % (number, packet.encode("utf-8", "surrogatepass"))
        if len(data) > PACKET:
            return False
        try:
            os.write(self._offer, data.ljust(PACKET, b"\0"))
        except BlockingIOError:
            return False
        return True

    def left(self) -> Packets:
        """What nobody took yet, when there is no more to come."""
        self._close_offer()
        return self._taken(0)

    def answers(self) -> Iterator[bytes]:
        """Of each worker that came to its end. Raises Overrun where one of them did."""
        while self.workers:
            worker = self.workers[-1]
            blocks = []
            while block := os.read(worker.answer, 1 << 20):
                blocks.append(block)
            _, status = os.waitpid(worker.pid, 0)
            self.workers.pop()
            os.close(worker.answer)
            code = os.waitstatus_to_exitcode(status)
            if code == _OVER:
                raise Overrun
            if not code:
                yield b"".join(blocks)

    def end(self) -> None:
        """Leave no process behind."""
        self._close_offer()
        os.close(self._queue)
        for worker in self.workers:
            os.kill(worker.pid, signal.SIGKILL)
            os.close(worker.answer)
            os.waitpid(worker.pid, 0)
        self.workers.clear()

    def _close_offer(self) -> None:
        if self._offer >= 0:
            os.close(self._offer)
            self._offer = -1
