"""A hostile payload at every level of isolation that this machine has."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from vallum_guard import errors, sandbox
from vallum_guard.http import Route
from vallum_guard.proxy import ConnectProxy
from vallum_guard.sandbox import End, Level, Limits, Mechanism, Sandbox

ISOLATING = (Mechanism.BUBBLEWRAP, Mechanism.NAMESPACES, Mechanism.LANDLOCK)
MIB = 1024 * 1024


def able(mechanism):
    if problem := sandbox.problem(mechanism):
        pytest.skip(f"{mechanism.value}: {problem}")
    return mechanism


@pytest.fixture(params=ISOLATING, ids=lambda each: each.value)
def mechanism(request):
    return able(request.param)


@pytest.fixture(params=list(Mechanism), ids=lambda each: each.value)
def any_mechanism(request):
    return able(request.param)


def python(code, **grants):
    """Runs Python inside; what it printed, and how it ended."""
    pieces = []
    outcome = sandbox.run(
        (sys.executable, "-I", "-S", "-c", textwrap.dedent(code)), sandbox=Sandbox(**grants), stdout=pieces.append
    )
    return b"".join(pieces).decode(), outcome


PAYLOAD = """
import ctypes, errno, json, os, socket, sys
source, outside, port, victim = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
def opened(path, mode):
    with open(path, mode) as file:
        return file.read(1) if mode == "r" else "written"
def call(number, *arguments):
    if libc.syscall(ctypes.c_long(number), *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")
def reach(family, kind, place):
    with socket.socket(family, kind) as s:
        s.settimeout(1)
        s.connect(place) if kind == socket.SOCK_STREAM else s.sendto(b"x", place)
X = os.uname().machine == "x86_64"
attempts = {
    "tcp out": lambda: reach(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(port))),
    "udp out": lambda: reach(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int(port))),
    "tcp6 out": lambda: reach(socket.AF_INET6, socket.SOCK_STREAM, ("::1", int(port))),
    "unix service": lambda: reach(socket.AF_UNIX, socket.SOCK_STREAM, outside + "/service"),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW, 0),
    "packet": lambda: socket.socket(17, socket.SOCK_RAW, 0),
    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM, 0),
    "alg": lambda: socket.socket(38, socket.SOCK_SEQPACKET, 0),
    "shadow": lambda: opened("/etc/shadow", "r"),
    "passwd": lambda: opened("/etc/passwd", "r"),
    "root's home": lambda: os.listdir("/root/.ssh") + os.listdir("/home"),
    "other file": lambda: opened(outside + "/secret", "r"),
    "other environment": lambda: opened("/proc/%s/environ" % victim, "r"),
    "write source": lambda: opened(source + "/file", "a"),
    "write beside": lambda: opened(outside + "/new", "w"),
    "chmod outside": lambda: os.chmod(outside + "/secret", 0o777),
    "write usr": lambda: opened("/usr/vallum-test", "w"),
    "write root": lambda: opened("/vallum-test", "w"),
    "write dev": lambda: opened("/dev/vallum-test", "w"),
    "sysctl": lambda: opened("/proc/sys/kernel/core_pattern", "a"),
    "own limits": lambda: opened("/proc/self/oom_score_adj", "w"),
    "link out": lambda: opened(source + "/link", "r"),
    "kill": lambda: os.kill(int(victim), 0),
    "ptrace": lambda: call(101 if X else 117, 16, int(victim), 0, 0),
    "process memory": lambda: call(310 if X else 270, int(victim), None, 0, None, 0, 0),
    "unshare": lambda: call(272 if X else 97, 0x10000000),
    "clone": lambda: call(56 if X else 220, ctypes.c_ulong(0x10000000 | 17), 0, 0, 0, 0),
    "mount": lambda: call(165 if X else 40, b"none", b"/tmp", b"tmpfs", 0, None),
    "chroot": lambda: os.chroot("/tmp"),
    "keyctl": lambda: call(250 if X else 219, 0, -3, 0),
    "bpf": lambda: call(321 if X else 280, 0, None, 0),
    "io_uring": lambda: call(425, 1, None),
    "userfaultfd": lambda: call(323 if X else 282, 0),
    "perf": lambda: call(298 if X else 241, None, 0, -1, -1, 0),
    "become root": lambda: os.setuid(0) if os.getuid() else call(0, -1),
    "typed input": lambda: __import__("fcntl").ioctl(0, 0x5412, b"x"),
}
through = {}
for name, attempt in attempts.items():
    try:
        result = attempt()
        through[name] = repr(result)
    except (OSError, ValueError) as error:
        pass
