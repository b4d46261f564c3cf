"""A repository with a long history: the successive releases of a real project, one commit a file that a release changed.

Between releases somebody commits a file with one credential, and the next commit takes it out again: what a tool finds of these is
known. The registry gives the releases as archives, which are kept; the repository is made anew by `git fast-import`.
"""

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.secrets.kinds import CONTEXTS, kinds
from bench.secrets.trees import DATA
from vallum_engine.secrets.samples import fill

PROJECT = "django"
RELEASES = (
    *("1.8", "1.9", "1.10", "1.11", "2.0", "2.1", "2.2", "3.0"),
    *("3.1", "3.2", "4.0", "4.1", "4.2", "5.0", "5.1", "5.2"),
)
_WHO = b"Somebody <somebody@example.test>"
_FIRST = 1_420_000_000
_APART = 3600


def made(folder: Path) -> tuple[int, dict[str, str]]:
    """The repository in `folder`, checked out. How many commits it has, and the leaks: by path, the value."""
    folder.mkdir()
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    leaks: dict[str, str] = {}
    writing = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE)
    if writing.stdin is None:
        raise AssertionError("a pipe was asked for")
    number = 0
    with writing.stdin as out:
        for number, (message, change) in enumerate(_commits(leaks), 1):
            out.write(b"commit refs/heads/main\ncommitter %s %d +0000\n" % (_WHO, _FIRST + number * _APART))
            out.write(b"data %d\n%s\n%s\n" % (len(message), message, change))
    if writing.wait():
        raise SystemExit("git fast-import did not take the history: see what it said above.")
    _git(folder, "checkout", "--quiet", "main")
    return number, leaks


def _commits(leaks: dict[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """Message and change of each."""
    before: Mapping[str, bytes] = {}
    waiting = list(kinds())
    for release in RELEASES:
        after = _files(_fetched(release))
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) == after.get(path):
                continue
            message = f"{release}: {path}".encode()
            yield message, _written(path, after[path]) if path in after else b"D %s\n" % path.encode()
        before = after
        for kind in (waiting.pop() for _ in range(min(5, len(waiting)))):
            value, (file, line, _) = fill(kind.token), CONTEXTS["dotenv"]
            path = f"services/{kind.id}/{file}"
            leaks[path] = value
            others = [f"{name}={fill(token)}" for name, token in kind.beside]
            text = "\n".join(["LOG_LEVEL=info", line.format(NAME=kind.name, value=value), *others]) + "\n"
            yield b"Set up " + kind.id.encode(), _written(path, text.encode())
            yield b"Clean up", b"D %s\n" % path.encode()


def _written(path: str, data: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)


def _files(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as opened:
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/") and '"' not in name}


def _fetched(release: str) -> Path:
    place = DATA / f"{PROJECT}-releases" / release
    if not place.exists() or not list(place.iterdir()):
        place.mkdir(parents=True, exist_ok=True)
        print(f"fetching {PROJECT} {release} …", file=sys.stderr)
        python = Path(sys.base_prefix) / "bin" / "python3"  # .venv has no pip of its own
        ready = (
            "--no-deps",
            "--only-binary",
            ":all:",
            "--disable-pip-version-check",
            "--quiet",
            "--ignore-requires-python",
        )
        command = (str(python), "-m", "pip", "download", *ready, "--dest", str(place), f"{PROJECT}=={release}")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return next(iter(sorted(place.glob("*.whl"))))


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(("git", *arguments), cwd=folder, check=True)
