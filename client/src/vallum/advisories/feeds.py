"""EPSS scores and CISA's catalogue beside the archives: joined whenever the database is built."""

import gzip
import zlib
from collections.abc import Mapping
from pathlib import Path

from vallum.advisories.archives import UnusableArchive
from vallum_engine.errors import BrokenData
from vallum_engine.model.finding import Exploitation
from vallum_engine.sca.exploitation import Feed, joined, read_epss, read_kev

NAMES = {"epss": "epss.csv", "kev": "kev.json"}
MOST = 64 << 20


def unpacked(path: Path) -> bytes:
    """The bytes of a file that may be gzip. Raises UnusableArchive for what is damaged or far too large."""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            data = (gzip.GzipFile(fileobj=file) if packed else file).read(MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableArchive(f"{path} cannot be read ({error}): fetch it again.") from error
    if len(data) > MOST:
        raise UnusableArchive(f"{path} is larger than such a file is: it is not read.")
    return data


def kind(data: bytes) -> str:
    """`epss`, `kev`, or empty for what is neither."""
    if data.startswith(b"#model_version:"):
        return "epss"
    return "kev" if data.lstrip()[:1] == b"{" else ""


def read(name: str, data: bytes) -> Feed:
    """Raises BrokenData."""
    return read_epss(data.splitlines()) if name == "epss" else read_kev(data)


def note(folder: Path, name: str) -> Path:
    """Where it is written down of which version the kept one is, where that is known."""
    return folder / f"{name}.note.json"


def keep(folder: Path, name: str, data: bytes) -> None:
    """Make it the one that is joined from now on."""
    note(folder, name).unlink(missing_ok=True)
    part = folder / f"{NAMES[name]}.part"
    part.write_bytes(data)
    part.replace(folder / NAMES[name])


def present(folder: Path) -> tuple[dict[str, Exploitation], Mapping[str, str]]:
    """What is known by the feeds that are here, and the day of each."""
    found: dict[str, Feed] = {}
    for name, file in NAMES.items():
        if (folder / file).is_file():
            try:
                found[name] = read(name, (folder / file).read_bytes())
            except BrokenData as error:
                raise UnusableArchive(f"{folder / file}: {error} Remove it, or import it again.") from error
    told = [found[name].told if name in found else {} for name in NAMES]
    return joined(told[0], told[1]), {name: feed.day for name, feed in found.items()}
