"""What accompanies a trace: its trial folder (of `ahe`, Harbor or Terminal-Bench), and verdicts in other files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ahe.debug.readers import files
from ahe.debug.readers.draft import verdict
from ahe.debug.readers.lenient_json import as_text, inner, listing, mapping, number, string, total, words
from ahe.debug.readers.trace import Damage, Status, Text, VerifierFile

_TEXTS = (".txt", ".log", ".json", ".xml", ".tap", ".out", ".err", ".jsonl", ".md", "")
FILE_LIMIT = 4 << 20
"""Bytes kept of one verifier file: its end, where a verifier says what is wrong."""
_OWN = words("reward.txt reward.json score.json result.json")
_ALONE = ("verifier/reward.json", "verifier/reward.txt", *_OWN, "report.json")
_PRINTED = words(
    "test-stdout.txt test_output.txt test-output.txt tests.log test.log eval.log ctrf.json junit.xml report.json"
    " score.json result.json verdict.json grader-results.json"
)
"""Files in which verifiers leave what they found, beside a trace."""
_STATUS: dict[str, Status] = {"passed": "passed", "failed": "failed", "missing": "missing"}
_REPORT_LIMIT = 16 << 20


@dataclass(frozen=True)
class TrialInfo:
    """What a trial folder says about its trial.

    `layout` names the tool, `cause` says what broke, `verifier` holds what the result says of single tests, and
    `started` is False if the agent could not be started.
    """

    task: str
    id: str
    layout: str = "ahe"
    attempt: int = 0
    status: Status = "unknown"
    ended: str = ""
    cause: str = ""
    seconds: float = 0.0
    tokens: int = 0
    damage: tuple[Damage, ...] = ()
    started: bool = True
    verifier: tuple[VerifierFile, ...] = ()


def info(folder: Path) -> TrialInfo | None:
    """The trial of a folder; None if it is not a trial folder."""
    damage: list[Damage] = []
    for name, layouts in _RESULTS.items():
        if (folder / name).is_file():
            value = mapping(files.document(folder / name, files.WHOLE, damage))
            for layout in layouts:
                if (found := layout(value, folder)) is not None:
                    return replace(found, id=found.id or folder.name, damage=tuple(damage))
    beside = (folder / "verifier").is_dir() or (folder / "events.jsonl").is_file()
    if beside and (folder / "trajectory.json").is_file():
        return TrialInfo("", folder.name, status=_rewarded(folder), damage=tuple(damage))
    return None


def _ahe(value: dict[str, Any], folder: Path) -> TrialInfo | None:
    if not value.keys() >= {"task", "status", "attempt"}:
        return None
    return TrialInfo(
        task=string(value["task"]),
        id=string(value.get("id")),
        attempt=int(number(value["attempt"])),
        status=_STATUS.get(string(value["status"]), "unknown"),
        ended=string(value.get("ended")),
        cause=string(value.get("cause")),
        seconds=number(value.get("seconds")),
        tokens=total(inner(value, "usage"), "input_tokens", "output_tokens"),
    )


def _harbor(value: dict[str, Any], folder: Path) -> TrialInfo | None:
    if "task_name" not in value or not value.keys() & {"trial_name", "verifier_result"}:
        return None
    problem = inner(value, "exception_info")
    kind, what = string(problem.get("exception_type")), string(problem.get("exception_message"))
    status = verdict(_reward(inner(value, "verifier_result", "rewards")))
    return TrialInfo(
        task=string(value["task_name"]),
        id=string(value.get("trial_name")),
        layout="harbor",
        status="missing" if status == "unknown" else status,
        ended=kind,
        cause=f"{kind}: {what}" if what else kind,
        seconds=_seconds(inner(value, "agent_execution"), "started_at", "finished_at"),
        tokens=total(inner(value, "agent_result"), "n_input_tokens", "n_output_tokens"),
        started=not problem or any(inner(value, key) for key in ("agent_execution", "verifier_result")),
    )


def _harbor_unfinished(value: dict[str, Any], folder: Path) -> TrialInfo | None:
    """A trial of Harbor without a result: it never ended and counts as missing."""
    if "trial_name" not in value or not (folder / "agent").is_dir():
        return None
    name = string(inner(value, "task").get("name")) or Path(string(inner(value, "task").get("path"))).name
    return TrialInfo(
        task=name or string(value["trial_name"]).rpartition("__")[0],
        id=string(value["trial_name"]),
        layout="harbor",
        status="missing",
        cause="the trial left no result.json",
    )


def _terminal_bench(value: dict[str, Any], folder: Path) -> TrialInfo | None:
    if "task_id" not in value or "is_resolved" not in value:
        return None
    resolved, tests = value["is_resolved"], inner(value, "parser_results")
    mode = string(value.get("failure_mode"))
    return TrialInfo(
        task=string(value["task_id"]),
        id=string(value.get("trial_name")),
        layout="terminal-bench",
        status="missing" if resolved is None else "passed" if resolved is True else "failed",
        ended=mode if mode not in ("unset", "none") else "",
        seconds=_seconds(value, "agent_started_at", "agent_ended_at"),
        tokens=total(value, "total_input_tokens", "total_output_tokens"),
        started=mode != "agent_installation_failed",
        verifier=(VerifierFile("results.json", as_text({"tests": tests})),) if tests else (),
    )


_RESULTS = {
    "result.json": (_harbor, _ahe),
    "results.json": (_terminal_bench,),
    "config.json": (_harbor_unfinished,),
}
"""The layouts of trial folders by the name of their result file."""


def _reward(value: Any) -> Any:
    """The reward of a trial with several rewards: the one named `reward`, else the lowest."""
    rewards = mapping(value)
    return rewards.get("reward", min(rewards.values(), key=number)) if rewards else value


def _rewarded(folder: Path) -> Status:
    """The verdict of a trial without a result, from its verifier's files."""
    paths = (folder / "verifier" / name for name in ("reward.json", "reward.txt"))
    found = next((path for path in paths if path.is_file()), None)
    return verdict(_reward(files.document(found, files.WHOLE, []))) if found else "unknown"


