"""The assembled filter, run instruction by instruction as the kernel would."""

import errno
import struct

import pytest

from vallum_guard.sandbox import seccomp

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50000 | errno.EPERM, 0x50000 | errno.ENOSYS
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def verdict(program, *, number, architecture, arguments=(0, 0)):
    data = struct.pack("=IIQ6Q", number, architecture, 0, *arguments, *([0] * (6 - len(arguments))))
    steps = list(struct.iter_unpack("=HBBI", program))
    place = accumulator = 0
    while True:
        operation, when_true, when_false, value = steps[place]
        place += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif operation == 0x06:
            return value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[operation]
            place += when_true if holds else when_false


CALLS = [
    pytest.param("x86_64", 0, (), ALLOW, id="read"),
    pytest.param("x86_64", 59, (), ALLOW, id="execve"),
    pytest.param("x86_64", 101, (), EPERM, id="ptrace"),
    pytest.param("aarch64", 117, (), EPERM, id="ptrace on ARM"),
    pytest.param("aarch64", 101, (), ALLOW, id="nanosleep on ARM"),
    pytest.param("x86_64", 425, (), EPERM, id="io_uring"),
    pytest.param("x86_64", 321, (), EPERM, id="bpf"),
    pytest.param("x86_64", 56, (17,), ALLOW, id="fork by clone"),
    pytest.param("x86_64", 56, (0x10000000 | 17,), EPERM, id="clone with a user namespace"),
    pytest.param("aarch64", 220, (0x20000,), EPERM, id="clone with a mount namespace on ARM"),
    pytest.param("x86_64", 435, (), ENOSYS, id="clone3"),
    pytest.param("x86_64", 41, (1,), ALLOW, id="unix socket"),
    pytest.param("x86_64", 41, (2,), EPERM, id="internet socket"),
    pytest.param("x86_64", 41, (16,), EPERM, id="netlink socket"),
    pytest.param("x86_64", 41, (1 << 32 | 16,), EPERM, id="high half ignored"),
    pytest.param("aarch64", 198, (40,), EPERM, id="vsock on ARM"),
    pytest.param("x86_64", 16, (0, 0x5401), ALLOW, id="terminal query"),
    pytest.param("x86_64", 16, (0, 0x5412), EPERM, id="typed input"),
    pytest.param("x86_64", 16, (0, 0x541C), EPERM, id="console selection"),
    pytest.param("x86_64", 0x40000000 | 101, (), EPERM, id="x32 numbers"),
    pytest.param("x86_64", 90, (), ALLOW, id="chmod"),
]


@pytest.mark.parametrize(("machine", "number", "arguments", "expected"), CALLS)
def test_calls_get_their_verdict(machine, number, arguments, expected):
    program = seccomp.assemble(families={1}, namespaces=True, machine=machine)
    assert len(program) % 8 == 0
    assert verdict(program, number=number, architecture=ARCHITECTURES[machine], arguments=arguments) == expected


@pytest.mark.parametrize("number", [90, 91, 268, 92, 62, 234, 112, 29, 64, 68, 240])
def test_without_namespaces_modes_signals_and_lasting_memory_are_refused_too(number):
    program = seccomp.assemble(families=set(), namespaces=False, machine="x86_64")
    assert verdict(program, number=number, architecture=ARCHITECTURES["x86_64"]) == EPERM


def test_another_architecture_s_calls_kill():
    program = seccomp.assemble(families={1}, namespaces=True, machine="x86_64")
    assert verdict(program, number=0, architecture=0x40000003) == KILL
