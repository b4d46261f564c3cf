"""What a sandbox grants and what it limits, and how strong the isolation is that this machine can give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from pathlib import Path
from typing import Final

RELAY_PORT: Final = 3128
# What a command's HTTPS client is told inside a sandbox with a proxy.
RELAY_URL: Final = f"http://127.0.0.1:{RELAY_PORT}"

_MIB: Final = 1024 * 1024


_FAULTS = ("fatal: ", "error: ")
"""How git begins a line that says what went wrong."""


class Level(StrEnum):
    """How well untrusted work is isolated. Shown to people; at `none` only trusted sources are processed."""

    FULL = "full"
    REDUCED = "reduced"
    NONE = "none"


class Mechanism(Enum):
    """How the isolation is made, strongest first."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NOTHING = "nothing"

    @property
    def level(self) -> Level:
        return _LEVELS[self]

    @property
    def own_network(self) -> bool:
        """Whether the network inside is empty but for the proxy: a clone of an untrusted address needs that."""
        return self in {Mechanism.BUBBLEWRAP, Mechanism.NAMESPACES}


_LEVELS: Final = {
    Mechanism.BUBBLEWRAP: Level.FULL,
    Mechanism.NAMESPACES: Level.REDUCED,
    Mechanism.LANDLOCK: Level.REDUCED,
    Mechanism.NOTHING: Level.NONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What this machine can give, why not more, and the line that would improve it."""

    mechanism: Mechanism
    reason: str
    advice: str

    @property
    def level(self) -> Level:
        return self.mechanism.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Wall and processor seconds, memory of one process, size of one file, and so on. Output over its cap ends the run."""

    seconds: float = 1800.0
    cpu_seconds: int = 1800
    memory_bytes: int = 2048 * _MIB
    file_bytes: int = 256 * _MIB
    tmp_bytes: int = 64 * _MIB
    open_files: int = 256
    processes: int = 64
    stdout_bytes: int = 64 * _MIB
    stderr_bytes: int = 4 * _MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Something only the command is to know: a file without a name, whose path stands in this variable.

    Neither arguments nor environment hold it, no disk does, and it is gone with the processes that inherit it.
    """

    variable: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What the command may see. Paths are the same inside as outside.

    Readable are `/usr` and its kin, this interpreter with its packages, and `read_only`; writable are
    `writable`, and a `/tmp` of its own. There is no network but, with `proxy`, the guard's proxy, which is
    at RELAY_URL inside. The environment holds PATH, HOME, TMPDIR, LANG and `environment`. What is secret goes in `handed`.

    `mechanism` None takes the best this machine has and refuses where that is none; Mechanism.NOTHING,
    named expressly, runs trusted work without isolation but with limits.
    """

    read_only: tuple[Path, ...] = ()
    writable: Path | None = None
    proxy: Path | None = None
    folder: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    handed: Handed | None = None
    limits: Limits = Limits()
    mechanism: Mechanism | None = None


class End(StrEnum):
    """Why a run is over."""

    EXITED = "exited"
    TIME = "time"
    STDOUT = "stdout"
    STDERR = "stderr"
    PROCESSES = "processes"
    TMP = "tmp"
    WATCH = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended. `reason` is empty where it ended by itself; `returncode` is then its own (128 + signal)."""

    returncode: int
    end: End
    reason: str
    stderr_tail: str
    stdout_bytes: int
    seconds: float
    mechanism: Mechanism

    @property
    def ok(self) -> bool:
        return self.end is End.EXITED and self.returncode == 0

    @property
    def said(self) -> str:
        """Why it ended, in one line: ours about it, else its own last words, of which a stranger may have chosen some."""
        lines = [line for line in self.stderr_tail.splitlines() if line.strip()]
        faults = [line for line in lines if line.startswith(_FAULTS)]  # git goes on to explain its usage
        return self.reason or (faults or lines or [f"it ended with {self.returncode}"])[-1]