def _seconds(value: dict[str, Any], first: str, last: str) -> float:
    try:
        times = [datetime.fromisoformat(string(value.get(key))) for key in (first, last)]
        return max(0.0, round((times[1] - times[0]).total_seconds(), 3))
    except (ValueError, TypeError):
        return 0.0


def events(folder: Path, damage: list[Damage]) -> Iterator[tuple[int, Text]]:
    """Events of the harness's hooks and limits as injected texts, each with the number of its step."""
    path = folder / "events.jsonl"
    for _, record in files.records(path, damage) if path.is_file() else ():
        event = mapping(record)
        name = string(event.get("event"))
        if name and name != "ended":
            rest = {key: value for key, value in event.items() if key not in ("time", "step", "event")}
            yield int(number(event.get("step"))), Text("injected", f"{name}: {as_text(rest)}", name)


def verifier(folder: Path, damage: list[Damage], name: str = "") -> tuple[VerifierFile, ...]:
    """The verifier's text files by path: those in `verifier`, else where Terminal-Bench keeps them, else those beside
    the trace of this name."""
    root = folder / "verifier"
    found = [path for path in sorted(root.rglob("*")) if path.is_file()] if root.is_dir() else []
    if not found:
        places = (folder / "panes" / "post-test.txt", folder / "sessions" / "tests.log")
        found = [path for path in places if path.is_file()][:1]
    if not found and name:
        named = (f"{start}{each}" for start in (f"{name}.", "") for each in _PRINTED)
        found = [folder / each for each in named if (folder / each).is_file()]
    kept = []
    for path in found:
        text = _text(path, damage) if path.suffix.lower() in _TEXTS else None
        if text is not None:
            place = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
            kept.append(VerifierFile(place.as_posix(), text))
    return tuple(kept)


def _text(path: Path, damage: list[Damage]) -> str | None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(max(0, size - FILE_LIMIT))
            data = file.read(FILE_LIMIT)
    except OSError as error:
        damage.append(files.unreadable(path, error))
        return None
    if b"\0" in data[:4096]:
        return None
    if size > FILE_LIMIT:
        damage.append(Damage(f"{path}: bytes 0-{size - FILE_LIMIT}", "left out: only the end is kept"))
    return files.decoded(data, f"{path}: byte", max(0, size - FILE_LIMIT), damage)


class Scores:
    """Verdicts on foreign traces: from a file next to the trace, or from a report in a folder above."""

    def __init__(self) -> None:
        self._verdicts: dict[Path, dict[str, Status]] = {}

    def take(self, path: Path) -> bool:
        """Whether the file holds scores or a verifier's output; if it is a report, remember its verdicts."""
        known = path.name.endswith((*_OWN, *_PRINTED)) or path.parent.name == "verifier"
        if path.suffix != ".json" or path.stat().st_size > _REPORT_LIMIT:
            return known
        with path.open("rb") as file:
            head = file.read(files.LIMIT >> 4)
        if b'"resolved' not in head:
            return known
        value = mapping(files.document(path, files.WHOLE, []))
        verdicts: dict[str, Status] = {
            task: verdict(mapping(each)) for task, each in value.items() if "resolved" in mapping(each)
        }
        for key in ("submitted_ids", "completed_ids", "unresolved_ids"):
            verdicts.update({string(task): "failed" for task in listing(value.get(key))})
        verdicts.update({string(task): "passed" for task in listing(value.get("resolved_ids"))})
        self._verdicts.setdefault(path.parent, {}).update(verdicts)
        return known or bool(verdicts)

    def of(self, path: Path, task: str, alone: bool) -> Status:
        """The verdict on the trace of a task. `alone` says that its folder contains no other trace."""
        for name in (*(f"{files.stem(path)}.{name}" for name in _OWN), *(_ALONE if alone else ())):
            if (path.parent / name).is_file():
                status = verdict(files.document(path.parent / name, files.WHOLE, []))
                if status != "unknown":
                    return status
        found = (self._verdicts.get(folder, {}).get(task, "unknown") for folder in path.parents)
        return next((status for status in found if status != "unknown"), "unknown")
