"""The parser that every command begins with: laid out as it is written, no abbreviations, as wide as the terminal."""

import argparse
import os
import sys
from functools import cache
from typing import Any


def command(name: str, *, description: str, epilog: str, usage: str | None = None) -> argparse.ArgumentParser:
    """Of `vallum NAME`, without arguments yet."""
    return Parser(
        prog=f"vallum {name}",
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=_Help,
        allow_abbrev=False,
    )


class Parser(argparse.ArgumentParser):
    """Says nothing where the stream is closed: before Python 3.11.3 that is an error."""

    def _print_message(self, message: str, file: Any = None) -> None:
        if file is not None:
            super()._print_message(message, file)


class _Help(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. One is made for every option, and the standard one imports `shutil` to ask how wide that is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


@cache
def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns) - 2
    try:
        return os.get_terminal_size(sys.__stdout__.fileno() if sys.__stdout__ else 1).columns - 2
    except (OSError, ValueError):
        return 78
