"""A scan in several processes says what one process says, whatever becomes of the others."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from vallum_engine.sources.spread import FEWEST

SCRIPT = Path(__file__).parents[1] / "spreading.py"
FILES = 3 * FEWEST


@pytest.fixture
def tree(tmp_path):
    """Files in folders, most of them after the first process began to share."""
    root = tmp_path / "tree"
    draw = random.Random(7)
    for number in range(FILES):
        folder = root / f"d{number % 7}" / f"e{number % 31}"
        folder.mkdir(parents=True, exist_ok=True)
        text = [f"line {draw.random()}" for _ in range(draw.randrange(30))]
        if number % 9 == 0:
            text.insert(draw.randrange(len(text) + 1), f"secret name{number % 50}")
        if number % 90 == 0:
            text.append("vallum:ignore\nsecret hidden")
        if number % 100 == 0:
            text.append(draw.choice(("aside", "boom")))
        (folder / f"f{number}.txt").write_text("\n".join(text))
        if number % 11 == 0:
            (folder / f"g{number}.link").write_text("vallum:ignore c known" if number % 33 == 0 else "link")
    odd(root)
    return root


def odd(root):
    """What is no plain file, or has no plain name."""
    (root / ".vallumignore").write_text("d3/e4/\n")
    (root / "d5" / "binary").write_bytes(b"\0" * 100)
    (root / "d5" / "link").symlink_to("binary")
    Path(os.fsdecode(bytes(root) + b"/d6/\xff\n")).write_text("secret odd")
    (root / "d6" / "letters\u00e4\u202e").write_text("secret letters")
    deep = root.joinpath("d6", *["a" * 200] * 15)  # a path that no packet holds
    deep.mkdir(parents=True)
    (deep / "deep.txt").write_text("secret deep")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/one.txt", "secret zip")
        archive.writestr("in/two.link", "link")
    (root / "d6" / "some.zip").write_bytes(packed.getvalue())


def run(tree, processes, *more, pids=None):
    """The report, which processes looked at files, and what was said on the side."""
    log = pids or tree.with_name(f"pids{processes}{''.join(more)}")
    done = subprocess.run(
        [sys.executable, SCRIPT, tree, str(processes), log, *more], capture_output=True, check=True, timeout=60
    )
    return done.stdout, Counter(line.split()[0] for line in log.read_text().splitlines()), done.stderr.decode()


def test_reports_are_the_same_whatever_the_number_of_processes(tree):
    alone, pids, _ = run(tree, 1)
    report = json.loads(alone)
    assert len(pids) == 1
    assert {"name9", "odd", "deep", "zip"} <= {finding["message"].split()[0] for finding in report["findings"]}
    assert report["suppressed"]
    assert report["incomplete"]
    for processes in (2, 3):
        together, pids, _ = run(tree, processes)
        assert len(pids) == processes
        assert together == alone


def test_what_a_killed_process_took_is_looked_at_again(tree):
    for number in (50, 400, 800):
        (tree / "d6" / f"k{number}").write_text("kill\nsecret killed")
    alone, _, _ = run(tree, 1)
    together, pids, _ = run(tree, 3)
    assert len(pids) == 3
    assert together == alone
    assert b"killed is here" in alone


def test_a_limit_that_only_all_together_meet_is_met_where_one_process_meets_it(tree):
    most = str(sum(path.stat().st_size for path in tree.rglob("*.txt")) // 2)
    alone, _, _ = run(tree, 1, most)
    together, _, said = run(tree, 3, most)
    assert said == "overrun\n"
    assert together == alone
    assert b"The walk broke off" in alone


@pytest.mark.parametrize("trouble", ["refused", "threaded"])
def test_where_no_process_can_be_had_one_looks_at_all(tree, trouble):
    alone, _, _ = run(tree, 1)
    together, pids, _ = run(tree, 3, trouble)
    assert len(pids) == 1
    assert together == alone


@pytest.mark.parametrize("crowd", ["crowded-3", "crowded-4"])
def test_where_no_more_files_may_be_open_one_process_looks_at_all(tmp_path, crowd):
    root = tmp_path / "tree"
    root.mkdir()
    for number in range(FILES):
        (root / f"f{number}").write_text(f"secret name{number}")
    together, pids, _ = run(root, 3, crowd)
    assert len(pids) == 1
    assert together == run(root, 1)[0]


def test_a_small_folder_is_not_worth_a_process(tmp_path):
    root = tmp_path / "tree"
    root.mkdir()
    for number in range(FEWEST):
        (root / f"f{number}").write_text(f"secret name{number}")
    _, pids, _ = run(root, 3)
    assert len(pids) == 1


def test_one_flat_folder_is_shared(tmp_path):
    root = tmp_path / "tree"
    root.mkdir()
    for number in range(FILES):
        (root / f"f{number}").write_text(f"secret name{number}")
    together, pids, _ = run(root, 2)
    assert len(pids) == 2
    assert together == run(root, 1)[0]


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_the_first_one(tree, tmp_path, word):
    for number in range(200):
        (tree / "d6" / f"w{number}").write_text("wait")
    log = tmp_path / "pids"
    with subprocess.Popen([sys.executable, SCRIPT, tree, "3", log], stderr=subprocess.DEVNULL) as first:
        pids = until(lambda: waiting(log) if len(waiting(log)) == 3 else None)
        first.send_signal(word)
        assert first.wait(timeout=60) != 0
    assert until(lambda: not any(map(alive, pids)))


def waiting(log):
    lines = log.read_text().splitlines() if log.exists() else []
    return {int(pid) for pid, path in map(str.split, lines) if "/w" in path}


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(asked):
    """The first answer that is one, within some seconds."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if answer := asked():
            return answer
        time.sleep(0.05)
    raise AssertionError("nothing came of it")
