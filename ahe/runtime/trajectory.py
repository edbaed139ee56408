"""The trace of a trial: `trajectory.json` in ATIF 1.7, valid JSON after every step, and `events.jsonl` beside it.

ATIF is Harbor's Agent Trajectory Interchange Format. Steps count from 1. Only the closing brackets are rewritten when
a step is appended.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ahe import __version__
from ahe.records import Message, ToolSpec, Usage

SCHEMA = "ATIF-v1.7"
MAX_FIELD = 64_000
"""Characters of one field of an event, as JSON."""
MAX_EVENTS = 16 << 20
"""Characters of a trial's events. Evolved code causes most of them, and could fill the disk."""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Steps:
    """A growing list of ATIF steps; each gets a number and is passed to `keep`."""

    def __init__(self, keep: Callable[[dict[str, Any]], None]) -> None:
        self.count = 0
        self._keep = keep

    def prompt(self, source: str, text: str) -> None:
        """Add a step by the `system` or the `user`."""
        self._add({"source": source, "message": text})

    def reply(self, message: Message, usage: Usage, results: Sequence[tuple[str, str]]) -> None:
        """Add a step by the agent with the results of its tool calls, as (call id, content)."""
        step: dict[str, Any] = {"source": "agent", "message": message.content}
        if message.reasoning:
            step["reasoning_content"] = message.reasoning
        if message.tool_calls:
            step["tool_calls"] = [
                {"tool_call_id": c.id, "function_name": c.name, "arguments": c.arguments}
                for c in message.tool_calls
            ]
            step["observation"] = {"results": [{"source_call_id": i, "content": t} for i, t in results]}
        step["metrics"] = _metrics(usage)
        self._add(step)

    def _add(self, step: dict[str, Any]) -> None:
        self.count += 1
        self._keep({"step_id": self.count, "timestamp": now(), **step})


class Trajectory(Steps):
    """Writes one trial's trace into `folder`, which is made if it is missing."""

    def __init__(self, folder: Path, session: str, model: str, tools: Sequence[ToolSpec]) -> None:
        super().__init__(self._append)
        self._session, self._model = session, model
        self._subs: list[tuple[str, list[dict[str, Any]]]] = []
        folder.mkdir(parents=True, exist_ok=True)
        definitions = [{"type": "function", "function": tool.model_dump()} for tool in tools]
        head = _head(session, "ahe", model, tool_definitions=definitions)
        self._file = (folder / "trajectory.json").open("wb")
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._file.write(json.dumps(head)[:-1].encode() + b', "steps": [\n')
        self._tail = self._file.tell()
        self._room = MAX_EVENTS
        self._close_brackets({})

    def _append(self, step: dict[str, Any]) -> None:
        self._file.seek(self._tail)
        self._file.write((b",\n" if self.count > 1 else b"") + json.dumps(step).encode())
        self._tail = self._file.tell()
        self._close_brackets({})

    def event(self, name: str, **fields: Any) -> None:
        """Add a line to events.jsonl: a hook that changed a value, output that was cut, a note.

        Long fields are cut. When there is no room, only the event `ended` is still written, after one `events_cut`.
        """
        short = {key: _short(value) for key, value in fields.items()}
        line = json.dumps({"time": now(), "step": self.count, "event": name, **short}) + "\n"
        if self._room < 0 and name != "ended":
            return
        self._room -= len(line)
        if self._room < 0 and name != "ended":
            line = json.dumps({"time": now(), "step": self.count, "event": "events_cut"}) + "\n"
        self._events.write(line)
        self._events.flush()

    def subagent(self, name: str) -> Steps:
        """The steps of a sub-agent, kept in memory until `finish` writes them."""
        steps: list[dict[str, Any]] = []
        self._subs.append((name, steps))
        return Steps(steps.append)

    def finish(self, usage: Usage, extra: dict[str, Any]) -> None:
        """Write the final metrics and close the files."""
        final: dict[str, Any] = {
            "total_prompt_tokens": usage.input_tokens,
            "total_completion_tokens": usage.output_tokens,
            "total_cached_tokens": usage.cached_tokens,
            "total_steps": self.count,
        }
        if usage.usd is not None:
            final["total_cost_usd"] = usage.usd
        rest: dict[str, Any] = {"final_metrics": final, "extra": extra}
        if self._subs:
            rest["subagent_trajectories"] = [
                {**_head(self._session, name, self._model), "steps": steps} for name, steps in self._subs
            ]
        self._close_brackets(rest)
        self._file.close()
        self._events.close()

    def _close_brackets(self, rest: dict[str, Any]) -> None:
        closing = b"\n]" + (b", " + json.dumps(rest)[1:-1].encode() if rest else b"") + b"}\n"
        self._file.seek(self._tail)
        self._file.write(closing)
        self._file.truncate()
        self._file.flush()


def _short(value: Any) -> Any:
    """The value, or the two ends of its JSON if that is too long."""
    text = json.dumps(value, default=str)
    if len(text) <= MAX_FIELD:
        return json.loads(text)
    half = MAX_FIELD // 2
    return f"{text[:half]} […] {text[-half:]}"


def _head(session: str, name: str, model: str, **more: Any) -> dict[str, Any]:
    agent = {"name": name, "version": __version__, "model_name": model, **more}
    return {"schema_version": SCHEMA, "session_id": session, "agent": agent}


def _metrics(usage: Usage) -> dict[str, Any]:
    metrics: dict[str, Any] = {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
    }
    if usage.usd is not None:
        metrics["cost_usd"] = usage.usd
    return metrics
