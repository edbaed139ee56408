"""Reads a task in Harbor's format. `taskformat` holds the keys, `support` the features that are refused."""

from __future__ import annotations

import functools
import hashlib
import os
import posixpath
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path

from ahe.environments.dockerfile import instructions
from ahe.environments.layout import installation
from ahe.errors import TaskError
from ahe.evaluate.support import COMPOSE, beyond_bubblewrap, read_compose, workdir
from ahe.evaluate.taskformat import TaskToml, parse
from ahe.records import EnvironmentSpec, Task

WORKDIR = "/app"
# Harbor's defaults changed between versions; the ones used are here and in `taskformat`.
MEMORY_MB, STORAGE_MB = 2048, 10240
SINGLE = frozenset({"task.toml", "instruction.md", "README.md", "trajectory.json"})
FOLDERS = frozenset({"environment", "tests", "solution", "steps"})
KEPT = frozenset({"task.toml", "instruction.md", "environment/Dockerfile", f"environment/{COMPOSE}"})
CHUNK = 1 << 16  # larger ones take their memory from the system each time, which is slow
JUNK = (".pyc", ".swp", ".swo", "~")

OPENED = KEPT | {"environment/setup.sh", "environment/.dockerignore", "environment/files"}
"""What the host itself reads of `environment/`: never through a link out of the task."""


def read_task(path: Path, *, digest: bool = True) -> Task:
    """The task in folder `path`; its name is the folder's name, relative paths are made absolute.

    Without `digest` most of its files are not read, and the digest is empty: for lists of many tasks.
    Legacy forms (`version`, `allow_internet`, `memory = "2G"`, `storage`) are still read. Unknown keys are kept in
    `raw`. Raises `TaskError` that names the file and the key.
    """
    root = Path(path).absolute()
    files = walk(root, digest=digest)
    if "task.toml" not in files.kept:
        if (root / "task.yaml").is_file():
            raise TaskError(f"{root} is a task of an older Terminal-Bench: `ahe tasks from DIR` converts it")
        raise TaskError(f"{root} holds no task: task.toml is missing")
    toml, raw = parse(TaskToml, files.kept["task.toml"], f"{root}/task.toml")
    environment, docker_only = _environment(root, files, toml)
    return Task(
        name=root.name,
        path=str(root),
        digest=files.digest if digest else "",
        instruction=_instruction(files, toml),
        environment=environment,
        docker_only=docker_only,
        agent_seconds=toml.agent.timeout_sec,
        agent_user=toml.agent.user,
        verifier_seconds=toml.verifier.timeout_sec,
        verifier_env=toml.verifier.env,
        verifier_user=toml.verifier.user,
        solution_env=toml.solution.env,
        raw=raw,
    )


def strip_canary(text: str) -> str:
    """The instruction without the canary comments and blank lines at its start."""
    lines = dropwhile(lambda line: _is_canary(line.strip().lower()), text.split("\n"))
    return "\n".join(dropwhile(lambda line: not line.strip(), lines))


def _is_canary(line: str) -> bool:
    return "canary" in line and (line.startswith("#") or (line.startswith("<!--") and line.endswith("-->")))


def _instruction(files: TaskFiles, toml: TaskToml) -> str:
    """The instruction. It may be missing only if the task is refused anyway (several steps)."""
    steps = bool(toml.steps) or files.under("steps")
    if "tests/test.sh" not in files.hashes and not (steps or toml.environment.os == "windows"):
        raise TaskError(f"{files.root} has no verifier: tests/test.sh is missing")
    if "instruction.md" not in files.kept:
        if steps:
            return ""
        raise TaskError(f"{files.root} has no instruction: instruction.md is missing")
    text = strip_canary(files.text("instruction.md"))
    if not text.strip() and not steps:
        raise TaskError(f"{files.root}/instruction.md is empty")
    return text


def _environment(root: Path, files: TaskFiles, toml: TaskToml) -> tuple[EnvironmentSpec, str]:
    """The environment, and why only Docker can provide it ("" if bubblewrap can too)."""
    section = toml.environment
    built = "environment/Dockerfile" in files.kept
    compose = f"environment/{COMPOSE}"
    composed = read_compose(files.text(compose)).image if compose in files.kept and not built else ""
    image = section.docker_image or composed or None
    found = instructions(files.text("environment/Dockerfile")) if built else ()
    # Where neither the task nor its Dockerfile says it in full, it is the image's own.
    directory = section.workdir or workdir(found) or ("" if built or image else WORKDIR)
    content, setup = files.under("environment/files"), "environment/setup.sh" in files.hashes
    reason = f"its image is {image}" if image else ""
    if built and not reason:
        reason = beyond_bubblewrap(found, directory, files=content, setup=setup)
    users = sorted({user for user in (toml.agent.user, toml.verifier.user) if user} - {"root", "0"})
    spec = EnvironmentSpec(
        name=root.name,
        workdir=directory and posixpath.normpath(posixpath.join("/", directory)),
        files=f"{root}/environment/files" if content and not reason else None,
        setup=f"{root}/environment/setup.sh" if setup and not reason else None,
        dockerfile=f"{root}/environment" if built and not image else None,
        image=image,
        env=section.env,
        network=toml.network(toml.agent) == "public",
        memory_mb=section.memory or int(section.memory_mb or MEMORY_MB),
        file_mb=section.storage or int(section.storage_mb or STORAGE_MB),
        cpus=section.cpus,
        build_seconds=section.build_timeout_sec,
        # A folder at the top level of the file system holds more than tasks.
        hidden=_hidden(root.parent if len(root.parts) > 3 else root),
        users=tuple(users),
    )
    return spec, reason or (f"it names a user: {', '.join(users)}" if users else "")


