import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vallum_web.embedded import leftovers, orphans, watcher
from vallum_web.embedded.deathwatch import Watcher

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")


def is_gone(pid: int, *, seconds: float = 5.0) -> bool:
    """A zombie is gone too: in a container nobody may be there to reap it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        state = Path(f"/proc/{pid}/stat")
        if not leftovers.is_alive(pid) or (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z"):
            return True
        time.sleep(0.02)
    return False


SUPERVISOR = """
import subprocess, sys, time
from vallum_web.embedded.deathwatch import Watcher
child = subprocess.Popen(["sleep", "600"], process_group=0)
other = subprocess.Popen(["sleep", "600"], process_group=0)
server = subprocess.Popen([sys.executable, "-c", "import time\\ntry: time.sleep(600)\\nexcept KeyboardInterrupt: sys.exit(0)"])
watcher = Watcher("")
watcher.group(child.pid)
watcher.start()
watcher.group(other.pid)
watcher.forget(other.pid)
watcher.server(server.pid)
print(child.pid, other.pid, server.pid, watcher.pid, flush=True)
if sys.argv[1] == "orderly":
    watcher.close()
    sys.exit(0)
time.sleep(600)
"""


@pytest.mark.parametrize("end", ["killed", "orderly"])
def test_the_watcher_ends_what_is_listed_when_its_supervisor_is_killed_and_only_then(end):
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR, end], stdout=subprocess.PIPE, text=True) as supervisor:
        child, other, server, watching = map(int, supervisor.stdout.readline().split())
        if end == "killed":
            supervisor.kill()
    try:
        assert is_gone(watching)
        # What has to go may take its time, what has to stay is not waited for.
        patience = 60 if end == "killed" else 0.5
        assert is_gone(child, seconds=patience) is (end == "killed")
        assert is_gone(server, seconds=patience) is (end == "killed")
        assert not is_gone(other, seconds=0.1), "it was forgotten, so it is not the watcher's"
    finally:
        for pid in (child, other, server):
            if leftovers.is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("mark", ["", "no-equals-sign"])
def test_a_watcher_without_a_mark_finds_no_carriers(mark):
    assert watcher.carriers(mark) == []


@LINUX_ONLY
def test_carriers_of_a_mark_are_found_wherever_they_went():
    mark = f"VALLUM_RUN=test-{os.getpid()}"
    name, _, value = mark.partition("=")
    strayed = subprocess.Popen(["sleep", "600"], env={**os.environ, name: value}, start_new_session=True)
    try:
        assert watcher.carriers(mark) == [strayed.pid]
    finally:
        strayed.kill()
        strayed.wait()


FAMILY = """
import multiprocessing, os, sys, time
from vallum_web.embedded.deathwatch import die_with_parent

def work(pipe):
    die_with_parent()
    pipe.send(os.getpid())
    time.sleep(600)

if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    multiprocessing.get_context(sys.argv[1]).Process(target=work, args=(there,)).start()
    print(here.recv(), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_worker_process_dies_with_the_server_that_started_it(tmp_path, method):
    program = tmp_path / "family.py"
    program.write_text(FAMILY)
    with subprocess.Popen([sys.executable, str(program), method], stdout=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    assert is_gone(worker)


ADOPTED = """
import os, subprocess, sys, time
from vallum_web.embedded import deathwatch, orphans
assert deathwatch.become_subreaper()
kept = subprocess.Popen(["sleep", "600"])
# A parent that starts a process in its own session, and ends: the process becomes ours.
subprocess.run([sys.executable, "-c", "import subprocess; print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid)"])
ended = orphans.end({kept.pid})
print(len(ended), orphans.children() == [kept.pid], kept.poll())
kept.kill()
"""


@LINUX_ONLY
def test_orphans_are_ended_and_children_are_not():
    ran = subprocess.run([sys.executable, "-c", ADOPTED], capture_output=True, text=True, check=True)
    orphan, report = ran.stdout.splitlines()
    assert report == "1 True None"
    assert is_gone(int(orphan))


@LINUX_ONLY
def test_children_of_this_process_are_seen():
    with subprocess.Popen(["sleep", "600"]) as child:
        assert child.pid in orphans.children()
        child.kill()


def test_a_closed_watcher_can_be_closed_again():
    closed = Watcher("")
    closed.start()
    closed.close()
    closed.close()
    assert closed.pid is None
