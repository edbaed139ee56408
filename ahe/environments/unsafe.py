"""`--unsafe-no-sandbox`: commands run on the machine itself, which should be one to throw away."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import posixpath
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ahe.environments import layout, scratch
from ahe.environments.launch import Launched, launch_bare
from ahe.environments.limits import Ceiling
from ahe.environments.link import BOOT, Link, refusal
from ahe.environments.setup import run_setup
from ahe.errors import SandboxError, UnsupportedTask
from ahe.records import EnvironmentSpec, ExecResult

GRADING = ("/tests", "/logs", "/solution")


class DirectEnvironment:
    """Implements `Environment` without any isolation, and says so in `describe`.

    Tasks and their verifiers name absolute paths such as /app, so these are made on the machine itself and
    removed at `stop`. Where one exists already the trial is refused, since it could be somebody's; trials
    wait for each other. Processes are ended and limits kept as in bubblewrap, but nothing is hidden or
    forbidden, the network included.
    """

    describe = "unsafe"

    def __init__(self, spec: EnvironmentSpec, scratch: Path, grading: tuple[str, ...] = GRADING) -> None:
        self.spec = spec
        self.places = [Path(spec.workdir), *map(Path, grading)]
        self._made: list[Path] = []
        self._lock: IO[bytes] | None = None
        self._launched: Launched | None = None
        self._link: Link | None = None
        if any(user not in ("", "root", "0") for user in spec.users) or spec.mounts or spec.image:
            raise UnsupportedTask(
                f"{spec.name}: users, mounts and images need a sandbox: use bwrap or docker"
            )

    async def start(self) -> None:
        """Makes the task's folders on the machine and runs its setup. Raises SandboxError."""
        await self._take_turn()
        try:
            self._make_folders()
            program = [str(layout.interpreter()), "-I", "-S", "-c", BOOT]
            self._launched = await launch_bare(program, Ceiling.of(self.spec))
            self._link = Link(self._launched.stdin, self._launched.stdout)
            await self._link.open()
            await run_setup(self, self.spec)
        except BaseException:
            await self.stop()
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
        """See `protocols.Environment`; runs as the user who runs `ahe`."""
        refused = refusal(command)
        if refused:
            return refused
        kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        variables = {"LANG": "C.UTF-8", **kept, **self.spec.env, **(env or {})}
        directory = posixpath.join(self.spec.workdir, cwd or "")
        return await self._open_link().exec(command, timeout, directory, variables, output_limit)

    async def read(self, path: str) -> bytes:
        """Content of a regular file of at most 64 MB; a relative path starts at the work directory."""
        return await self._open_link().read(posixpath.join(self.spec.workdir, path))

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Writes a file, and makes the folders above it."""
        await self._open_link().write(posixpath.join(self.spec.workdir, path), data, mode)

    async def stop(self) -> None:
        """Ends the trial's processes and removes its folders from the machine. May be called twice."""
        launched, link, self._launched, self._link = self._launched, self._link, None, None
        if launched:
            await launched.close()
        if link:
            await link.close()
        made, self._made = self._made, []
        for folder in made:
            await asyncio.to_thread(scratch.remove, folder)
        if self._lock:
            self._lock.close()
            self._lock = None

    def _make_folders(self) -> None:
        for place in self.places:
            if os.path.lexists(place):
                fix = "remove it if an earlier run left it, or run ahe in a fresh container"
                raise SandboxError(
                    f"without a sandbox the task needs {place} on this machine, which exists: {fix}"
                )
        for place in self.places:
            missing = [folder for folder in (*reversed(place.parents), place) if not folder.exists()]
            self._made.append(missing[0])
            try:
                scratch.fill(place, self.spec.files if place == self.places[0] else None)
            except OSError as error:
                raise SandboxError(f"without a sandbox ahe must be able to make {place}: {error}") from error

    async def _take_turn(self) -> None:
        """One trial at a time on the whole machine: they use the same folders."""
        self._lock = open(Path(tempfile.gettempdir(), "ahe-unsafe.lock"), "ab")  # noqa: SIM115, ASYNC230
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            await asyncio.sleep(0.05)

    def _open_link(self) -> Link:
        if self._link is None:
            raise SandboxError("the environment is not running: call start() first")
        return self._link