print(json.dumps(through))
"""


@pytest.fixture
def outside(tmp_path):
    """A folder beside the source, with a secret and a service on a Unix socket."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "secret").write_text("s")
    return place


@pytest.fixture
def source(tmp_path, outside):
    place = tmp_path / "source"
    place.mkdir()
    (place / "file").write_text("read me")
    (place / "link").symlink_to(outside / "secret")
    return place


@pytest.fixture
def services(outside, monkeypatch):
    """Something listens on TCP and on a Unix socket, so that a refusal is the sandbox's."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        monkeypatch.chdir(outside)
        unix.bind("service")
        unix.listen()
        yield tcp.getsockname()[1]


@pytest.mark.policy("PP-5e")
def test_a_hostile_payload_gets_nowhere(mechanism, source, outside, services):
    with subprocess.Popen(("sleep", "30")) as victim:
        pieces = []
        outcome = sandbox.run(
            (sys.executable, "-I", "-S", "-c", PAYLOAD, str(source), str(outside), str(services), str(victim.pid)),
            sandbox=Sandbox(read_only=(source,), mechanism=mechanism),
            stdout=pieces.append,
        )
        assert outcome.ok, outcome
        through = json.loads(b"".join(pieces))
        victim.kill()
    assert through == {}
    assert (outside / "secret").stat().st_mode & 0o777 != 0o777
    assert (source / "file").read_text() == "read me"


def test_what_is_granted_works(any_mechanism, tmp_path, source):
    writable = tmp_path / "work"
    writable.mkdir()
    said, outcome = python(
        f"""
        import os, pathlib, sys, tempfile, json, sqlite3, hashlib
        assert pathlib.Path({str(source)!r}, "file").read_text() == "read me"
        pathlib.Path({str(writable)!r}, "out").write_text("made inside")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"x" * 1000)
        assert not sys.stdin.read()
        assert pathlib.Path("/dev/null").write_bytes(b"x")
        print(os.getcwd() == {str(writable)!r}, os.environ["GIVEN"], "SECRET_OF_CALLER" in os.environ)
        """,
        read_only=(source,),
        writable=writable,
        environment={"GIVEN": "given"},
        mechanism=any_mechanism,
    )
    assert said == "True given False\n", outcome
    assert (writable / "out").read_text() == "made inside"


def test_the_interpreter_s_packages_are_there(any_mechanism):
    pieces = []
    command = (sys.executable, "-c", "import vallum_guard.git, pytest; print('imported')")
    outcome = sandbox.run(command, sandbox=Sandbox(mechanism=any_mechanism), stdout=pieces.append)
    assert pieces == [b"imported\n"], outcome


def test_input_and_messages_pass(any_mechanism):
    lines = []
    outcome = sandbox.run(
        ("/bin/sh", "-c", "cat >&2; printf 'half\\rlast' >&2; exit 7"),
        sandbox=Sandbox(mechanism=any_mechanism),
        stdin=b"first\nsecond\n",
        stderr_line=lines.append,
    )
    assert lines == ["first", "second", "half", "last"]
    assert (outcome.returncode, outcome.end, outcome.ok) == (7, End.EXITED, False)
    assert outcome.stderr_tail.endswith("last")


def test_a_signal_reads_as_shells_say_it(any_mechanism):
    outcome = sandbox.run(
        ("/bin/sh", "-c", "exec python3 -c 'import os; os.abort()'"), sandbox=Sandbox(mechanism=any_mechanism)
    )
    assert outcome.returncode in {128 + signal.SIGABRT, 128 + signal.SIGSEGV, 128 + signal.SIGILL}


LIMITED = [
    pytest.param("while True: print('x' * 10_000)", {"stdout_bytes": 100_000}, End.STDOUT, id="output"),
    pytest.param("import sys\nwhile True: sys.stderr.write('x' * 9_999)", {"stderr_bytes": 50_000}, End.STDERR, id="messages"),
    pytest.param("import time; time.sleep(60)", {"seconds": 0.5}, End.TIME, id="time"),
    pytest.param("import os, time; os.close(1); os.close(2); time.sleep(60)", {"seconds": 0.5}, End.TIME, id="silent time"),
    pytest.param("while True: pass", {"cpu_seconds": 1}, End.EXITED, id="processor time"),
    pytest.param("x = bytearray(900_000_000)", {"memory_bytes": 300 * MIB}, End.EXITED, id="memory"),
    pytest.param("f = open('big', 'wb')\nwhile True: f.write(b'x' * 9_999)", {"file_bytes": MIB}, End.EXITED, id="file size"),
    pytest.param("fs = [open('/dev/null') for _ in range(500)]", {"open_files": 64}, End.EXITED, id="open files"),
]  # fmt: skip


@pytest.mark.policy("PP-5e")
@pytest.mark.parametrize(("code", "limits", "end"), LIMITED)
def test_limits_hold(any_mechanism, code, limits, end):
    _, outcome = python(code, limits=Limits(**({"seconds": 20.0} | limits)), mechanism=any_mechanism)
    assert outcome.end is end
    assert not outcome.ok
    assert outcome.seconds < 10
    assert outcome.reason == "" or end is not End.EXITED


def test_tmp_is_full_at_its_size():
    own = [each for each in ISOLATING if each.own_network and not sandbox.problem(each)]
    for each in own:
        said, _ = python(
            """
            try:
                for number in range(100):
                    open(f"/tmp/{number}", "wb").write(b"x" * 1_000_000)
            except OSError as error:
                print(error.errno, number)
            """,
            limits=Limits(tmp_bytes=4 * MIB),
            mechanism=each,
        )
        assert said.startswith("28 "), each


@pytest.mark.parametrize(
    "code",
    [
        "open(f'{n}', 'wb').write(b'x' * 1_000_000)",
        "open(f'{n}', 'wb').close()",
        "os.mkdir('d'), os.chdir('d'), open('f', 'wb').write(b'x' * 99_000)",
    ],
    ids=["files", "empty files", "folders within folders"],
)
def test_a_folder_in_place_of_tmp_has_its_size_too(code):
    able(Mechanism.LANDLOCK)
    program = f"import os\nos.chdir(os.environ['TMPDIR'])\nfor n in range(10**7): {code}"
    _, outcome = python(program, limits=Limits(tmp_bytes=4 * MIB, seconds=20), mechanism=Mechanism.LANDLOCK)
    assert outcome.end is End.TMP
    assert "temporary files" in outcome.reason
    assert outcome.seconds < 10


BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        time.sleep(0.01)
"""


