"""The seccomp filter, decided call by call by an interpreter of BPF, for processors that the tests do not run on too."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import struct
from pathlib import Path

import pytest

from ahe.environments import seccomp
from ahe.environments.launch import launch, session_keyrings
from ahe.environments.sandbox import bwrap_command
from ahe.records import EnvironmentSpec

ALL = {**seccomp.REFUSED[errno.EPERM], **seccomp.REFUSED[errno.ENOSYS], **seccomp.BY_ARGUMENT}


def decide(machine: str, architecture: int, number: int, *arguments: int) -> int:
    """The errno that the filter gives a system call; 0 if it is allowed."""
    data = struct.pack("<iIQ6Q", number, architecture, 0, *(*arguments, 0, 0, 0, 0, 0, 0)[:6])
    code = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    value = place = 0
    while True:
        operation, true, false, operand = code[place]
        place += 1
        if operation == seccomp.LOAD:
            value = int.from_bytes(data[operand : operand + 4], "little")
        elif operation == seccomp.JUMP:
            place += operand
        elif operation == seccomp.RETURN:
            return 0 if operand == seccomp.ALLOW else operand & 0xFFFF
        else:
            test = {
                seccomp.EQUAL: value == operand,
                seccomp.AT_LEAST: value >= operand,
                seccomp.ANY_BIT: bool(value & operand),
            }[operation]
            place += true if test else false


@pytest.mark.parametrize(
    ("machine", "architecture", "column"),
    [
        (machine, architecture, column)
        for machine, found in seccomp.MACHINES.items()
        for architecture, column in found
    ],
)
def test_calls_are_refused_on_every_processor(machine: str, architecture: int, column: int) -> None:
    for error, calls in seccomp.REFUSED.items():
        for name, numbers in calls.items():
            if numbers[column] >= 0:
                assert decide(machine, architecture, numbers[column]) == error, name

    def asked(name: str, *arguments: int) -> int:
        return decide(machine, architecture, seccomp.BY_ARGUMENT[name][column], *arguments)

    assert asked("ioctl", 0, 0x5412) == asked("ioctl", 0, 0x541C) == errno.EPERM
    assert asked("ioctl", 0, 0x1_0000_5412) == errno.EPERM, "the kernel looks at the low half only"
    assert asked("ioctl", 0, 0x5413) == 0
    for flag in (0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert asked("clone", flag | 17) == asked("unshare", flag) == errno.EPERM
    assert asked("clone", 0x003D0F00) == asked("clone", 17) == asked("unshare", 0x600) == 0
    assert asked("unshare", 0x80) == errno.EPERM
    for name in ("socket", "socketpair"):
        assert [asked(name, family) for family in (1, 2, 10, 16)] == [0, 0, 0, 0]
        assert {asked(name, family) for family in (17, 38, 40, 44)} == {errno.EAFNOSUPPORT}
    for name in seccomp.OF_PROCESS:
        assert (asked(name, 1), asked(name, 0), asked(name, 7)) == (errno.EPERM, 0, 0), name
    for name, (one, all_of_user) in {"setpriority": (0, 2), "ioprio_set": (1, 3)}.items():
        assert asked(name, one, 1) == asked(name, all_of_user, 0) == errno.EPERM
        assert asked(name, one, 0) == asked(name, one, 7) == 0
    known = {numbers[column] for numbers in ALL.values()}
    assert not any(decide(machine, architecture, n) for n in range(467) if n not in known)


def test_other_kinds_of_programs_get_nothing() -> None:
    assert decide("aarch64", 0x40000028, 1) == errno.ENOSYS  # 32-bit ARM
    assert decide("x86_64", seccomp.X86_64, seccomp.X32 | 1) == errno.ENOSYS
    assert seccomp.program("s390x") == b""
    assert seccomp.keyctl_number("aarch64") == 219


def test_the_numbers_are_those_of_libseccomp() -> None:
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp is not installed")
    library.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
    newer = {"open_tree_attr"}
    split = {("socket", 1), ("socketpair", 1)}  # libseccomp gives them the number of `socketcall`
    for architecture, column in {(a, c) for found in seccomp.MACHINES.values() for a, c in found}:
        for name, numbers in ALL.items():
            number = library.seccomp_syscall_resolve_name_arch(architecture, name.encode())
            if name not in newer and (name, column) not in split:
                assert max(number, -1) == numbers[column], f"{name} on {architecture:#x}"


async def test_every_sandbox_has_it_and_a_session_keyring_of_its_own(tmp_path: Path) -> None:
    """The harness box, which has no `init.py`, is started like this."""
    command = [*bwrap_command(), "/bin/sh", "-c", "read x; grep -E 'Seccomp:|NoNewPrivs' /proc/self/status"]
    launched = await launch(command, EnvironmentSpec(name="box"))
    launched.stdin.write(b"go\n")
    said = (await launched.stdout.read()).split()
    await launched.close()
    assert said == [b"NoNewPrivs:", b"1", b"Seccomp:", b"2"]


async def test_sandboxes_inherit_another_session_keyring() -> None:
    mine, theirs = await asyncio.to_thread(session_keyrings)
    if theirs < 0:
        pytest.skip("this kernel, or the container around it, has no keys")
    assert mine != theirs
