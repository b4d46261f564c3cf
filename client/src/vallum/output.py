"""Bytes to where the person wants them: whole, or not at all."""

import os
import stat
import sys
from pathlib import Path

from vallum.errors import ClientError


def to_stdout(data: bytes) -> None:
    """Write all; a reader that went away (`| head`), or a closed standard output, is no failure of ours."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        forget_stdout()
    except OSError as error:
        forget_stdout()
        raise ClientError(f"The report cannot be written to standard output: {error.strerror}.") from error


def forget_stdout() -> None:
    """Python flushes at exit, and would complain there about the same failure again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def deliver(data: bytes, name: str) -> None:
    """To the file of this name, or to standard output where it is empty or `-`."""
    if name in ("", "-"):
        to_stdout(data)
    else:
        to_file(Path(name), data)


def to_file(path: Path, data: bytes) -> None:
    """Replace the file when the new one is whole; a pipe or device is written to as it is."""
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            with path.open("wb") as file:
                file.write(data)
            return
        target = path.resolve()
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            part.write_bytes(data)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except BrokenPipeError:
        return
    except OSError as error:
        raise ClientError(f"The report cannot be written to {path}: {error.strerror}. Name another file.") from error
