"""What the sandboxes of this machine really do: each part is tried in one, for `ahe doctor`."""

from __future__ import annotations

import json
import shlex
import tempfile
from pathlib import Path
from typing import Any

from ahe.environments import layout, seccomp
from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.launch import session_keyrings
from ahe.environments.limits import in_force
from ahe.errors import AheError
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec, Record

MEMORY_MB, TOO_MUCH_MB = 128, 400

# Run inside: the calls would change something, but are refused.
_ASK = """
import ctypes, json, sys
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *arguments):
    return libc.syscall(number, *arguments) < 0 and ctypes.get_errno() in (1, 38)
more = libc.unshare(0x10000000) == 0
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)
users = open("/proc/self/uid_map").read().split()
calls = [refused(*call) for call in CALLS]
print(json.dumps({"seccomp": status["Seccomp"], "users": users, "more": more, "calls": calls}))
"""


class Tried(Record):
    """A part of the sandbox, whether it is in force, and what was seen."""

    name: str
    in_force: bool
    what: str


async def bubblewrap_parts() -> list[Tried]:
    """User namespaces, seccomp filter, session keyring and limits, as a bubblewrap sandbox has them.

    Raises SandboxError if none starts.
    """
    with tempfile.TemporaryDirectory() as folder:
        box = BwrapEnvironment(EnvironmentSpec(name="doctor", memory_mb=MEMORY_MB), Path(folder))
        await box.start()
        try:
            return [*await _kernel(box), _keyring(), await _memory(box)]
        finally:
            await box.stop()


async def _kernel(box: BwrapEnvironment) -> list[Tried]:
    keyctl = seccomp.keyctl_number()
    calls = [(keyctl, 0, -3, 0)] if keyctl else []
    code = _ASK.replace("CALLS", repr(calls))
    done = await box.exec(f"{shlex.quote(str(layout.interpreter()))} -I -S -c {shlex.quote(code)}")
    found: dict[str, Any] = json.loads(done.text) if done.exit_code == 0 else {"error": done.text}
    own = found.get("users", [])[2:] == ["1"] and not found["more"]
    mapped = "one user is mapped, and a further namespace was refused" if own else f"not in force: {found}"
    filtered = found.get("seccomp") == "2" and found["calls"] == [True] * len(calls) != []
    what = "a filter is loaded, and keyctl was refused" if filtered else f"not in force here: {found}"
    return [
        Tried(name="user namespace", in_force=own, what=mapped),
        Tried(name="seccomp", in_force=filtered, what=what),
    ]


def _keyring() -> Tried:
    mine, theirs = session_keyrings()
    if theirs < 0:
        return Tried(name="keyring", in_force=False, what="keyctl is forbidden or unknown here")
    what = "sandboxes have a session keyring of their own" if mine != theirs else "they share the host's"
    return Tried(name="keyring", in_force=mine != theirs, what=what)


async def _memory(box: BwrapEnvironment) -> Tried:
    kind = in_force()
    try:
        done = await box.exec(
            f"head -c {TOO_MUCH_MB}M /dev/zero | tail -c {TOO_MUCH_MB}M | wc -c", timeout=60
        )
        kept = str(TOO_MUCH_MB << 20) not in done.text
    except AheError:
        kept = True
    what = f"{kind}: {TOO_MUCH_MB} MB were {'refused' if kept else 'used'} where {MEMORY_MB} are allowed"
    return Tried(name="limits", in_force=kept, what=what)


async def filter_of(environment: Environment) -> Tried:
    """Whether commands of a started environment run under a seccomp filter, whoever set it."""
    done = await environment.exec("grep Seccomp: /proc/self/status")
    found = done.text.split()[-1:] == ["2"]
    what = "a filter is loaded" if found else f"no filter: {done.text.strip()[:100]}"
    return Tried(name="docker seccomp", in_force=found, what=what)
