"""The image of a task: found, pulled, or built by the daemon's BuildKit, else by its classic builder."""

import base64
import hashlib
import json
import os
import re
import tarfile
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Any

from ahe.environments.docker_api import add_file, client, owned_by_root
from ahe.environments.dockerfile import images, instructions, rewritten
from ahe.errors import SandboxError, TaskError
from ahe.records import EnvironmentSpec

NATIVE = 23  # the first version of Docker whose own BuildKit reads here-documents and COPY --link
_SYNTAX = re.compile(
    r"\A\ufeff?(?:#.*\n)*?#\s*syntax\s*=\s*docker/dockerfile:1(?:\.\d+)*\s*\n", re.IGNORECASE
)
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def image_for(spec: EnvironmentSpec) -> Any:
    """The task's image (of docker-py), which is built or pulled if it is missing. Blocks. Raises SandboxError."""
    if spec.dockerfile is None and spec.image is None:
        raise SandboxError(f"{spec.name}: it has neither a Dockerfile nor an image: run it with bubblewrap")
    tag = f"ahe-task:{context_digest(Path(spec.dockerfile))[:20]}" if spec.dockerfile else str(spec.image)
    with _locks[tag]:
        if (found := _here(tag)) is None:
            if spec.dockerfile:
                _build(spec, tag)
            elif error := _pull(tag):
                fix = "check its name, or load it with `docker load`, or build it under that name"
                raise SandboxError(f"the image {tag} is not here and cannot be pulled: {fix} ({error})")
            found = client().images.get(tag)
    return found


def context_digest(folder: Path) -> str:
    """Sha256 over names, modes and contents of a build context: equal contents share one image."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            content = os.readlink(path).encode()
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest() + bytes([path.stat().st_mode & 0o100 != 0])
        else:
            continue
        total.update(name.encode("utf-8", "surrogateescape") + b"\0" + content + b"\n")
    return total.hexdigest()


def _here(tag: str) -> Any:
    from docker.errors import ImageNotFound

    try:
        return client().images.get(tag)
    except ImageNotFound:
        return None


def _pull(tag: str) -> Exception | None:
    """Tries to pull an image. Returns what went wrong."""
    from docker.errors import APIError

    try:
        client().images.pull(tag)
    except (APIError, OSError) as error:
        return error
    return None


def _build(spec: EnvironmentSpec, tag: str) -> None:
    from docker.errors import APIError

    log: deque[str] = deque(maxlen=200)
    try:
        text, files = _dockerfile(spec)
        for name in images(instructions(text)):
            # A builder without a session cannot answer a registry that asks who it is: this client can. What cannot be
            # pulled is left to the build, if it comes to that stage.
            if _here(name) is None:
                _pull(name)
        end = time.monotonic() + spec.build_seconds
        with tempfile.TemporaryFile() as context:
            _write_context(context, str(spec.dockerfile), {"Dockerfile": text, **files})
            for line in build_lines(client().api, context, tag, text, spec.build_seconds):
                log.append(line.get("stream") or line.get("error") or _buildkit_log(line))
                if "error" in line:
                    raise SandboxError(f"{spec.name}: its image does not build: {_tail(log)}")
                if time.monotonic() > end:
                    raise TimeoutError
    except (APIError, TypeError) as error:
        raise SandboxError(f"{spec.name}: its image does not build: {error}") from error
    except OSError as error:
        text = f"{spec.name}: its image was not built within {spec.build_seconds:.0f} s (build_timeout_sec)"
        raise SandboxError(f"{text}: {_tail(log) or error}") from error


def _dockerfile(spec: EnvironmentSpec) -> tuple[str, dict[str, str]]:
    """The Dockerfile as this daemon reads it, and files that the context needs beside those of the task."""
    try:
        text = Path(str(spec.dockerfile), "Dockerfile").read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TaskError(f"{spec.name}: environment/Dockerfile is not UTF-8 text") from error
    # The frontend of that line would come from a registry; the daemon has one of its own.
    text = _SYNTAX.sub("", text)
    number = re.match(r"\d+", client().version()["Version"])
    return rewritten(text) if number and int(number[0]) < NATIVE else (text, {})


def _write_context(archive: IO[bytes], folder: str, files: dict[str, str]) -> None:
    """Writes the build context as an archive, without what .dockerignore leaves out."""
    from docker.utils.build import exclude_paths

    ignore = Path(folder, ".dockerignore")
    lines = ignore.read_text("utf-8-sig").splitlines() if ignore.is_file() else []
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    kept = exclude_paths(folder, patterns, dockerfile="Dockerfile") - set(files)
    # BuildKit recognises an archive by its head, which must not be one of PAX's own records.
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, text in files.items():
            add_file(tar, name, text.encode("utf-8", "surrogateescape"))
        for path in sorted(kept):
            tar.add(os.path.join(folder, path), arcname=path, recursive=False, filter=owned_by_root)
    archive.seek(0)


def build_lines(
    api: Any, context: IO[bytes], tag: str, text: str, seconds: float
) -> Iterator[dict[str, Any]]:
    """What the daemon says while it builds. A daemon without BuildKit builds what its classic builder can.

    `api` is docker-py's, `context` the archive, `text` the Dockerfile in it. An `error` is the last line.
    """
    for each in instructions(text):
        if each.name == "RUN" and re.match(r"(--\S+\s+)*--mount=\S*type=(secret|ssh)\b", each.rest):
            yield {"error": f"`RUN {each.rest[:60]}` takes a secret of this machine, which no build is given"}
            return
    timeout = int(seconds) + 1  # of each read; the caller's deadline is for the whole build
    with closing(
        api.post(
            f"{api.base_url}/v{api.api_version}/build",
            params={"t": tag, "version": "2", "rm": True, "forcerm": True},
            data=context,
            headers={"Content-Type": "application/tar"},
            stream=True,
            timeout=timeout,
        )
    ) as response:
        if response.ok:
            yield from (json.loads(line) for line in response.iter_lines() if line)
            return
        reason = response.text
    if "buildkit" not in reason.lower():
        yield {"error": reason}
    else:
        context.seek(0)
        yield from api.build(
            fileobj=context, custom_context=True, tag=tag, rm=True, forcerm=True, decode=True, timeout=timeout
        )


def _tail(log: Iterable[str]) -> str:
    return "".join(log)[-1500:].strip()


def _buildkit_log(line: dict[str, Any]) -> str:
    """What commands printed, in one message of BuildKit (`StatusResponse` of its control API, in protobuf).

    In a log the number of its stream (field 3) comes before the text (field 4), which begins with its length.
    """
    if line.get("id") != "moby.buildkit.trace":
        return ""
    status = base64.b64decode(line["aux"])
    texts = []
    for found in re.finditer(rb'\x18[\1\2]"([\x80-\xff]*[\x00-\x7f])', status):
        size = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(found[1]))
        texts.append(status[found.end() : found.end() + size])
    return b"".join(texts).decode("utf-8", "replace")
