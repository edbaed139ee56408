"""Plays the hooks of a candidate over recorded rollouts that passed: one that blocks what worked there is refused.

The rule is Life-Harness's (arXiv 2605.22166): no valid action is blocked. Replies, calls and results are those that
were recorded, each rollout in a box of its own. A hook that asks the environment or the model gets no answer and fails
open, so what it would block after one is not seen. At most `SAMPLE` rollouts are played, until `ENOUGH`
problems are found.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ahe.agents.answering import NoHost
from ahe.agents.play import MakeExecutor
from ahe.debug.readers.results import result
from ahe.errors import HarnessError
from ahe.harness.layout import Problem
from ahe.harness.load import load
from ahe.records import Limits, Message, Reply, ToolCall, Trial, Usage
from ahe.runtime.meter import Meter
from ahe.runtime.toolbox import Hooks
from ahe.runtime.trajectory import Trajectory

LIMITS = Limits()
CALL_SHOWN = 200
SAMPLE, ENOUGH = 24, 3


def sample(trials: Iterable[Trial]) -> list[str]:
    """The ids of at most `SAMPLE` that passed, always the same: one of each task, then a second one, and so on."""
    of_task, ranked = Counter[str](), list[tuple[int, str]]()
    for trial in sorted(trials, key=lambda trial: trial.id):
        if trial.status == "passed":
            of_task[trial.task] += 1
            ranked.append((of_task[trial.task], trial.id))
    return [id for _, id in sorted(ranked)[:SAMPLE]]


@dataclass(frozen=True)
class Replay:
    """Checks the middleware of a harness against rollouts that passed."""

    make_executor: MakeExecutor

    async def __call__(self, root: Path, traces: Iterable[Path]) -> list[Problem]:
        """The first call of each rollout that worked and that the harness in `root` blocks, of `ENOUGH` at most.

        `traces` are folders, of which the first `SAMPLE` are played.
        """
        found = list[Problem]()
        for folder in islice(traces, SAMPLE):
            if len(found) == ENOUGH:
                break
            if (folder / "trajectory.json").is_file() and (problem := await self._blocked(root, folder)):
                found.append(problem)
        return found

    async def _blocked(self, root: Path, folder: Path) -> Problem | None:
        steps = json.loads((folder / "trajectory.json").read_text("utf-8"))["steps"]
        executor, names = self.make_executor(), load(root).middleware
        instruction = next((step["message"] for step in steps if step["source"] == "user"), "")
        with tempfile.TemporaryDirectory() as scratch:
            trajectory = Trajectory(Path(scratch), "replay", "", ())
            hooks = Hooks(executor, names, Meter(LIMITS), trajectory, instruction)
            try:
                await executor.start(root, NoHost())
                found = await _first_blocked(hooks, steps, _blocked_then(folder))
            except HarnessError as error:
                return Problem("replay", "middleware", str(error)[:300])
            finally:
                await executor.stop()
                trajectory.finish(Usage(), {})
            if found is None:
                return None
            hooked = [event["middleware"] for event in _events(Path(scratch)) if "middleware" in event]
        step, call = found
        shown = json.dumps(call.arguments, ensure_ascii=False)[:CALL_SHOWN]
        why = f"blocks a call that worked in a rollout that passed, {folder.name[:8]}#{step}: {shown}"
        return Problem(
            "replay",
            f"middleware/{hooked[-1]}" if hooked else "middleware",
            f"{why}; block only what cannot work",
        )


async def _first_blocked(
    hooks: Hooks, steps: Iterable[dict[str, Any]], blocked_then: set[tuple[int, str]]
) -> tuple[int, ToolCall] | None:
    """The first call, with its step, that the hooks block and that worked when it was recorded."""
    messages: list[Message] = []
    await hooks.on_start()
    for step in steps:
        if step["source"] != "agent":
            role = "system" if step["source"] == "system" else "user"
            messages.append(Message(role=role, content=step["message"]))
            continue
        hooks.meter.turns += 1
        await hooks.before_model(tuple(messages))
        calls = tuple(
            ToolCall(id=each["tool_call_id"], name=each["function_name"], arguments=each["arguments"])
            for each in step.get("tool_calls", ())
        )
        message = Message(role="assistant", content=step["message"], tool_calls=calls)
        await hooks.after_model(Reply(message=message, usage=Usage()))
        messages.append(message)
        given = step.get("observation", {}).get("results", ())
        texts = {each["source_call_id"]: each["content"] for each in given}
        for call in calls:
            text = texts.get(call.id, "")
            if not isinstance(await hooks.before_tool(call), str):
                await hooks.after_tool(call, text)
            elif (step["step_id"], call.id) not in blocked_then and _worked(call, text):
                return step["step_id"], call
            messages.append(Message(role="tool", content=text, tool_call_id=call.id))
    return None


def _worked(call: ToolCall, text: str) -> bool:
    return not text.startswith("error:") and not result(text, call.name).failed


def _blocked_then(folder: Path) -> set[tuple[int, str]]:
    """Step and id of the calls that the recorded harness blocked itself. An event counts the steps before its own."""
    return {
        (event["step"] + 1, event["before"]["id"])
        for event in _events(folder)
        if event.get("hook") == "before_tool"
        and isinstance(event.get("after"), str)
        and isinstance(event.get("before"), dict)
    }


def _events(folder: Path) -> list[dict[str, Any]]:
    path = folder / "events.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
