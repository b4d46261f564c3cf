"""Claim: a fix plan, carried out by the ecosystem's own program, ends what it says that it ends.

Each case is a small project with a known advisory. The program locks it; Vallum scans, plans, and writes the manifest; the
commands that the plan names are run as they stand; a second scan tells what is left of what the plan promised. Programs that
are not on the search path are skipped, and that is said. They ask their registries, so this is no test of the suite.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Any

from bench import measure, tools
from bench.fixing.cases import CASES, Case
from bench.measure import ROOT

VALLUM = str(tools.OURS / "vallum")
MOST_SECONDS = 300


class WentWrong(Exception):
    """A program did not do its work."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data"), help="a folder with osv/")
    parser.add_argument("--only", default="", help="one program")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as folder:
        scratch = Path(folder)
        environment = measure.environment(scratch / "home") | {"GOTOOLCHAIN": "local"}
        _run(f"{VALLUM} db import {Path(given.data) / 'osv'}", scratch, environment)
        print(measure.machine())
        for number, case in enumerate(CASES):
            if given.only in ("", case.program):
                print(f"{case.name:<26} {_told(case, scratch / str(number), environment)}")


def _told(case: Case, folder: Path, environment: Mapping[str, str]) -> str:
    if not which(case.program):
        return f"skipped: no {case.program} here"
    for path, text in case.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    try:
        _run(case.lock, folder, environment)
        before = _rules(folder, environment)
        plan = json.loads(_run(f"{VALLUM} fix . --format json", folder, environment))
        promised = {(step["name"], ended["rule"]) for step in plan["steps"] for ended in step["ends"]}
        _run(f"{VALLUM} fix . --write", folder, environment)
        started = time.perf_counter()
        commands = _commands(plan)
        for where, command in commands:
            _run(command, folder / where, environment)
        took = time.perf_counter() - started
        after = _rules(folder, environment)
    except WentWrong as error:
        return f"WENT WRONG: {error}"
    new = after - before
    return (
        f"{len(before)} before, {len(promised)} promised, {len(promised & after)} of these left, {len(new)} new, "
        f"{len(after)} after; {took:.1f} s of {' && '.join(command for _, command in commands)}"
    )


def _commands(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """By folder: what locks the manifests that were written, and the steps that a manifest has no part in."""
    after = [(str(Path(each["file"]).parent), each["command"]) for each in plan["after"]]
    steps = [(str(Path(step["file"]).parent), step["command"]) for step in plan["steps"] if not step["changes"]]
    return list(dict.fromkeys([*after, *(step for step in steps if step[1])]))


def _rules(folder: Path, environment: Mapping[str, str]) -> set[tuple[str, str]]:
    report = json.loads(_run(f"{VALLUM} scan . --only packages --no-cache --format json", folder, environment))
    return {(finding["package"]["name"], finding["rule"]) for finding in report["findings"]}


def _run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """By the shell, as a person would: the plan's commands are quoted for it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise WentWrong(f"{command}: not done after {MOST_SECONDS} s") from error
    ours = command.startswith(VALLUM)
    if done.returncode not in ((0, 1, 3) if ours else (0,)):
        raise WentWrong(f"{command}: {done.returncode}: {(done.stderr or done.stdout).strip()[-400:]}")
    return done.stdout


if __name__ == "__main__":
    main()