def test_a_fork_bomb_is_limited(any_mechanism):
    _, outcome = python(BOMB, limits=Limits(processes=30, seconds=3.0), mechanism=any_mechanism)
    assert outcome.end is (End.PROCESSES if os.getuid() == 0 else End.TIME)
    assert ours("time.sleep(60)") == []


def ours(words):
    """Processes of ours that run this code and did not end yet."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and words in (entry / "cmdline").read_text(errors="replace"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_what_went_to_the_background_ends_with_the_command(any_mechanism):
    mark = f"{os.getpid()}.{time.monotonic_ns() % 10_000}"
    _, outcome = python(
        f"""
        import os, subprocess, sys
        for _ in range(3):
            try:
                subprocess.Popen(["sleep", "77{mark}"], stdout=-3, stderr=-3, stdin=-3)
                subprocess.Popen(["sleep", "77{mark}"], stdout=-3, stderr=-3, stdin=-3, start_new_session=True)
            except OSError:
                pass
        """,
        mechanism=any_mechanism,
    )
    assert outcome.end is End.EXITED
    assert ours(f"77{mark}") == []


def test_a_watch_ends_the_run(any_mechanism):
    def watch():
        return "enough" if time.monotonic() > started + 0.3 else None

    started = time.monotonic()
    outcome = sandbox.run(("/bin/sleep", "30"), sandbox=Sandbox(mechanism=any_mechanism), watch=watch)
    assert (outcome.end, outcome.reason) == (End.WATCH, "enough")


CALLER = """
import sys
from vallum_guard import sandbox
sandbox.run(
    ("/bin/sh", "-c", "sleep {mark} & setsid sleep {mark} 2>/dev/null & echo up >&2; sleep {mark}"),
    sandbox=sandbox.Sandbox(mechanism=sandbox.Mechanism({mechanism!r})),
    stderr_line=lambda line: print(line, flush=True),
)
"""


def test_when_the_caller_is_killed_everything_inside_dies(any_mechanism):
    mark = f"88{os.getpid()}.{time.monotonic_ns() % 10_000}"
    code = CALLER.format(mark=mark, mechanism=any_mechanism.value)
    with subprocess.Popen((sys.executable, "-c", code), stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout.readline() == "up\n"
        assert wait_for(lambda: ours(mark))
        caller.kill()
    assert wait_for(lambda: not ours(mark)), ours(mark)


def wait_for(condition):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_an_exception_of_the_caller_ends_the_run(any_mechanism):
    def fail(_data):
        raise RuntimeError("the caller's own")

    mark = f"99{os.getpid()}.{time.monotonic_ns() % 10_000}"
    with pytest.raises(RuntimeError, match="own"):
        sandbox.run(("/bin/sh", "-c", f"echo x; sleep {mark}"), sandbox=Sandbox(mechanism=any_mechanism), stdout=fail)
    assert ours(mark) == []


def test_the_proxy_is_the_only_way_out(tmp_path):
    for mechanism in Mechanism:
        if not mechanism.own_network or sandbox.problem(mechanism):
            continue
        with ConnectProxy(route=Route(resolver=lambda *_: ["10.0.0.1"]), purpose="test") as proxy:
            said, outcome = python(
                """
                import socket
                with socket.create_connection(("127.0.0.1", 3128), timeout=5) as s:
                    s.sendall(b"CONNECT github.local:443 HTTP/1.1\\r\\n\\r\\n")
                    print(s.recv(1000).decode())
                try:
                    socket.create_connection(("127.0.0.1", 22), timeout=5)
                except OSError:
                    print("nothing else")
                """,
                proxy=proxy.path,
                mechanism=mechanism,
            )
            assert "403 Forbidden" in said, outcome
            assert "nothing else" in said
            assert "github.local resolves to 10.0.0.1" in str(proxy.problems[0])


@pytest.mark.parametrize("mechanism", [Mechanism.LANDLOCK, Mechanism.NOTHING], ids=lambda each: each.value)
def test_a_proxy_needs_a_network_of_its_own(mechanism):
    with pytest.raises(errors.SandboxUnavailable, match="bubblewrap"):
        sandbox.run(("/bin/true",), sandbox=Sandbox(proxy=Path("/x"), mechanism=mechanism))


def test_a_command_that_does_not_exist_is_the_sandbox_s_failure(any_mechanism):
    with pytest.raises(errors.SandboxFailed, match="no-such-command"):
        sandbox.run(("/usr/bin/no-such-command",), sandbox=Sandbox(mechanism=any_mechanism))


def test_a_source_that_does_not_exist_is_the_sandbox_s_failure():
    able(Mechanism.BUBBLEWRAP)
    with pytest.raises(errors.SandboxFailed, match="nowhere"):
        sandbox.run(("/bin/true",), sandbox=Sandbox(read_only=(Path("/nowhere/at/all"),)))


def test_levels_are_ordered_and_explained():
    assert [each.level for each in Mechanism] == [Level.FULL, Level.REDUCED, Level.REDUCED, Level.NONE]
    found = sandbox.isolation()
    assert found.level is sandbox.level()
    assert bool(found.advice) == (found.level is not Level.FULL)


def test_without_bubblewrap_the_level_says_how_to_get_it(tmp_path):
    """In a process of its own: the answer is kept for the life of one."""
    code = "from vallum_guard import sandbox; i = sandbox.isolation(); print(i.level.value, i.reason, i.advice)"
    said = subprocess.run(
        (sys.executable, "-c", code), env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith(("reduced bubblewrap is not installed", "none"))
    assert "apt-get install bubblewrap" in said
