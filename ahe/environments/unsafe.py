"""`--unsafe-no-sandbox`: commands run on the machine itself, which should be a disposable one."""

import asyncio
import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

from ahe.environments import layout
from ahe.environments.base import ROOT, LinkedEnvironment
from ahe.environments.launch import launch_bare
from ahe.environments.link import BOOT, Command
from ahe.environments.variables import resolve
from ahe.errors import SandboxError, UnsupportedTask
from ahe.records import EnvironmentSpec, ExecResult

GRADING = ("/tests", "/logs", "/solution")


class DirectEnvironment(LinkedEnvironment):
    """Implements `Environment` without any isolation, and says so in `describe`.

    Tasks and their verifiers name absolute paths such as /app, so these folders are made on the machine itself
    and removed at `stop`. A trial is refused if one exists already, since it may be somebody's. Trials wait for
    each other. Processes are ended and resources limited as in bubblewrap, but nothing is hidden or forbidden,
    and there is a network.
    """

    describe = "unsafe"
    exposed = True

    def __init__(self, spec: EnvironmentSpec, scratch: Path, grading: tuple[str, ...] = GRADING) -> None:
        super().__init__(spec)
        self.places = [Path(spec.workdir), *map(Path, grading)]
        self._made: list[Path] = []
        self._lock: IO[bytes] | None = None
        if any(user not in ROOT for user in spec.users) or spec.mounts or spec.image:
            raise UnsupportedTask(
                f"{spec.name}: users, mounts and images need a sandbox: use bwrap or docker"
            )

    async def start(self) -> None:
        """Makes the task's folders on the machine and runs its setup. Raises SandboxError."""
        await self._take_turn()
        try:
            self._make_folders()
            program = [str(layout.interpreter()), "-I", "-S", "-c", BOOT]
            await self._open(await launch_bare(program, self.spec))
        except BaseException:
            await self.stop()
            raise

    async def _run(self, command: Command) -> ExecResult:
        """Runs as the user who runs `ahe`, whatever `user` says."""
        kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
        return await self._opened().exec(command, {"LANG": "C.UTF-8", **kept, **resolve(self.spec.env)})

    async def stop(self) -> None:
        """Ends the trial's processes and removes its folders from the machine. May be called twice."""
        await self._close()
        made, self._made = self._made, []
        for folder in made:
            await asyncio.to_thread(layout.remove, folder)
        if self._lock:
            self._lock.close()
            self._lock = None

    def _make_folders(self) -> None:
        for place in self.places:
            if os.path.lexists(place):
                fix = "remove it if an earlier run left it, or run ahe in a fresh container"
                raise SandboxError(
                    f"without a sandbox the task needs to make {place}, which exists on this machine: {fix}"
                )
        for place in self.places:
            missing = [folder for folder in (*reversed(place.parents), place) if not folder.exists()]
            self._made.append(missing[0])
            try:
                layout.fill(place, self.spec.files if place == self.places[0] else None)
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