@functools.cache
def _hidden(tasks: Path) -> tuple[str, ...]:
    """Paths hidden from every sandbox: the folder of tasks, which has the verifiers, and the installation of `ahe`."""
    return (str(tasks), *(str(path) for path in installation()))


@dataclass
class TaskFiles:
    """The files of a task's folder.

    `hashes` maps a relative path to the sha256 of its content; `kept` holds the contents of the few files that are
    needed to read a task.
    """

    root: str
    hashing: bool = True
    hashes: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 over the sorted lines "{path}\\0{sha256 of content}\\n", which is Harbor's digest.

        Other files in the folder (notes, caches, editor files) are not part of the task. A link to a folder, or to
        nothing, is hashed by its target path; Harbor leaves those out.
        """
        lines = (f"{path}\0{value}\n" for path, value in sorted(self.hashes.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def text(self, path: str) -> str:
        """A kept file as text. Raises `TaskError` if it is not UTF-8."""
        try:
            return self.kept[path].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TaskError(f"{self.root}/{path} is not UTF-8 text") from error

    def under(self, folder: str) -> bool:
        """Whether `folder` holds a file."""
        return any(path.startswith(folder + "/") for path in self.hashes)


def walk(root: Path, *, digest: bool = True) -> TaskFiles:
    """Read every file that is part of the task in `root`.

    Raises `TaskError` for sockets, pipes, unreadable files, and links that lead to anything but a file of the task,
    where the host would follow them: all outside of `environment/`, and `OPENED`.
    """
    found = TaskFiles(str(root), hashing=digest)
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name in FOLDERS and entry.is_dir():
                    if entry.is_symlink() and not _inside(found, entry.path):
                        raise TaskError(
                            f"{entry.path} links to a folder outside the task: put it there itself"
                        )
                    _folder(found, entry.name)
                elif entry.name in SINGLE:
                    _file(found, entry, entry.name)
    except OSError as error:
        raise TaskError(f"the task {root} cannot be read: {error}") from error
    return found


def _folder(found: TaskFiles, folder: str, junk: bool = False) -> None:
    """Read a folder. What is `junk` is not part of the task, but the host copies it too, so it is checked as well."""
    with os.scandir(f"{found.root}/{folder}") as entries:
        for entry in entries:
            name = entry.name
            left = junk or name.endswith(JUNK) or name in ("__pycache__", ".DS_Store")
            if entry.is_dir(follow_symlinks=False):
                _folder(found, f"{folder}/{name}", left)
            else:
                _file(found, entry, f"{folder}/{name}", left)


def _inside(found: TaskFiles, link: str) -> bool:
    return os.path.realpath(link).startswith(os.path.realpath(found.root) + os.sep)


def _file(found: TaskFiles, entry: os.DirEntry[str], path: str, junk: bool = False) -> None:
    if entry.is_symlink():
        whole = _inside(found, entry.path) and entry.is_file()
        if not whole and (path in OPENED or not path.startswith("environment/")):
            raise TaskError(f"{entry.path} does not link to a file of the task: put the file itself there")
        if not whole and not junk:
            # Such a link in environment/ is itself content of the task: hash its target path.
            found.hashes[path] = hashlib.sha256(os.fsencode(os.readlink(entry.path))).hexdigest()
        junk = junk or not whole
    elif not entry.is_file():
        raise TaskError(f"{entry.path} is neither a file nor a folder: remove it from the task")
    if junk:
        return
    if path in KEPT:
        with open(entry.path, "rb", buffering=0) as file:
            content = found.kept[path] = file.read()
        found.hashes[path] = hashlib.sha256(content).hexdigest()
    else:
        found.hashes[path] = _sha256(entry.path) if found.hashing else ""


def _sha256(path: str) -> str:
    """A file object for each of 30,000 small files would take half as long again."""
    total = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while content := os.read(descriptor, CHUNK):
            total.update(content)
    finally:
        os.close(descriptor)
    return total.hexdigest()
