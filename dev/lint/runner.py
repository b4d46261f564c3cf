"""Every rule over every file that git knows or would add."""

import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from dev.lint.rule import Problem, Rule
from dev.lint.rules import RULES
from dev.lint.source import Source, Unparsable

ALLOWED = "dev/lint/allowed.toml"
UNBOUND = ("/migrations/",)  # written by Django, and never edited once they have run somewhere

Allowed = Mapping[tuple[str, str], str]


class Unreadable(Exception):
    """The tree, or the list of what is allowed in it, cannot be read."""


def tracked(root: Path) -> list[str]:
    """What is in the index or would get there by `git add`."""
    # safe.directory: CI runs as root in a checkout that may belong to another account.
    git = ["git", "-C", str(root), "-c", f"safe.directory={root}"]
    try:
        listed = subprocess.run(
            [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unreadable(f"{root} is not a git checkout, or git is missing: run in a clone.") from error
    return sorted(set(listed.stdout.decode("utf-8", "surrogateescape").split("\0")) - {""})


def sources(root: Path, paths: Iterable[str]) -> Iterator[Source]:
    """The text files among them. What is not UTF-8, or holds a NUL, is data."""
    for path in paths:
        if any(part in f"/{path}" for part in UNBOUND):
            continue
        try:
            data = (root / path).read_bytes()
        except (FileNotFoundError, IsADirectoryError):  # deleted and not yet committed; a submodule
            continue
        if b"\0" in data:
            continue
        try:
            yield Source(path=path, text=data.decode())
        except UnicodeDecodeError:
            continue


def allowed(root: Path) -> dict[tuple[str, str], str]:
    """Reasons by rule and path."""
    path = root / ALLOWED
    entries = tomllib.loads(path.read_text("utf-8")).get("allowed", []) if path.exists() else []
    return {(entry["rule"], entry["path"]): entry["reason"] for entry in entries}


def problems(source: Source, rules: Sequence[Rule] = RULES) -> Iterator[Problem]:
    """What is wrong with one file."""
    try:
        for rule in rules:
            if rule.where(source):
                for line, message in rule.check(source):
                    yield Problem(path=source.path, line=line, rule=rule.name, message=message, todo=rule.todo)
    except Unparsable as error:
        yield Problem(path=source.path, line=1, rule="syntax", message=str(error), todo="mend it")


def judge(tree: Iterable[Source], allowances: Allowed, rules: Sequence[Rule] = RULES) -> list[Problem]:
    """Every problem that no allowance covers, and every allowance that covers none."""
    unused = set(allowances)
    found = []
    for source in tree:
        for problem in problems(source, rules):
            key = (problem.rule, problem.path)
            unused.discard(key)
            if key not in allowances:
                found.append(problem)
    found += [
        Problem(path=ALLOWED, line=1, rule="allowed", message=f"{path} no longer needs {rule!r}", todo="remove it")
        for rule, path in unused
    ]
    return sorted(found)
