"""What accompanies a trace: its trial folder (of `ahe`, Harbor or Terminal-Bench), and verdicts in other files."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ahe.debug.readers import files
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import verdict
from ahe.debug.readers.trace import Damage, Status, Step, Text, Trace, VerifierFile

_TEXTS = (".txt", ".log", ".json", ".xml", ".tap", ".out", ".err", ".jsonl", ".md", "")
_FILE_LIMIT = 4 << 20
"""Bytes kept of one verifier file: its end, where a verifier says what is wrong."""
_OWN = j.words("reward.txt reward.json score.json result.json")
_ALONE = ("verifier/reward.json", "verifier/reward.txt", *_OWN, "report.json")
_PRINTED = j.words(
    "test-stdout.txt test_output.txt test-output.txt tests.log test.log eval.log ctrf.json junit.xml report.json"
    " score.json result.json verdict.json grader-results.json"
)
"""Files in which verifiers leave what they found, beside a trace."""
_STATUS: dict[str, Status] = {"passed": "passed", "failed": "failed", "missing": "missing"}
_REPORT_LIMIT = 16 << 20


def info(folder: Path) -> Trace | None:
    """What the folder of a trial says about it, without the agent's steps; None if it is not a trial folder.

    What broke, if anything did, is a step.
    """
    for name, layout in _LAYOUTS:
        damage: list[Damage] = []
        value = files.document(folder / name, damage) if (folder / name).is_file() else None
        if found := layout(j.mapping(value), folder):
            return replace(found, id=found.id or folder.name, damage=tuple(damage))
    beside = (folder / "verifier").is_dir() or (folder / "events.jsonl").is_file()
    if beside and (folder / "trajectory.json").is_file():
        return Trace(folder.name, "", status=_scored(folder, _ALONE[:2]))
    return None


def _ahe(value: dict[str, Any], folder: Path) -> Trace | None:
    if not value.keys() >= {"task", "status", "attempt"}:
        return None
    return Trace(
        task=j.text(value, "task"),
        id=j.text(value, "id"),
        attempt=int(j.number(value["attempt"])),
        status=_STATUS.get(j.text(value, "status"), "unknown"),
        ended=j.text(value, "ended"),
        steps=_broke(j.text(value, "cause"), "ahe"),
        seconds=j.number(value.get("seconds")),
        tokens=j.total(value.get("usage"), "input_tokens", "output_tokens"),
        partial=_partial(value.get("reward")),
    )


def _harbor(value: dict[str, Any], folder: Path) -> Trace | None:
    if "task_name" not in value or not value.keys() & {"trial_name", "verifier_result"}:
        return None
    problem = j.inner(value, "exception_info")
    kind, what = j.text(problem, "exception_type"), j.text(problem, "exception_message")
    reward = _reward(j.inner(value, "verifier_result", "rewards"))
    status = verdict(reward)
    return Trace(
        task=j.text(value, "task_name"),
        id=j.text(value, "trial_name"),
        steps=_broke(f"{kind}: {what}" if what else kind, "harbor"),
        status="missing" if status == "unknown" else status,
        ended=kind,
        seconds=_seconds(value.get("agent_execution"), "started_at", "finished_at"),
        tokens=j.total(value.get("agent_result"), "n_input_tokens", "n_output_tokens"),
        partial=_partial(reward),
        started=not problem or any(j.inner(value, key) for key in ("agent_execution", "verifier_result")),
    )


def _harbor_unfinished(value: dict[str, Any], folder: Path) -> Trace | None:
    """A trial of Harbor without a result: it never ended and counts as missing."""
    if "trial_name" not in value or not (folder / "agent").is_dir():
        return None
    id, task = j.text(value, "trial_name"), value.get("task")
    name = j.text(task, "name") or Path(j.text(task, "path")).name or id.rpartition("__")[0]
    return Trace(id, name, _broke("the trial left no result.json", "harbor"), status="missing")


def _terminal_bench(value: dict[str, Any], folder: Path) -> Trace | None:
    if "task_id" not in value or "is_resolved" not in value:
        return None
    resolved, tests = value["is_resolved"], j.inner(value, "parser_results")
    mode = j.text(value, "failure_mode")
    return Trace(
        task=j.text(value, "task_id"),
        id=j.text(value, "trial_name"),
        status="missing" if resolved is None else "passed" if resolved is True else "failed",
        ended=mode if mode not in ("unset", "none") else "",
        seconds=_seconds(value, "agent_started_at", "agent_ended_at"),
        tokens=j.total(value, "total_input_tokens", "total_output_tokens"),
        started=mode != "agent_installation_failed",
        verifier=(VerifierFile("results.json", j.as_text({"tests": tests})),) if tests else (),
    )


_LAYOUTS: tuple[tuple[str, Callable[[dict[str, Any], Path], Trace | None]], ...] = (
    ("result.json", _ahe),
    ("result.json", _harbor),
    ("results.json", _terminal_bench),
    ("config.json", _harbor_unfinished),
)
"""The layouts of trial folders, each with the name of its result file."""


def _broke(cause: str, layout: str) -> tuple[Step, ...]:
    return (Step(1, "environment", (Text("error", cause, layout),)),) if cause else ()


def _reward(value: Any) -> Any:
    """The reward of a trial with several rewards: the one named `reward`, else the lowest."""
    rewards = j.mapping(value)
    return rewards.get("reward", min(rewards.values(), key=j.number)) if rewards else value


def _partial(reward: Any) -> float:
    """The reward if it lies between 0 and 1, else 0."""
    return score if 0 < (score := j.number(reward)) < 1 else 0.0


def _seconds(value: Any, first: str, last: str) -> float:
    try:
        start, end = (datetime.fromisoformat(j.text(value, key)) for key in (first, last))
        return max(0.0, round((end - start).total_seconds(), 3))
    except (ValueError, TypeError):
        return 0.0


def events(folder: Path, damage: list[Damage]) -> Iterator[tuple[int, Text]]:
    """Events of the harness's hooks and limits as injected texts, each with the number of its step."""
    path = folder / "events.jsonl"
    for event in files.records(path, damage) if path.is_file() else ():
        name = j.text(event, "event")
        if name and name != "ended":
            rest = {key: value for key, value in event.items() if key not in ("time", "step", "event")}
            yield int(j.number(event.get("step"))), Text("injected", f"{name}: {j.as_text(rest)}", name)


