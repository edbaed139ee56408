"""What `ahe doctor` looks at: one function per part. Each asks the real part, and none makes a paid call."""

import asyncio
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from ahe.errors import AheError
from ahe.project.config import FILE, Config
from ahe.records import ModelSpec, Record

ENDPOINT_SECONDS = 5.0
OLDEST_GIT = (2, 31)
NEEDED_BYTES = 2_000_000_000
State = Literal["ok", "missing", "optional"]


class Finding(Record):
    """What the doctor says of one part. `missing` is needed and absent, `optional` is absent but not needed."""

    name: str
    state: State
    what: str
    fix: str = ""


def examine(config: Config) -> list[Finding]:
    """Every finding, in the order in which people should fix them."""
    found: list[Finding] = []
    for check in (_python, _git, _sandbox, _docker, _disk, _models, _coder, _servers, _workspace):
        try:
            found += check(config)
        except AheError as error:
            found.append(Finding(name=check.__name__.strip("_"), state="missing", what=str(error)))
    return found


def _python(_: Config) -> Iterator[Finding]:
    yield Finding(name="python", state="ok", what=f"{platform.python_version()} at {sys.executable}")


def _checked(name: str, good: bool, what: str, fix: str) -> Finding:
    return Finding(name=name, state="ok" if good else "missing", what=what, fix="" if good else fix)


def _git(_: Config) -> Iterator[Finding]:
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        said = "not found"
    version = re.search(r"(?<!\d)\d+\.\d+", said)
    good = version is not None and tuple(map(int, version[0].split("."))) >= OLDEST_GIT
    fix = f"install git {OLDEST_GIT[0]}.{OLDEST_GIT[1]} or newer, for example `apt-get install git`"
    yield _checked("git", good, said, fix)


MEMORY_MB, TOO_MUCH_MB = 128, 400
# Run inside: the calls would change something, but are refused. One line a fact: "yes" or what was seen.
_ASK = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *arguments):
    return libc.syscall(number, *arguments) < 0 and ctypes.get_errno() in (1, 38)
