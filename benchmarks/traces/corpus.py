"""Writes a corpus of trials as the runtime does, with the truth beside them.

FOLDER/trials/<id>/   trajectory.json, events.jsonl, result.json, verifier/
FOLDER/truth.json     what was planted where; no debugger is given it
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.traces import plan, verdicts
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project
from benchmarks.traces.story import Story

SIZE = 40_000_000
TASKS = 200
ROLLOUTS = 4


@dataclass(frozen=True)
class Planted:
    """A decisive line. `line` is what the program said; `shown` is the whole line as it was printed, raw."""

    task: str
    trial: str
    attempt: int
    kind: str
    step: int
    line: str
    shown: str


def write(
    folder: Path, seed: int, size: int = SIZE, tasks: int = TASKS, rollouts: int = ROLLOUTS
) -> list[Planted]:
    """Write about `size` bytes of trials of `tasks` failing tasks and a tenth as many passing ones.

    The same arguments write the same bytes. Each planted line stands once in its trial.
    """
    planted = list(_trials(folder / "trials", seed, size, tasks, rollouts))
    rows = [asdict(each) for each in planted]
    (folder / "truth.json").write_text(json.dumps({"seed": seed, "planted": rows}, indent=1) + "\n", "utf-8")
    return planted


def _trials(folder: Path, seed: int, size: int, tasks: int, rollouts: int) -> Iterator[Planted]:
    for task in plan.tasks(seed, size, tasks, rollouts):
        project = Project(seed, task[0].task)
        for rollout in task:
            story, steps = _tell(seed, project, rollout)
            _store(folder / rollout.id, seed, project, story, steps)
            line = next((i.line for i in rollout.inserts if i.role == "cause" and i.line), None)
            if line is not None:
                yield Planted(
                    rollout.task,
                    rollout.id,
                    rollout.attempt,
                    line.kind,
                    story.planted,
                    line.text.strip(),
                    story.shown,
                )


def _tell(seed: int, project: Project, rollout: plan.Rollout) -> tuple[Story, list[bytes]]:
    """The story in which the decisive line stands exactly once; nearly always the first that is made up."""
    wanted = [
        insert.line.text.strip() for insert in rollout.inserts if insert.role == "cause" and insert.line
    ]
    for salt in range(20):
        story = Story(seed, project, rollout, salt)
        steps = list(story.steps())
        text = "\n".join(story.text)
        if all(text.count(line) == 1 for line in wanted):
            return story, steps
    raise ValueError(f"seed {seed}: {wanted} is not unique in {rollout.task}; take another seed")


def _store(folder: Path, seed: int, project: Project, story: Story, steps: list[bytes]) -> None:
    rollout = story.plan
    (folder / "verifier").mkdir(parents=True)
    agent = {"name": "ahe", "version": "0.1.0", "model_name": "made-up"}
    head = json.dumps({"schema_version": "ATIF-v1.7", "session_id": rollout.id, "agent": agent})
    rest = json.dumps({"final_metrics": {"total_steps": len(steps)}, "extra": {"ended": rollout.ended}})
    body = b",\n".join(steps)
    parts = (head[:-1].encode(), b', "steps": [\n', body, b"\n], ", rest[1:].encode(), b"\n")
    (folder / "trajectory.json").write_bytes(b"".join(parts))
    event = {
        "time": "2026-03-11T00:00:00.000+00:00",
        "step": len(steps),
        "event": "ended",
        "ended": rollout.ended,
    }
    (folder / "events.jsonl").write_text(json.dumps(event) + "\n", "utf-8")
    (folder / "result.json").write_text(json.dumps(_result(rollout, story.turns), indent=1) + "\n", "utf-8")
    chance = Chance(seed, rollout.task, "verifier")
    found = verdicts.files(chance, project, story.symptom if rollout.failed else None)
    found["reward.txt"] = "0\n" if rollout.failed else "1\n"
    for name, text in found.items():
        (folder / "verifier" / name).write_text(text, "utf-8")


def _result(rollout: plan.Rollout, turns: int) -> dict[str, object]:
    """The trial's record (`ahe.records.Trial`)."""
    reward = 0.0 if rollout.failed else 1.0
    return {
        "id": rollout.id,
        "harness": "ca922667786d410ccbcb86e7",
        "task": rollout.task,
        "task_digest": Chance(rollout.task).hex(64),
        "environment": "bwrap",
        "model": "a9ce1ba226fe0939",
        "attempt": rollout.attempt,
        "status": "failed" if rollout.failed else "passed",
        "reward": reward,
        "rewards": {"reward": reward},
        "ended": rollout.ended,
        "turns": turns,
        "started": "2026-03-11T00:00:00.000+00:00",
        "seconds": float(turns * 9),
    }
