"""Reads `docker-compose.yaml`: a file that says no more than what Harbor does by itself is honoured, others are not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ahe.harness.load import read_mapping

FILE = "docker-compose.yaml"
# The variables that Harbor and Terminal-Bench fill in: images, folders for logs and tests, limits.
_THEIRS = re.compile(
    r"(\w+=)?(\$\{(MAIN|PREBUILT|HOST|ENV|CONTEXT|CPUS|MEMORY|TEST|T_BENCH)\w*(:-[^}]*)?\}[:/]?)+(r[ow])?"
)
_IDLE = re.compile(r"((ba)?sh -l?c )?(sleep infinity|tail -f /dev/null)")
_HARMLESS = {"container_name", "hostname", "image", "init", "pull_policy", "restart", "stdin_open", "tty"}
_AT_TOP = {"services", "version", "name"}
_BUILD = {"context": (".", "./"), "dockerfile": ("Dockerfile", "./Dockerfile")}


@dataclass(frozen=True)
class Compose:
    """What a compose file says: the image that its service starts from ("" where one is built), and the keys that
    cannot be honoured."""

    image: str = ""
    problems: tuple[str, ...] = ()


def read_compose(text: str) -> Compose:
    """The meaning of a file. One that cannot be read is a problem too; nothing is raised."""
    try:
        tree = read_mapping(text)
    except ValueError as error:
        return Compose(problems=(str(error),))
    services = tree.get("services")
    if not isinstance(services, dict) or len(services) != 1:
        return Compose(problems=("not one service but several or none",))
    service = next(iter(services.values())) or {}
    if not isinstance(service, dict):
        return Compose(problems=("a service that is not a mapping",))
    top = [key for key, value in tree.items() if key not in _AT_TOP and not key.startswith("x-") and value]
    image = str(service.get("image") or "")
    built = "build" in service or "$" in image
    return Compose("" if built else image, (*top, *_problems(service)))


def _problems(service: Mapping[object, object]) -> Iterator[str]:
    for key, value in service.items():
        if key == "build":
            build = value if isinstance(value, dict) else {"context": value}
            for name, said in build.items():
                if said not in _BUILD.get(name, ()) and not _theirs(said):
                    yield f"build.{name}"
        elif key == "command":
            words = value if isinstance(value, list) else [value]
            if not _IDLE.fullmatch(" ".join(map(str, words)).replace('"', "").replace("'", "")):
                yield "command"
        elif key not in _HARMLESS and not _theirs(value):
            yield str(key)


def _theirs(value: object) -> bool:
    """Whether a value is empty, or made of nothing but the variables that Harbor fills in."""
    if isinstance(value, dict):
        return all(map(_theirs, value.values()))
    if isinstance(value, list):
        return all(map(_theirs, value))
    return value is None or bool(_THEIRS.fullmatch(str(value).strip()))
