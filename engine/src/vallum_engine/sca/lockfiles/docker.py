"""Docker: the images that a Dockerfile begins with (`FROM`) or copies out of (`COPY --from=`), by tag or digest.

Arguments with a default that stand before the first stage (`ARG TAG=1.27`) are filled in. Stages of the file itself and
`scratch` are no images.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.entry import Entry, Left, text_of

TODO = "Save it as UTF-8 text."
_ARGUMENT = re.compile(r"ARG\s+([A-Za-z_]\w*)=(\S+)\s*", re.IGNORECASE)
_FROM = re.compile(r"FROM\s+(?:--[a-z]+=\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_COPY = re.compile(r"COPY\s+(?:--(?!from=)\S+\s+)*--from=(\S+)\s.*", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::-([^}$]*))?\}|([A-Za-z_]\w*))")
_IMAGE = re.compile(
    r"((?:[a-z0-9.-]+(?::\d+)?/)?[a-z0-9._/-]+)(?::(\w[\w.-]{0,127}))?(?:@(sha\d+:[0-9a-f]{32,128}))?", re.IGNORECASE
)
MOST_VALUE = 500
"""Letters of a name with its arguments filled in: arguments of arguments grow without end."""


def extract(file: File) -> Iterator[Entry]:
    """Yield every image, and a note of those whose name is known only when it is built. Raises BrokenData for what is no text."""
    known: dict[str, str] = {}
    stages = {"scratch"}
    count = 0
    for line, text in _instructions(text_of(file, TODO)):
        if argument := _ARGUMENT.fullmatch(text):
            if not count:
                known[argument[1]] = filled(argument[2].strip("\"'"), known) or ""
            continue
        found = _FROM.fullmatch(text) or _COPY.fullmatch(text)
        if not found:
            continue
        name = filled(found[1], known)
        if not found[1].isdigit() and (name is None or name.lower() not in stages):
            yield of_name(name, file, line)
        if found.re is _FROM:
            count += 1
            stages.add((found[2] or f"stage {count}").lower())


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Each with the line where it begins; continued lines are joined, comments within them left out."""
    pending: list[str] = []
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        start = start or number
        if line.endswith("\\"):
            pending.append(line[:-1])
            continue
        yield start, " ".join([*pending, line]).strip()
        pending, start = [], 0


def filled(text: str, known: dict[str, str]) -> str | None:
    """The text with its variables filled in; None where one has no value here, or they grow beyond a name."""
    parts, at = [], 0
    for found in _VARIABLE.finditer(text):
        value = known.get(found[1] or found[3], found[2])
        if not value:
            return None
        parts += [text[at : found.start()], value]
        at = found.end()
    whole = "".join([*parts, text[at:]])
    return None if "$" in whole or len(whole) > MOST_VALUE else whole


def of_name(name: str | None, file: File, line: int) -> Entry:
    """The image of a name, or a note where there is none."""
    found = image(name, Location(path=file.path, line=line, end_line=line)) if name else None
    return found or Left(line=line, why="images whose name is known only when it is built are not listed")


def image(name: str, location: Location) -> Package | None:
    """An image by its name; without a tag or digest it is `latest`, which is a wish."""
    found = _IMAGE.fullmatch(name)
    if not found:
        return None
    tag, digest = found[2] or "", found[3] or ""
    return Package(
        ecosystem="Docker",
        name=found[1],
        version=digest or tag,
        location=location,
        direct=True,
        requested=tag if digest else "" if tag else "latest",
    )
