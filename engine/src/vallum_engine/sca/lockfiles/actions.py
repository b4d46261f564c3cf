"""GitHub Actions: what workflows and composite actions `uses`. A tag or a commit names a version, a branch does not.

`owner/repository/path@v4` is of the repository. A full version (`v4.1.1`) is compared; `v4` is a tag that moves within a range, and
stands as what was asked for. A commit has the version that a comment behind it tells (`@<sha> # v4.1.1`), as Dependabot writes it.
"""

import re
from collections.abc import Iterator

from vallum_engine.model.file import File
from vallum_engine.model.finding import Location
from vallum_engine.model.package import Package
from vallum_engine.sca.lockfiles.docker import image
from vallum_engine.sca.lockfiles.entry import Entry, text_of

TODO = "Save it as UTF-8 text."
_USES = re.compile(r"""\s*(?:-\s+)?(?:\{\s*)?["']?uses["']?\s*:\s*(?:"([^"]*)"|'([^']*)'|([^\s#]+))(.*)""")
_ACTION = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(?:/[^@\s]*)?@([^\s@]+)")
_FULL = re.compile(r"v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TOLD = re.compile(r"\s*#\s*(?:tag=|ratchet:\S*@)?(v?\d\S*)")
_BLOCK = re.compile(r"(\s*)(?:-\s+)?[\w.\"'-]+\s*:\s*[|>][+-]?\d*\s*(?:#.*)?")


def extract(file: File) -> Iterator[Entry]:
    """Yield every action, reusable workflow and image that is used. Raises BrokenData for what is no text.

    Read line by line: a workflow is a template, and often no YAML a parser would take.
    """
    above = -1
    for number, line in enumerate(text_of(file, TODO).split("\n"), 1):
        indent = len(line) - len(line.lstrip())
        if above >= 0 and line.strip() and indent <= above:
            above = -1
        if above >= 0 or line.lstrip().startswith("#"):
            continue
        if block := _BLOCK.fullmatch(line.rstrip()):
            above = len(block[1])
        elif found := _USES.match(line):
            package = _package(file, found[1] or found[2] or found[3] or "", found[4], line=number)
            if package:
                yield package


def _package(file: File, used: str, behind: str, *, line: int) -> Package | None:
    location = Location(path=file.path, line=line, end_line=line)
    if used.startswith("docker://"):
        return image(used.removeprefix("docker://"), location)
    found = _ACTION.fullmatch(used)
    if not found or used.startswith("."):
        return None
    reference, commit = found[2], found[2] if _COMMIT.fullmatch(found[2]) else ""
    told = _TOLD.match(behind) if commit else None
    full = _FULL.fullmatch(told[1] if told else reference)
    return Package(
        ecosystem="GitHub Actions",
        name=found[1],
        version=full[1] if full else "",
        location=location,
        direct=True,
        commit=commit,
        requested=reference,
    )
