"""What a person at the terminal sees: few lines, each when something is true."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


class Narrator:
    """Writes lines; a step ends with its seconds."""

    def __init__(self, out: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out
        self._clock = clock

    def say(self, line: str = "") -> None:
        try:
            self._out.write(f"{line}\n")
            self._out.flush()
        except OSError:
            return  # the terminal went away: the platform does not depend on being heard

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Times a step; words put into the list stand behind the seconds."""
        began = self._clock()
        remarks: list[str] = []
        yield remarks
        self.say(f"  {name:<11}{self._clock() - began:5.1f} s  {', '.join(remarks)}".rstrip())
