"""The static rules that a change is checked against before anything is spent on it. No evolved code runs here."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ahe.errors import HarnessError
from ahe.harness.components import component_problems
from ahe.harness.inventory import always_sent
from ahe.harness.layout import MANIFEST, Problem, classify, counts
from ahe.harness.leaks import Secrets, leaks
from ahe.records import Record
from ahe.text import estimate_tokens

PROMPT = "system_prompt.md"
SHOWN = 20


class Bounds(Record):
    """How far a harness may grow: tokens of text and code that one change adds, and of what is always sent."""

    added_text: int = 1_500
    added_code: int = 5_000
    prompt: int = 8_000
    file_bytes: int = 65_536
    files: int = 500


BOUNDS = Bounds()
DATA = (".csv", ".json", ".jsonl", ".tsv")
"""Endings of a skill's data; its files are bounded by `Bounds.file_bytes`."""


@dataclass(frozen=True)
class Preflight:
    """Checks harness folders. `seed_prompt` is the seed's system prompt, whose lines must stay.

    `unread` gives the components of a harness that the coder does not read, with the reasons: for one that is not ours.
    """

    secrets: Secrets | None = None
    seed_prompt: str = ""
    bounds: Bounds = BOUNDS
    unread: Callable[[Path], Mapping[str, str]] | None = None

    def check(self, root: Path, base: Path, action: str = "improve") -> list[Problem]:
        """Problems of the harness in `root` as a change of the one in `base`; 20 at most, none if it passes."""
        before, _ = _read(base, self.bounds)
        after, problems = _read(root, self.bounds)
        problems += _foreign(root, base)
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        problems += component_problems(after)
        if not changed and not problems:
            problems.append(Problem("change", "", "nothing was changed"))
        if action != "remove":
            problems += _seed_lines(self.seed_prompt, before.get(PROMPT, ""), after.get(PROMPT, ""))
        problems += _growth(before, after, self.bounds)
        if self.unread is not None and not problems:
            why = self.unread(root)
            problems += [Problem("unread", path, why[path]) for path in sorted(changed & why.keys())]
        if self.secrets is not None:
            texts = {path: after[path] for path in sorted(changed) if path in after}
            added = {path: _added(before.get(path, ""), text) for path, text in texts.items()}
            problems += leaks(texts, added, self.secrets)
        return problems[:SHOWN]


def _read(root: Path, bounds: Bounds) -> tuple[dict[str, str], list[Problem]]:
    """Texts of the harness's files by path, and the problems of file types, names and sizes."""
    texts: dict[str, str] = {}
    problems = []
    for path in _files(root):
        try:
            text = _plain_text(root / path, bounds)
            classify(path)
        except HarnessError as error:
            problems.append(Problem("files", path, str(error).removeprefix(f"{path}: ")))
            continue
        if counts(path) and path != MANIFEST:
            texts[path] = text
    if len(texts) > bounds.files:
        problems.append(Problem("files", "", f"{len(texts)} files; a harness has {bounds.files} at most"))
    return texts, problems


def _files(root: Path) -> list[str]:
    """Every file and link below `root`, without its own `.git`. Links are listed and never followed."""
    found = (p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_symlink() or not p.is_dir())
    return sorted(path for path in found if path.split("/")[0] != ".git")


def _plain_text(place: Path, bounds: Bounds) -> str:
    """The text of a file. Raises `HarnessError` for what is not a plain text file."""
    if place.is_symlink() or not place.is_file():
        raise HarnessError("is a link or a special file; a harness holds plain files")
    status = place.stat()
    if status.st_mode & 0o111:
        raise HarnessError("is executable; a harness holds plain files")
    if status.st_size > bounds.file_bytes:
        raise HarnessError(f"has {status.st_size} bytes; a file has {bounds.file_bytes} at most")
    try:
        text = place.read_text("utf-8")
    except UnicodeDecodeError:
        raise HarnessError("is not UTF-8 text") from None
    if "\0" in text:
        raise HarnessError("is not text: it holds a NUL character")
    return text


def _foreign(root: Path, base: Path) -> Iterator[Problem]:
    """The evolver must not change `harness.toml` and `README.md`; `root` may lack them."""
    for path in (MANIFEST, "README.md"):
        mine, theirs = root / path, base / path
        if mine.is_file() and (not theirs.is_file() or mine.read_bytes() != theirs.read_bytes()):
            yield Problem("mounts", path, "must stay as it is: only the seven mounts may change")


def _seed_lines(seed: str, before: str, after: str) -> Iterator[Problem]:
    """Lines of the seed's prompt that were there before must stay, except for the action `remove`."""
    old, new = _lines(before), _lines(after)
    for line in seed.splitlines():
        if line.strip() in old - new:
            gone = f"the seed's line {line.strip()[:80]!r} is gone"
            yield Problem("seed prompt", PROMPT, f"{gone}: keep it, or remove it in a change by itself")


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


def _growth(before: Mapping[str, str], after: Mapping[str, str], bounds: Bounds) -> Iterator[Problem]:
    for what, is_code, most in (("text", False, bounds.added_text), ("code", True, bounds.added_code)):
        old, new = (_tokens(texts, is_code) for texts in (before, after))
        if new - old > most:
            text = f"adds about {new - old} tokens of {what}; one change adds {most} at most"
            yield Problem("growth", "", text)
    old, new = always_sent(before), always_sent(after)
    if new > max(old, bounds.prompt):
        text = f"prompt, memory and tool descriptions have about {new} tokens; {bounds.prompt} at most"
        yield Problem("growth", "", text)


def _tokens(texts: Mapping[str, str], code: bool) -> int:
    """Tokens of code or of text. Data that a skill's folder carries for code is neither: it is not sent as it is."""
    return sum(
        estimate_tokens(text)
        for path, text in texts.items()
        if path.endswith(".py") is code and not (path.startswith("skills/") and path.endswith(DATA))
    )


def _added(before: str, after: str) -> frozenset[int]:
    """Numbers of the lines in `after` that `before` does not have."""
    known = set(before.split("\n"))
    return frozenset(n for n, line in enumerate(after.split("\n")) if line.strip() and line not in known)
