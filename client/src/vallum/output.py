"""Bytes to where the person wants them: whole, or not at all."""

import contextlib
import os
import stat
import sys

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
        to_file(name, data)


def to_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace the file when the new one is whole; a pipe or device is written to as it is."""
    try:
        if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
            _write(path, data)
            return
        folder, name = os.path.split(os.path.realpath(path))
        part = f"{folder}/.{name}.{os.getpid()}.part"
        try:
            _write(part, data)
            os.replace(part, f"{folder}/{name}")
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)
    except BrokenPipeError:
        return
    except OSError as error:
        raise ClientError(f"The report cannot be written to {path}: {error.strerror}. Name another file.") from error


def _write(path: str | os.PathLike[str], data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
