"""Folders of trials: our own, Harbor's and Terminal-Bench's. What they say beside the trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ahe.debug.readers import files
from ahe.debug.readers.trace import Damage, Status, Text, VerifierFile
from ahe.debug.readers.values import mapping, number, shown, string

_TEXTS = (".txt", ".log", ".json", ".xml", ".tap", ".out", ".err", ".jsonl", ".md", "")
FILE_LIMIT = 4 << 20
"""Bytes of one verifier's file that are kept; the end, where a verifier says what is wrong."""
_STATUS: dict[str, Status] = {"passed": "passed", "failed": "failed", "missing": "missing"}


@dataclass(frozen=True)
class Facts:
    """What a trial's folder says of it. `form` names whose folder it is, `cause` is what broke."""

    task: str
    id: str
    form: str = "ahe"
    attempt: int = 0
    status: Status = "unknown"
    ended: str = ""
    cause: str = ""
    seconds: float = 0.0
    tokens: int = 0
    damage: tuple[Damage, ...] = field(default=())


def facts(folder: Path) -> Facts | None:
    """What is known of the trial whose folder this is; None where it is no trial's."""
    damage: list[Damage] = []
    for name, reader in (
        ("result.json", _result),
        ("results.json", _terminal_bench),
        ("config.json", _begun),
    ):
        path = folder / name
        if path.is_file():
            found = reader(mapping(files.document(path, files.WHOLE, damage)), folder)
            if found is not None:
                return Facts(**{**found.__dict__, "damage": tuple(damage)})
    beside = (folder / "verifier").is_dir() or (folder / "events.jsonl").is_file()
    if beside and (folder / "trajectory.json").is_file():
        return Facts(task="", id=folder.name, status=_rewarded(folder), damage=tuple(damage))
    return None


def _result(value: dict[str, Any], folder: Path) -> Facts | None:
    if "task_name" in value and ("trial_name" in value or "verifier_result" in value):
        return _harbor(value, folder)
    if "task" in value and "status" in value and "attempt" in value:
        usage = mapping(value.get("usage"))
        return Facts(
            task=string(value["task"]),
            id=string(value.get("id")) or folder.name,
            attempt=int(number(value["attempt"])),
            status=_STATUS.get(string(value["status"]), "unknown"),
            ended=string(value.get("ended")),
            cause=string(value.get("cause")),
            seconds=number(value.get("seconds")),
            tokens=int(number(usage.get("input_tokens")) + number(usage.get("output_tokens"))),
        )
    return None


def _harbor(value: dict[str, Any], folder: Path) -> Facts:
    rewards = mapping(mapping(value.get("verifier_result")).get("rewards"))
    problem = mapping(value.get("exception_info"))
    agent = mapping(value.get("agent_result"))
    what = string(problem.get("exception_message"))
    kind = string(problem.get("exception_type"))
    return Facts(
        task=string(value["task_name"]),
        id=string(value.get("trial_name")) or folder.name,
        form="harbor",
        status=_status(rewards.get("reward", min(rewards.values(), key=number) if rewards else None)),
        ended=kind,
        cause=f"{kind}: {what}" if what else kind,
        seconds=_seconds(mapping(value.get("agent_execution")), "started_at", "finished_at"),
        tokens=int(number(agent.get("n_input_tokens")) + number(agent.get("n_output_tokens"))),
    )


def _begun(value: dict[str, Any], folder: Path) -> Facts | None:
    """A trial of Harbor's that left no result: it never ended, and is missing."""
    if "trial_name" not in value or not (folder / "agent").is_dir():
        return None
    task = mapping(value.get("task"))
    name = string(task.get("name")) or Path(string(task.get("path"))).name
    return Facts(
        task=name or string(value["trial_name"]).rpartition("__")[0],
        id=string(value["trial_name"]) or folder.name,
        form="harbor",
        status="missing",
        cause="the trial left no result.json",
    )


def _terminal_bench(value: dict[str, Any], folder: Path) -> Facts | None:
    if "task_id" not in value or "is_resolved" not in value:
        return None
    resolved = value["is_resolved"]
    mode = string(value.get("failure_mode"))
    return Facts(
        task=string(value["task_id"]),
        id=string(value.get("trial_name")) or folder.name,
        form="terminal-bench",
        status="missing" if resolved is None else "passed" if resolved is True else "failed",
        ended=mode if mode not in ("unset", "none") else "",
        seconds=_seconds(value, "agent_started_at", "agent_ended_at"),
        tokens=int(number(value.get("total_input_tokens")) + number(value.get("total_output_tokens"))),
    )


def _status(reward: Any) -> Status:
    if isinstance(reward, bool) or not isinstance(reward, int | float):
        return "missing"
    return "passed" if reward >= 1 else "failed"


def _rewarded(folder: Path) -> Status:
    """The verdict of a trial without a result, from what its verifier left."""
    damage: list[Damage] = []
    for name in ("reward.json", "reward.txt"):
        path = folder / "verifier" / name
        if path.is_file():
            value = files.document(path, files.WHOLE, damage)
            rewards = mapping(value)
            reward = rewards.get("reward", min(rewards.values(), key=number)) if rewards else value
            return _status(reward) if _status(reward) != "missing" else "unknown"
    return "unknown"


def _seconds(value: dict[str, Any], first: str, last: str) -> float:
    try:
        times = [datetime.fromisoformat(string(value.get(key))) for key in (first, last)]
        return max(0.0, round((times[1] - times[0]).total_seconds(), 3))
    except (ValueError, TypeError):
        return 0.0


def events(folder: Path, damage: list[Damage]) -> Iterator[tuple[int, Text]]:
    """What our hooks and limits did, by the step that it was done at: injected texts, named by event."""
    path = folder / "events.jsonl"
    if not path.is_file():
        return
    for _, record in files.records(path, damage):
        event = mapping(record)
        name = string(event.get("event"))
        if name and name != "ended":
            rest = {key: value for key, value in event.items() if key not in ("time", "step", "event")}
            yield int(number(event.get("step"))), Text("injected", f"{name}: {shown(rest)}", name)


def verifier(folder: Path, damage: list[Damage]) -> tuple[VerifierFile, ...]:
    """The texts that the verifier left, by their paths; Terminal-Bench keeps them as panes and results."""
    root = folder / "verifier"
    found = [path for path in sorted(root.rglob("*")) if path.is_file()] if root.is_dir() else []
    if not found:
        places = (folder / "panes" / "post-test.txt", folder / "sessions" / "tests.log")
        found = [path for path in places if path.is_file()][:1]
        root = found[0].parent if found else root
    kept = []
    for path in found:
        text = _text(path, damage) if path.suffix.lower() in _TEXTS else None
        if text is not None:
            kept.append(VerifierFile(path.relative_to(root).as_posix(), text))
    return tuple(kept)


def _text(path: Path, damage: list[Damage]) -> str | None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - FILE_LIMIT))
            data = file.read(FILE_LIMIT)
    except OSError as error:
        damage.append(Damage(str(path), f"cannot be read: {error.strerror or error}"))
        return None
    if b"\0" in data[:4096]:
        return None
    if size > FILE_LIMIT:
        damage.append(Damage(f"{path}: bytes 0-{size - FILE_LIMIT}", "left out: only the end is kept"))
    return files.decoded(data, f"{path}: byte", max(0, size - FILE_LIMIT), damage)
