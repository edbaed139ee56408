"""What a sandbox is asked for and what a command gave."""

from __future__ import annotations

from pydantic import Field

from ahe.records.base import Record


class Mount(Record):
    """A folder of the host shown inside a sandbox."""

    host: str
    inside: str
    writable: bool = False


class EnvironmentSpec(Record):
    """What a trial asks of its environment.

    `files` (host folder) becomes the content of `workdir`, `setup` (host file) runs once there as root;
    Docker takes `dockerfile` (host folder with the build context) or `image` instead. `hidden` are
    host paths that must not be readable inside (installation, checkout, caches). `users` lists the
    users other than root that will be asked for.
    """

    name: str
    workdir: str = "/app"
    files: str | None = None
    setup: str | None = None
    dockerfile: str | None = None
    image: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    network: bool = False
    memory_mb: int = 2048
    file_mb: int = 1024
    processes: int = 256
    cpus: float | None = None
    build_seconds: float = 600.0
    mounts: tuple[Mount, ...] = ()
    hidden: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


class ExecResult(Record):
    """Outcome of one command. `output` is stdout and stderr as they came, its middle cut to the limit.

    `omitted` counts the bytes that were cut out; `exit_code` is 124 when `timed_out`.
    """

    exit_code: int
    output: bytes
    omitted: int = 0
    timed_out: bool = False

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")
