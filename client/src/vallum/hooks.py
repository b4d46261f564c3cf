"""Git's pre-commit hook in a repository of the caller's own: where it belongs, put there and taken away."""

import contextlib
import os
import shlex
import stat
import subprocess
from pathlib import Path

from vallum.errors import ClientError, Misuse, Unreachable
from vallum_guard.errors import GitUnusable
from vallum_guard.git import command

COMMAND = "vallum scan --staged --only secrets --progress none"
_MARK = "# Written by `vallum hook install`; `vallum hook uninstall` takes it away."
_HOOK = """\
#!/bin/sh
{mark}
vallum=$(command -v vallum) || vallum={program}
if [ ! -x "$vallum" ]; then
    echo "vallum is not there, so nothing was scanned: install it, or commit with --no-verify." >&2
    exit 1
fi
exec "$vallum" {arguments}
"""


def place(folder: Path) -> Path:
    """The path of the pre-commit hook that git runs for this work tree, as the person's own configuration has it.

    Raises Misuse where there is no work tree or where hooks are switched off, Unreachable without git.
    """
    top = _asked(folder, "--show-toplevel")
    hooks = Path(_asked(Path(top), "--path-format=absolute", "--git-path", "hooks"))
    if hooks.exists() and not hooks.is_dir():
        raise Misuse(f"core.hooksPath is {hooks}, which is no folder: hooks are switched off here.")
    return hooks / "pre-commit"


def install(hook: Path, program: str) -> bool:
    """Put the hook there; False where ours was there already, which is written anew. Raises Misuse before another's.

    `program` is what runs where `vallum` is on no path, as for commits from an editor.
    """
    text = _HOOK.format(mark=_MARK, program=shlex.quote(program), arguments=COMMAND.partition(" ")[2])
    known = os.path.lexists(hook)
    if known and not is_ours(hook):
        raise Misuse(
            f"{hook} is a hook of another origin and stays as it is. Call Vallum from it: `{COMMAND} || exit 1`."
        )
    part = hook.with_name(f".pre-commit.{os.getpid()}.part")
    try:
        hook.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if known:
            part.replace(hook)
        else:
            os.link(part, hook)  # fails where somebody was quicker: another's hook is not replaced
    except FileExistsError as error:
        raise Misuse(f"{hook} came into being just now: look at it, and install again.") from error
    except OSError as error:
        raise ClientError(f"{hook} cannot be written ({error.strerror}).") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return not known


def uninstall(hook: Path) -> bool:
    """Take ours away; False where there was none. Raises Misuse before another's."""
    if not os.path.lexists(hook):
        return False
    if not is_ours(hook):
        raise Misuse(f"{hook} is a hook of another origin and stays as it is.")
    try:
        hook.unlink()
    except OSError as error:
        raise ClientError(f"{hook} cannot be taken away ({error.strerror}).") from error
    return True


def is_ours(hook: Path) -> bool:
    """Whether `install` wrote it: a plain file that says so in its second line. A link is somebody's arrangement."""
    try:
        if not stat.S_ISREG(hook.lstat().st_mode):
            return False
        with hook.open("rb") as file:
            head = file.read(512)
    except OSError:
        return False
    return head.split(b"\n")[1:2] == [_MARK.encode()]


def _asked(folder: Path, *words: str) -> str:
    """What `git rev-parse` says in this folder. It runs no program that the repository or its configuration names."""
    try:
        git = command.program()
    except GitUnusable as error:
        raise Unreachable(str(error)) from error
    if not folder.is_dir():
        raise Misuse(f"{folder} is no folder: name the work tree of a repository.")
    said = subprocess.run([git, "-C", folder, "rev-parse", *words], capture_output=True, check=False, timeout=60)
    if said.returncode:
        why = said.stderr.decode("utf-8", "replace").strip().splitlines()[:1]
        raise Misuse(f"{folder} is no work tree of a repository ({''.join(why) or 'git says no more'}).")
    return os.fsdecode(said.stdout.removesuffix(b"\n"))
