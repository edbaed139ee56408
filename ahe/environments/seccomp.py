"""The system calls that no bubblewrap sandbox needs: a seccomp filter for `bwrap --seccomp`.

Refused is what Docker and Flatpak refuse too: keys of the kernel, mounts, namespaces, kernel modules, BPF, io_uring,
typing into terminals, and kinds of socket that network namespaces do not separate. `ptrace` is allowed, because gdb
and strace need it and the kernel lets a process trace only its own sandbox, never process 1. What the kernel does let
every process of the same user change of process 1 is refused: its limits (a limit of CPU time kills) and its priority.
"""

import errno
import functools
import platform
import struct

X86_64, I386, AARCH64, RISCV64 = 0xC000003E, 0x40000003, 0xC00000B7, 0xC00000F3
# What a kernel runs: its own programs, and on x86_64 also those of 32 bits. The number is a column of `REFUSED`.
MACHINES = {"x86_64": ((X86_64, 0), (I386, 1)), "aarch64": ((AARCH64, 2),), "riscv64": ((RISCV64, 2),)}
X32 = 0x40000000  # a bit in the number of a call of the x32 ABI, which would pass by all rules

# Name of the call, and its number on x86_64, on i386, and on the others, which share one table; -1 where it does not
# exist. A new call is answered as by a kernel that does not have it yet (ENOSYS), so that programs use the older one.
# `clone3` and `socketcall` have arguments in memory, which no filter can read; `clone` and `socket` are there as well.
Calls = dict[str, tuple[int, int, int]]


def _calls(text: str) -> Calls:
    rows = (entry.split() for entry in text.split(","))
    return {name: (int(own), int(old), int(other)) for name, own, old, other in rows}


REFUSED = {
    errno.EPERM: _calls("""
    add_key 248 286 217, request_key 249 287 218, keyctl 250 288 219, mount 165 21 40, umount -1 22 -1,
    umount2 166 52 39, pivot_root 155 217 41, setns 308 346 268, open_by_handle_at 304 342 265,
    fanotify_init 300 338 262, bpf 321 357 280, perf_event_open 298 336 241, userfaultfd 323 374 282,
    init_module 175 128 105, finit_module 313 350 273, delete_module 176 129 106, kexec_load 246 283 104,
    kexec_file_load 320 -1 294, reboot 169 88 142, swapon 167 87 224, swapoff 168 115 225,
    acct 163 51 89, quotactl 179 131 60, syslog 103 103 116, uselib 134 86 -1, vm86old -1 113 -1,
    vm86 -1 166 -1
    """),
    errno.ENOSYS: _calls("""
    clone3 435 435 435, socketcall -1 102 -1, io_uring_setup 425 425 425, io_uring_enter 426 426 426,
    io_uring_register 427 427 427, open_tree 428 428 428, move_mount 429 429 429, fsopen 430 430 430,
    fsconfig 431 431 431, fsmount 432 432 432, fspick 433 433 433, mount_setattr 442 442 442,
    quotactl_fd 443 443 443, open_tree_attr 467 467 467
    """),
}
BY_ARGUMENT = _calls("""
    clone 56 120 220, unshare 272 310 97, ioctl 16 54 29, socket 41 359 198, socketpair 53 360 199,
    prlimit64 302 340 261, sched_setparam 142 154 118, sched_setscheduler 144 156 119,
    sched_setaffinity 203 241 122, sched_setattr 314 351 274, setpriority 141 97 140,
    ioprio_set 251 289 30
""")
OF_PROCESS = ("prlimit64", "sched_setparam", "sched_setscheduler", "sched_setaffinity", "sched_setattr")
# With the number that means all processes of a user, as process 1 is one.
OF_MANY = {"setpriority": 2, "ioprio_set": 3}
NAMESPACES = 0x7E020000  # CLONE_NEWNS, -CGROUP, -UTS, -IPC, -USER, -PID, -NET
NEW_TIME = 0x80  # in `clone` these bits are the signal that the child sends at its end
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
# Unspecified, unix, IPv4, IPv6, netlink. Vsock and Bluetooth would reach the host.
FAMILIES = (0, 1, 2, 10, 16)

LOAD, EQUAL, AT_LEAST, ANY_BIT, JUMP, RETURN = 0x20, 0x15, 0x35, 0x45, 0x05, 0x06
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in `struct seccomp_data`; of an argument, the low half
ALLOW, ERROR = 0x7FFF0000, 0x00050000

Instruction = tuple[int, int, int, int]  # code, instructions to skip if true and if false, operand


@functools.cache
def program(machine: str = platform.machine()) -> bytes:
    """The filter as BPF instructions; empty for a processor that it does not know."""
    code: list[Instruction] = []
    for architecture, column in MACHINES.get(machine, ()):
        rules = _rules(column, x32=architecture == X86_64)
        code += [(LOAD, 0, 0, ARCHITECTURE), (EQUAL, 1, 0, architecture), (JUMP, 0, 0, len(rules)), *rules]
    code += [_error(errno.ENOSYS)] if code else []
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def keyctl_number(machine: str = platform.machine()) -> int | None:
    """The number of `keyctl` for programs of this machine's own kind."""
    found = MACHINES.get(machine)
    return REFUSED[errno.EPERM]["keyctl"][found[0][1]] if found else None


def _rules(column: int, *, x32: bool) -> list[Instruction]:
    rules: list[Instruction] = [(LOAD, 0, 0, NUMBER)]
    if x32:
        rules += [(AT_LEAST, 0, 1, X32), _error(errno.ENOSYS)]
    for error, calls in REFUSED.items():
        for numbers in calls.values():
            if numbers[column] >= 0:
                rules += [(EQUAL, 0, 1, numbers[column]), _error(error)]
    families = [(EQUAL, len(FAMILIES) - place, 0, family) for place, family in enumerate(FAMILIES)]
    typing = [(EQUAL, 1, 0, TIOCSTI), (EQUAL, 0, 1, TIOCLINUX), _error(errno.EPERM)]
    tests: dict[str, list[Instruction]] = {
        "clone": [_argument(0), (ANY_BIT, 0, 1, NAMESPACES), _error(errno.EPERM)],
        "unshare": [_argument(0), (ANY_BIT, 0, 1, NAMESPACES | NEW_TIME), _error(errno.EPERM)],
        "ioctl": [_argument(1), *typing],
        "socket": [_argument(0), *families, _error(errno.EAFNOSUPPORT)],
        "socketpair": [_argument(0), *families, _error(errno.EAFNOSUPPORT)],
    }
    tests |= {name: [_argument(0), (EQUAL, 0, 1, 1), _error(errno.EPERM)] for name in OF_PROCESS}
    for name, all_of_user in OF_MANY.items():
        of_one = [_argument(1), (EQUAL, 0, 1, 1), _error(errno.EPERM)]
        tests[name] = [_argument(0), (EQUAL, 0, 1, all_of_user), _error(errno.EPERM), *of_one]
    for name, test in tests.items():
        body = [*test, (RETURN, 0, 0, ALLOW)]
        rules += [(EQUAL, 0, len(body), BY_ARGUMENT[name][column]), *body]
    return [*rules, (RETURN, 0, 0, ALLOW)]


def _argument(number: int) -> Instruction:
    return (LOAD, 0, 0, ARGUMENTS + 8 * number)


def _error(number: int) -> Instruction:
    return (RETURN, 0, 0, ERROR | number)
