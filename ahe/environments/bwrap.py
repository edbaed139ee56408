"""A task environment in bubblewrap: no image, no daemon, tens of milliseconds to start."""

from __future__ import annotations

import asyncio
import posixpath
import shutil
from collections.abc import Mapping
from pathlib import Path

from ahe.environments import layout, scratch
from ahe.environments.launch import Launched, launch
from ahe.environments.limits import Ceiling
from ahe.environments.link import BOOT, Link, refusal
from ahe.environments.sandbox import bwrap_command
from ahe.environments.setup import run_setup
from ahe.errors import SandboxError, UnsupportedTask
from ahe.records import EnvironmentSpec, ExecResult

ROOT = ("", "root", "0")


class BwrapEnvironment:
    """Implements `Environment`. `scratch` (a host folder that may be removed) holds the writable root.

    The system's folders come from the host, read-only; the root around them is the trial's own. Only root
    exists inside. Raises UnsupportedTask for a task that needs an image, or other users.
    """

    describe = "bwrap"

    def __init__(self, spec: EnvironmentSpec, scratch: Path) -> None:
        self.spec = spec
        self.root = scratch / "root"
        self._launched: Launched | None = None
        self._link: Link | None = None
        for reason in reasons_against(spec):
            raise UnsupportedTask(f'{spec.name}: {reason}: use Docker (`[environment] kind = "docker"`)')

    async def start(self) -> None:
        """Starts the sandbox and runs the task's setup in it. Raises SandboxError."""
        await asyncio.to_thread(scratch.make_root, self.root, self.spec.workdir, self.spec.files)
        command = bwrap_command(
            root=self.root,
            mounts=self.spec.mounts,
            network=self.spec.network,
            hidden=self.spec.hidden,
            pid_one=True,
        )
        program = [str(layout.interpreter()), "-I", "-S", "-c", BOOT]
        self._launched = await launch([*command, *program], Ceiling.of(self.spec))
        self._link = Link(self._launched.stdin, self._launched.stdout)
        try:
            await self._link.open()
            await run_setup(self, self.spec)
        except BaseException as error:
            complaint = self._launched.complaint()
            await self.stop()
            if isinstance(error, SandboxError | TimeoutError) and complaint:
                raise SandboxError(f"the sandbox did not start: {complaint}") from error
            raise

    async def exec(
        self,
        command: str,
        *,
        timeout: float = 120.0,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        output_limit: int = 1_000_000,
    ) -> ExecResult:
        """See `protocols.Environment`; a command that cannot be started exits with 126 and says why."""
        if (user or "") not in ROOT:
            raise UnsupportedTask(f"{self.spec.name}: bubblewrap has no user {user!r}: use Docker")
        refused = refusal(command)
        if refused:
            return refused
        variables = {**dict(layout.base_environment()), **self.spec.env, **(env or {})}
        return await self._open_link().exec(command, timeout, self._path(cwd or ""), variables, output_limit)

    async def read(self, path: str) -> bytes:
        """Content of a regular file of at most 64 MB; a relative path starts at the work directory."""
        return await self._open_link().read(self._path(path))

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Writes a file, and makes the folders above it."""
        await self._open_link().write(self._path(path), data, mode)

    async def stop(self) -> None:
        """Ends all processes and removes the sandbox's files. May be called twice."""
        launched, link, self._launched, self._link = self._launched, self._link, None, None
        if launched:
            await launched.close()
        if link:
            await link.close()
        await asyncio.to_thread(scratch.remove, self.root)

    def _path(self, path: str) -> str:
        return posixpath.join(self.spec.workdir, path)

    def _open_link(self) -> Link:
        if self._link is None:
            raise SandboxError("the sandbox is not running: call start() first")
        return self._link


def reasons_against(spec: EnvironmentSpec) -> list[str]:
    """Why a task cannot run in bubblewrap, each as a clause; empty where it can."""
    reasons = []
    users = [user for user in spec.users if user not in ROOT]
    if users:
        reasons.append(f"it needs the user {users[0]!r}, and bubblewrap offers root only")
    if spec.image is not None or (spec.dockerfile is not None and spec.files is None and spec.setup is None):
        reasons.append("it needs a Docker image")
    if spec.setup is not None and not shutil.which("bash"):
        reasons.append("its setup.sh needs bash")
    return reasons
