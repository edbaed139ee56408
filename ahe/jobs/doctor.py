"""What `ahe doctor` looks at: one function per part. Each asks the real part, and none makes a paid call."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ahe.errors import AheError
from ahe.project.config import FILE, Config
from ahe.records import ModelSpec, Record

if TYPE_CHECKING:
    from ahe.environments.tried import Tried

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
    checks: tuple[Callable[[Config], Iterator[Finding]], ...] = (
        _python,
        _git,
        _sandbox,
        _docker,
        _disk,
        _models,
        _servers,
        _workspace,
    )
    return [finding for check in checks for finding in _safely(check, config)]


def _safely(check: Callable[[Config], Iterator[Finding]], config: Config) -> Iterator[Finding]:
    try:
        yield from check(config)
    except AheError as error:
        yield Finding(name=check.__name__.strip("_"), state="missing", what=str(error))


def _python(_: Config) -> Iterator[Finding]:
    yield Finding(name="python", state="ok", what=f"{platform.python_version()} at {sys.executable}")


def _git(_: Config) -> Iterator[Finding]:
    fix = f"install git {OLDEST_GIT[0]}.{OLDEST_GIT[1]} or newer, for example `apt-get install git`"
    try:
        said = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        yield Finding(name="git", state="missing", what="not found", fix=fix)
        return
    words = [word for word in said.split() if word[:1].isdigit()]
    version = tuple(int(part) for part in words[0].split(".")[:2] if part.isdigit()) if words else ()
    good = version >= OLDEST_GIT
    yield Finding(name="git", state="ok" if good else "missing", what=said, fix="" if good else fix)


def _sandbox(config: Config) -> Iterator[Finding]:
    from ahe.environments.limits import in_force
    from ahe.environments.sandbox import probe
    from ahe.environments.tried import bubblewrap_parts

    status = probe()
    if not status.works:
        state: State = "optional" if config.environment.kind == "unsafe" else "missing"
        yield Finding(name="sandbox", state=state, what=status.problem, fix=status.fix)
        yield Finding(name="limits", state="ok", what=in_force())
        return
    yield Finding(name="sandbox", state="ok", what=f"bubblewrap {status.version} at {status.path}")
    yield from map(_tried, asyncio.run(bubblewrap_parts()))


def _tried(part: Tried) -> Finding:
    fix = "" if part.in_force else "SECURITY.md says what it protects against"
    return Finding(name=part.name, state="ok" if part.in_force else "optional", what=part.what, fix=fix)


def _docker(config: Config) -> Iterator[Finding]:
    from ahe.environments.docker_api import client
    from ahe.errors import SandboxError

    try:
        version = client().version()["Version"]
    except SandboxError as error:
        needed = config.environment.kind == "docker"
        what = "" if needed else "; only tasks that bubblewrap cannot run need it"
        yield Finding(name="docker", state="missing" if needed else "optional", what=f"{error}{what}")
        return
    yield Finding(name="docker", state="ok", what=f"daemon {version}")
    yield _buildkit()
    yield from asyncio.run(_container())


def _buildkit() -> Finding:
    """Builds an image of one file with what only BuildKit can do."""
    from ahe.environments.docker_build import image_for
    from ahe.errors import SandboxError
    from ahe.records import EnvironmentSpec

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "Dockerfile").write_text("FROM scratch\nCOPY --chmod=600 Dockerfile /\n")
        try:
            image_for(EnvironmentSpec(name="doctor", dockerfile=folder, build_seconds=60)).remove(force=True)
        except SandboxError as error:
            return Finding(name="buildkit", state="optional", what=f"{error}; some Dockerfiles need it")
    return Finding(name="buildkit", state="ok", what="the daemon's BuildKit built an image of one file")


async def _container() -> list[Finding]:
    """Starts a container, if an image is here that has a shell for certain."""
    from ahe.agents.play import started
    from ahe.environments.docker import DockerEnvironment
    from ahe.environments.docker_api import client
    from ahe.environments.tried import filter_of
    from ahe.evaluate.support import BASE
    from ahe.records import EnvironmentSpec

    if not client().images.list(name=BASE):
        what = f"not tried, because the image {BASE} is not here"
        return [Finding(name="docker seccomp", state="optional", what=what, fix=f"docker pull {BASE}")]
    async with started(DockerEnvironment(EnvironmentSpec(name="doctor", image=BASE), Path())) as box:
        return [_tried(await filter_of(box))]


def _disk(config: Config) -> Iterator[Finding]:
    free = shutil.disk_usage(config.root).free
    good = free >= NEEDED_BYTES
    fix = "" if good else f"make room for {NEEDED_BYTES / 1e9:.0f} GB, or run `ahe init` on another disk"
    state: State = "ok" if good else "missing"
    yield Finding(name="disk", state=state, what=f"{free / 1e9:.1f} GB free at {config.root}", fix=fix)


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

    kind = served_here(spec)
    if kind == "local":
        yield from _embedded(name, spec)
    elif kind is None:
        yield _endpoint(name, spec)
    else:
        path = Path(spec.name.partition(":")[2]).expanduser()
        state: State = "ok" if path.is_file() else "missing"
        fix = "" if path.is_file() else f"there is no file {path}: correct [{name}] name in {FILE}"
        yield Finding(name=name, state=state, what=spec.name, fix=fix)


def _embedded(name: str, spec: ModelSpec) -> Iterator[Finding]:
    from ahe.errors import UsageError
    from ahe.models.weights import locate

    if importlib.util.find_spec("xllamacpp") is None:
        what = "the embedded model needs the package xllamacpp"
        yield Finding(name=name, state="missing", what=what, fix="pip install 'ahe[local]'")
    try:
        path, _ = locate(spec)
    except UsageError as error:
        yield Finding(name=name, state="missing", what=str(error))
        return
    yield Finding(name=name, state="ok", what=f"{spec.name}, embedded: {path}")


def _endpoint(name: str, spec: ModelSpec) -> Finding:
    """Asks for GET /models, which costs nothing; an endpoint that has no such list is still reachable."""
    import httpx2

    from ahe.models.identity import on_loopback
    from ahe.models.secrets import Secrets, shown

    where = shown(spec.base_url)
    if spec.api_key_env and not spec.api_key_env.isidentifier():
        fix = f"set api_key_env in {FILE} to the name of the environment variable that holds the key"
        return Finding(
            name=name, state="missing", what=f"{spec.name}: api_key_env does not name a variable", fix=fix
        )
    key = os.environ.get(spec.api_key_env, "").strip() if spec.api_key_env else ""
    if spec.api_key_env and not key and not on_loopback(spec.base_url):
        fix = f"export {spec.api_key_env}=…, or set api_key_env in {FILE} (empty: no key is needed)"
        return Finding(
            name=name, state="missing", what=f"{spec.name}: {spec.api_key_env} is not set", fix=fix
        )
    url = spec.base_url.rstrip("/") + "/models"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        # A server on this machine is never asked through a proxy.
        local = on_loopback(spec.base_url)
        with httpx2.stream(
            "GET", url, headers=headers, timeout=ENDPOINT_SECONDS, trust_env=not local, follow_redirects=True
        ) as answer:
            status = answer.status_code  # the body is not read: it may have no end
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        fix = f"start the server, or correct base_url in {FILE}"
        said = Secrets.of([spec]).hide(str(error))
        return Finding(name=name, state="missing", what=f"{where}: {said}", fix=fix)
    if status in (401, 403):
        fix = f"check the key in {spec.api_key_env or 'the variable that api_key_env names'}"
        return Finding(name=name, state="missing", what=f"{where} refuses the key", fix=fix)
    return Finding(name=name, state="ok", what=f"{spec.name} at {where}")


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
