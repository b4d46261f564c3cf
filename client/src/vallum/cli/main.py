"""`vallum`: picks the command and turns what went wrong into a sentence and an exit code."""

import contextlib
import gc
import os
import sys
from collections.abc import Sequence

from vallum.cli.exits import Exit
from vallum.errors import ClientError, Misuse
from vallum.output import forget_stdout
from vallum_engine.errors import EngineError
from vallum_engine.plugins import load

# Each command is imported when it is asked for: `vallum scan` must not pay for what `vallum db` needs.
COMMANDS = {
    "scan": ("vallum.cli.scan:run", "find secrets and vulnerable packages in a folder, an archive or a repository"),
    "packages": (
        "vallum.cli.packages:run",
        "list the packages of a folder, an archive or a repository, and how they came in",
    ),
    "sbom": ("vallum.cli.sbom:run", "write a bill of materials as CycloneDX or SPDX, or tell two of them apart"),
    "fix": (
        "vallum.cli.fix:run",
        "plan the fewest upgrades that end what is known against packages, as steps or as a diff",
    ),
    "licences": ("vallum.cli.licences:run", "list packages by licence: what they declare, and what lies with them"),
    "convert": ("vallum.cli.convert:run", "read reports of other tools, and write or upload what they found"),
    "gate": (
        "vallum.cli.gate:run",
        "answer yes, no or cannot say for a pipeline, by gates of a platform or conditions",
    ),
    "baseline": ("vallum.cli.baseline:run", "write down the findings that are known, to be shown only what is new"),
    "rules": ("vallum.cli.rules:run", "list, show and try the rules by which secrets are found"),
    "hook": ("vallum.cli.hook:run", "scan before each commit, by git's pre-commit hook"),
    "ci": ("vallum.cli.ci:run", "print a pipeline that scans, for GitHub, GitLab and others"),
    "db": ("vallum.cli.db:run", "download, import or show the advisory database"),
}

_FEW_COLLECTIONS = (200_000, 20, 50)
"""A start makes tens of thousands of objects that all stay, and is not helped by looking for circles among them 60 times."""


def program() -> None:
    """The process: ends it without taking apart what it holds, which takes a tenth of a short scan."""
    gc.set_threshold(*_FEW_COLLECTIONS)
    code = main()
    if "threading" in sys.modules:  # somebody may still be at work
        sys.exit(code)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = code or Exit.INCOMPLETE
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(given)
    except SystemExit as leaving:  # argparse's way of ending
        return leaving.code if isinstance(leaving.code, int) else Exit.USAGE
    except KeyboardInterrupt:
        return _complain("stopped.", Exit.INTERRUPTED)
    except Misuse as error:
        return _complain(str(error), Exit.USAGE)
    except (ClientError, EngineError) as error:
        return _complain(str(error), Exit.INCOMPLETE)
    except BrokenPipeError:  # somebody read enough of the help or of a status
        forget_stdout()
        return Exit.CLEAN


def _run(given: list[str]) -> int:
    if given and given[0] in COMMANDS:
        path, _ = COMMANDS[given[0]]
        return int(load(path)(given[1:]))
    load("vallum.cli.overview:show")({name: summary for name, (_, summary) in COMMANDS.items()}, given)
    return Exit.USAGE


def _complain(text: str, code: Exit) -> Exit:
    with contextlib.suppress(OSError, AttributeError):  # without standard error the code says it alone
        sys.stderr.write(f"vallum: {text}\n")
    return code


if __name__ == "__main__":
    program()