def verifier(folder: Path, damage: list[Damage], name: str = "") -> tuple[VerifierFile, ...]:
    """The verifier's text files by path: those in `verifier`, else where Terminal-Bench keeps them, else those beside
    the trace of this name."""
    root = folder / "verifier"
    found = [path for path in sorted(root.rglob("*")) if path.is_file()]
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
    """The end of a file; None if it is binary."""
    size = path.stat().st_size
    start = max(0, size - _FILE_LIMIT)
    found = [Damage(f"{path}: bytes 0-{start}", "left out: only the end is kept")] if start else []
    text = files.text(path, found, (start, size))
    if "\0" in text[:4096]:
        return None
    damage.extend(found)
    return text


def _scored(folder: Path, names: tuple[str, ...]) -> Status:
    """The verdict of the first of these files that has one."""
    for path in (folder / name for name in names):
        value = files.document(path, []) if path.is_file() else None
        status = verdict(_reward(value) if path.name.endswith("reward.json") else value)
        if status != "unknown":
            return status
    return "unknown"


class Scores:
    """Verdicts on foreign traces: from a file next to the trace, or from a report in a folder above."""

    def __init__(self) -> None:
        self._verdicts: dict[Path, dict[str, Status]] = {}

    def take(self, path: Path) -> bool:
        """Whether the file holds scores or a verifier's output; if it is a report, remember its verdicts."""
        known = path.name.endswith((*_OWN, *_PRINTED)) or path.parent.name == "verifier"
        if path.suffix != ".json" or path.stat().st_size > _REPORT_LIMIT:
            return known
        if '"resolved' not in (raw := files.text(path, [])):
            return known
        value = j.mapping(j.salvage(raw)[0])
        verdicts: dict[str, Status] = {
            task: verdict(each) for task, each in value.items() if "resolved" in j.mapping(each)
        }
        for key in ("submitted_ids", "completed_ids", "unresolved_ids"):
            verdicts.update({j.string(task): "failed" for task in j.listing(value.get(key))})
        verdicts.update({j.string(task): "passed" for task in j.listing(value.get("resolved_ids"))})
        self._verdicts.setdefault(path.parent, {}).update(verdicts)
        return known or bool(verdicts)

    def of(self, path: Path, task: str, alone: bool) -> Status:
        """The verdict on the trace of a task. `alone` says that its folder contains no other trace."""
        names = (*(f"{files.stem(path)}.{name}" for name in _OWN), *(_ALONE if alone else ()))
        if (status := _scored(path.parent, names)) != "unknown":
            return status
        found = (self._verdicts.get(folder, {}).get(task, "unknown") for folder in path.parents)
        return next((status for status in found if status != "unknown"), "unknown")