users = open("/proc/self/uid_map").read().split()
more = libc.unshare(0x10000000) == 0
print("yes" if users[2:] == ["1"] and not more else f"users {users}, another namespace {more}")
mode = [line.split()[1] for line in open("/proc/self/status") if line.startswith("Seccomp:")]
calls = [refused(*call) for call in CALLS]
print("yes" if mode == ["2"] and calls == [True] else f"mode {mode}, refused {calls}")
"""


def _sandbox(config: Config) -> Iterator[Finding]:
    from ahe.environments.limits import in_force
    from ahe.environments.sandbox import probe

    status = probe()
    if not status.works:
        state: State = "optional" if config.environment.kind == "unsafe" else "missing"
        yield Finding(name="sandbox", state=state, what=status.problem, fix=status.fix)
        yield Finding(name="limits", state="ok", what=in_force())
        return
    yield Finding(name="sandbox", state="ok", what=f"bubblewrap {status.version} at {status.path}")
    yield from asyncio.run(_parts())


async def _parts() -> list[Finding]:
    """User namespaces, seccomp filter, session keyring and limits: what a sandbox really does."""
    from ahe.environments import layout, seccomp
    from ahe.environments.bwrap import BwrapEnvironment
    from ahe.environments.launch import session_keyrings
    from ahe.environments.limits import in_force
    from ahe.records import EnvironmentSpec

    keyctl = seccomp.keyctl_number()
    code = _ASK.replace("CALLS", repr([(keyctl, 0, -3, 0)] if keyctl else []))
    with tempfile.TemporaryDirectory() as folder:
        box = BwrapEnvironment(EnvironmentSpec(name="doctor", memory_mb=MEMORY_MB), Path(folder))
        await box.start()
        try:
            asked = await box.exec(f"{shlex.quote(str(layout.interpreter()))} -I -S -c {shlex.quote(code)}")
            size = f"{TOO_MUCH_MB}M"
            try:
                used = (await box.exec(f"head -c {size} /dev/zero | tail -c {size} | wc -c")).text
            except AheError:
                used = ""
        finally:
            await box.stop()
    users, filtered, *_ = [*asked.text.splitlines(), asked.text, asked.text]
    mine, theirs = session_keyrings()
    kept = str(TOO_MUCH_MB << 20) not in used
    refused = f"{TOO_MUCH_MB} MB were {'refused' if kept else 'used'} where {MEMORY_MB} are allowed"
    return [
        _part("user namespace", users == "yes", "one user is mapped, a further namespace was refused", users),
        _part("seccomp", filtered == "yes", "a filter is loaded, and keyctl was refused", filtered),
        _part("keyring", -1 != theirs != mine, "sandboxes have a session keyring of their own", "the host's"),
        _part("limits", kept, f"{in_force()}: {refused}", refused),
    ]


def _part(name: str, in_force: bool, what: str, seen: str) -> Finding:
    if in_force:
        return Finding(name=name, state="ok", what=what)
    fix = "SECURITY.md says what it protects against"
    return Finding(name=name, state="optional", what=f"not in force here: {seen}", fix=fix)


def _docker(config: Config) -> Iterator[Finding]:
    from ahe.environments.docker_api import client

    try:
        version = client().version()["Version"]
    except AheError as error:
        needed = config.environment.kind == "docker"
        what = "" if needed else "; only tasks that bubblewrap cannot run need it"
        yield Finding(name="docker", state="missing" if needed else "optional", what=f"{error}{what}")
        return
    yield Finding(name="docker", state="ok", what=f"daemon {version}")
    yield _buildkit()
    yield asyncio.run(_container())


def _buildkit() -> Finding:
    """Builds an image of one file with what only BuildKit can do."""
    from ahe.environments.docker_build import image_for
    from ahe.records import EnvironmentSpec

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text("FROM scratch\nCOPY --chmod=600 Dockerfile /\n")
        try:
            image_for(EnvironmentSpec(name="doctor", dockerfile=folder, build_seconds=60)).remove(force=True)
        except AheError as error:
            fix = "install Docker 23 or newer: some tasks' Dockerfiles need its BuildKit"
            return Finding(name="buildkit", state="optional", what=str(error), fix=fix)
    return Finding(name="buildkit", state="ok", what="the daemon's BuildKit built an image of one file")


async def _container() -> Finding:
    """Starts a container, if an image is here that has a shell for certain."""
    from ahe.agents.play import started
    from ahe.environments.docker import DockerEnvironment
    from ahe.environments.docker_api import client
    from ahe.evaluate.support import BASE
    from ahe.records import EnvironmentSpec

    name = "docker seccomp"
    if not client().images.list(name=BASE):
        what = f"not tried, because the image {BASE} is not here"
        return Finding(name=name, state="optional", what=what, fix=f"docker pull {BASE}")
    async with started(DockerEnvironment(EnvironmentSpec(name="doctor", image=BASE), Path())) as box:
        mode = (await box.exec("grep Seccomp: /proc/self/status")).text.strip()
    return _part(name, mode.endswith("\t2"), "a filter is loaded", mode)


def _disk(config: Config) -> Iterator[Finding]:
    free = shutil.disk_usage(config.root).free
    fix = f"make room for {NEEDED_BYTES / 1e9:.0f} GB, or run `ahe init` on another disk"
    yield _checked("disk", free >= NEEDED_BYTES, f"{free / 1e9:.1f} GB free at {config.root}", fix)


# ---------------------------------------------------------------- models


def _models(config: Config) -> Iterator[Finding]:
    seen: set[ModelSpec] = set()
    for role in config.models:
        spec = config.model_spec(role)
        if spec not in seen:
            seen.add(spec)
            name = "model" if role == "coder" else f"model.{role}"
            try:
                yield from _model(name, spec)
            except AheError as error:
                yield Finding(name=name, state="missing", what=str(error))


def _model(name: str, spec: ModelSpec) -> Iterator[Finding]:
    from ahe.models.identity import served_here
    from ahe.models.weights import locate

    kind = served_here(spec)
    if kind is None:
        yield _endpoint(name, spec)
    elif kind == "local":
        if importlib.util.find_spec("xllamacpp") is None:
            what = "the embedded model needs the package xllamacpp"
            yield Finding(
                name=name, state="missing", what=what, fix="pip install '.[local]' in the checkout of ahe"
            )
        path, _ = locate(spec)
        yield Finding(name=name, state="ok", what=f"{spec.name}, embedded: {path}")
    else:
        path = Path(spec.name.partition(":")[2]).expanduser()
        fix = f"there is no file {path}: correct [{name}] name in {FILE}"
        yield _checked(name, path.is_file(), spec.name, fix)


def _endpoint(name: str, spec: ModelSpec) -> Finding:
    """Asks for GET /models, which costs nothing; an endpoint that has no such list is still reachable."""
    import httpx2

    from ahe.models.identity import on_loopback
    from ahe.models.secrets import Secrets, shown

    def missing(what: str, fix: str) -> Finding:
        return Finding(name=name, state="missing", what=what, fix=fix)

    where, variable, local = shown(spec.base_url), spec.api_key_env, on_loopback(spec.base_url)
    if variable and not variable.isidentifier():
        fix = f"set api_key_env in {FILE} to the name of the environment variable that holds the key"
        return missing(f"{spec.name}: api_key_env does not name a variable", fix)
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not key and not local:
        fix = f"export {variable}=…, or set api_key_env in {FILE} (empty: no key is needed)"
        return missing(f"{spec.name}: {variable} is not set", fix)
    url = spec.base_url.rstrip("/") + "/models"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # A server on this machine is never asked through a proxy.
    options: dict[str, Any] = {"trust_env": not local, "follow_redirects": True, "timeout": ENDPOINT_SECONDS}
    try:
        with httpx2.stream("GET", url, headers=headers, **options) as answer:
            status = answer.status_code  # the body is not read: it may have no end
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        said = Secrets.of([spec]).hide(str(error))
        return missing(f"{where}: {said}", f"start the server, or correct base_url in {FILE}")
    if status in (401, 403):
        fix = f"check the key in {variable or 'the variable that api_key_env names'}"
        return missing(f"{where} refuses the key", fix)
    return Finding(name=name, state="ok", what=f"{spec.name} at {where}")


def _coder(config: Config) -> Iterator[Finding]:
    """A coder that is a command: that its sandbox has what it names."""
    if config.coder.kind == "ahe":
        return
    from ahe.agents.command import surfaces
    from ahe.project.sandboxes import absent, coder_command, command_mounts

    name, table = "coder", config.coder
    if config.environment.kind == "unsafe":
        fix = f"choose bwrap or docker as [environment] kind in {FILE}"
        yield Finding(name=name, state="missing", what="a command needs a sandbox", fix=fix)
    command, mounts = coder_command(config), command_mounts(config)
    assert command is not None
    lacking = [] if config.environment.kind == "docker" else absent(command, mounts)  # images bring their own
    for each in lacking:
        fix = f"install it, and name its folder under [coder] mounts in {FILE}"
        yield Finding(name=name, state="missing", what=f"{each} is not in the sandbox", fix=fix)
    if not lacking:
        said = f"{table.agent} {command.version}".strip()
        yield Finding(name=name, state="ok", what=f"{said}, which reads {', '.join(surfaces(table.agent))}")


def _servers(config: Config) -> Iterator[Finding]:
    from ahe.models.probe import find_local_servers

    used = {config.model_spec(role).base_url.rstrip("/") for role in config.models}
    for server in asyncio.run(find_local_servers()):
        if server.base_url in used:
            continue
        what = f"{server.kind} answers at {server.base_url} with {', '.join(server.models[:5]) or 'no model'}"
        model = server.models[0] if server.models else "…"
        fix = f'to use it, in {FILE}: [model] name = "{model}", base_url = "{server.base_url}"'
        yield Finding(name="server", state="optional", what=what, fix=fix)


# ---------------------------------------------------------------- the project


def _workspace(config: Config) -> Iterator[Finding]:
    if not (config.root / FILE).is_file():
        what = f"no {FILE} at or above {config.root}"
        yield Finding(name="project", state="optional", what=what, fix="`ahe init` makes one here")
        return
    yield Finding(name="project", state="ok", what=str(config.root))
    if not (config.workspace / ".git").exists():
        what = f"there is no {config.workspace}"
        yield Finding(name="workspace", state="missing", what=what, fix="run `ahe init`")
        return
    from ahe.history import History

    history = History(config.workspace)
    history.require_clean()
    yield Finding(name="workspace", state="ok", what=f"{history.head()[:10]}, clean")
