"""A task environment in bubblewrap: no image, no daemon, tens of milliseconds to start."""

import asyncio
import shutil
from pathlib import Path

from ahe.environments import layout
from ahe.environments.base import ROOT, LinkedEnvironment
from ahe.environments.launch import launch
from ahe.environments.link import BOOT, Command
from ahe.environments.sandbox import bwrap_command
from ahe.environments.variables import resolve
from ahe.errors import SandboxError, UnsupportedTask
from ahe.records import EnvironmentSpec, ExecResult


class BwrapEnvironment(LinkedEnvironment):
    """Implements `Environment`. The writable root is made in the host folder `scratch`.

    The system's folders come from the host, read-only. The only user inside is root. Raises UnsupportedTask for
    a task that needs an image, or other users.
    """

    describe = "bwrap"

    def __init__(self, spec: EnvironmentSpec, scratch: Path) -> None:
        super().__init__(spec)
        self.root = scratch / "root"
        for reason in reasons_against(spec):
            raise UnsupportedTask(f'{spec.name}: {reason}: use Docker (`[environment] kind = "docker"`)')

    async def start(self) -> None:
        """Starts the sandbox and runs the task's setup in it. Raises SandboxError and TaskError."""
        spec = self.spec
        await asyncio.to_thread(layout.make_root, self.root, spec.workdir, spec.files)
        command = bwrap_command(
            root=self.root, mounts=spec.mounts, network=spec.network, hidden=spec.hidden, pid_one=True
        )
        program = [str(layout.interpreter()), "-I", "-S", "-c", BOOT]
        try:
            await self._open(await launch([*command, *program], spec))
        except BaseException as error:
            reason = self._launched.stderr_tail() if self._launched else ""
            await self.stop()
            if isinstance(error, SandboxError) and reason:
                raise SandboxError(
                    f"the sandbox did not start: {reason}; `ahe doctor` says what to do"
                ) from error
            raise

    async def _run(self, command: Command) -> ExecResult:
        if (command.user or "") not in ROOT:
            raise UnsupportedTask(f"{self.spec.name}: bubblewrap has no user {command.user!r}: use Docker")
        return await self._opened().exec(
            command, {**dict(layout.base_environment()), **resolve(self.spec.env)}
        )

    async def stop(self) -> None:
        """Ends all processes and removes the sandbox's files. May be called twice."""
        await self._close()
        await asyncio.to_thread(layout.remove, self.root)


def reasons_against(spec: EnvironmentSpec) -> list[str]:
    """The reasons why a task cannot run in bubblewrap; empty if it can."""
    reasons = []
    users = [user for user in spec.users if user not in ROOT]
    if users:
        reasons.append(f"it needs the user {users[0]!r}, and bubblewrap offers root only")
    if spec.image is not None or (spec.dockerfile is not None and spec.files is None and spec.setup is None):
        reasons.append("it needs a Docker image")
    if spec.setup is not None and not shutil.which("bash"):
        reasons.append("its setup.sh needs bash")
    return reasons
