"""Rules that the person brings: files of the packaged rules' format, and, if asked, those of the scanned folder."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from vallum.errors import Misuse
from vallum_engine.errors import BrokenData
from vallum_engine.secrets.rule import Rule, Samples
from vallum_engine.secrets.rulefile import read
from vallum_engine.values import replace

FOLDER = ".vallum/rules"
"""Of a repository. Read only on request: who scans a stranger's repository does not want the stranger's rules."""
_MOST_BYTES = 1 << 20
_MOST_FILES = 1000

Pairs = list[tuple[Rule, Samples]]


def brought(places: Iterable[str], *, scanned: str = "") -> Pairs:
    """The rules of these files and folders, and of the scanned folder's own where it is given. Raises Misuse.

    A scanned folder's rules ask no host about a secret: a stranger would name his own.
    """
    paths = [path for place in places for path in _files(Path(place))]
    if scanned:
        own = Path(scanned) / FOLDER
        if not own.is_dir() or own.resolve() != Path(scanned).resolve() / FOLDER:
            raise Misuse(f"{own} is no folder of rules: --repository-rules reads the *.toml there.")
        found = [pair for path in dict.fromkeys(paths) for pair in _read(path)]
        theirs = [path for path in _files(own) if path not in paths]
        return [*found, *((replace(rule, verify=None), kept) for path in theirs for rule, kept in _read(path))]
    return [pair for path in dict.fromkeys(paths) for pair in _read(path)]


def _files(place: Path) -> Iterator[Path]:
    if place.is_dir():
        found = sorted(path for path in place.glob("*.toml") if path.is_file() and not path.is_symlink())
        if not found:
            raise Misuse(f"{place} holds no rules: files of rules end in .toml.")
        if len(found) > _MOST_FILES:
            raise Misuse(f"{place} holds more than {_MOST_FILES:,} files of rules.")
        yield from found
    elif place.is_file():
        yield place
    else:
        raise Misuse(f"{place} does not exist: name a file of rules, or a folder of such.")


def _read(path: Path) -> Pairs:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Misuse(f"{path} is larger than a megabyte: no file of rules is.")
        return read(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Misuse(f"{path} cannot be read: {error}.") from error
    except BrokenData as error:
        raise Misuse(str(error)) from error
