"""What is read without argparse is read as argparse reads it, and the rest is left to it."""

import random

import pytest

from vallum.cli import arguments, plainly

WORDS = (
    *("place", "", ".", "a b", "--no-cache", "--no-ignore", "--no-archives", "--offline", "--verify", "--staged"),
    *("--history", "--ignore-unfixed", "--repository-rules", "--format", "json", "table", "--output", "out.json"),
    *("--only", "secrets", "secrets,packages", "licences", "--fail-on", "high", "--progress", "none", "--", "-"),
    *("--format=json", "-x", "--branch", "main", "--max-files", "10", "--vex", "nothing", "--asset", "-1"),
)


def by_argparse(words):
    try:
        said = vars(arguments.read(words))
    except SystemExit:
        return None
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="nothing"),
        pytest.param("--no-cache place", id="a flag and a place"),
        pytest.param("place --no-cache", id="a place and a flag"),
        pytest.param("--only secrets --format json --no-ignore --no-cache place", id="as the benchmark asks"),
        pytest.param(
            "--only packages,secrets,licences --fail-on high --output out.sarif --format sarif", id="a pipeline"
        ),
        pytest.param("--staged --only secrets", id="as the hook asks"),
        pytest.param(
            "--verify --history --offline --ignore-unfixed --no-archives --repository-rules x", id="every flag"
        ),
    ],
)
def test_plain_lines_are_read_without_argparse(line):
    assert vars(plainly.read(line.split())) == by_argparse(line.split())


@pytest.mark.parametrize(
    "line",
    [
        "one two",
        "--format xml",
        "--only nothing",
        "--only",
        "--fail-on",
        "--branch main",
        "-h",
        "--",
        "-",
        "--format=json",
    ],
)
def test_the_rest_is_left_to_argparse(line):
    assert plainly.read(line.split()) is None


def test_both_agree_on_whatever_is_read(capsys):
    chance = random.Random(1)
    read = 0
    for _ in range(1000):
        words = chance.choices(WORDS, k=chance.randrange(7))
        given = plainly.read(words)
        if given is not None:
            read += 1
            assert vars(given) == by_argparse(words), words
    assert read > 50
