"""Puts an asker together from a model, a sandbox and caps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ahe.debug.ask.agent import AgentMode
from ahe.debug.ask.asker import Asker, Mode
from ahe.debug.ask.form import REPLY_TOKENS, FormMode
from ahe.debug.ask.kept import Answers
from ahe.debug.ask.material import Caps
from ahe.protocols import Environment, Executor, Model
from ahe.records import EnvironmentSpec, Limits

FALLBACK_TOKENS = 6_000
"""Size of the form's prompt where an agent handed in nothing; kept back from the agent's tokens."""


@dataclass(frozen=True)
class Place:
    """Where asking works: `traces` takes the agents' trajectories, `scratch` their desks, `answers` what is kept."""

    traces: Path
    scratch: Path
    answers: Path | None


def build(
    harness: Path,
    model: Model,
    tool_calls: str | None,
    caps: Caps,
    place: Place,
    make_environment: Callable[[EnvironmentSpec, Path], Environment],
    make_executor: Callable[[], Executor],
    jobs: int,
) -> Asker:
    """An asker of agents, or of forms where `tool_calls` is None (embedded models, no sandbox)."""
    window = model.spec.context // 2
    mode: Mode
    if tool_calls is None:
        mode = FormMode(harness, model, make_executor, min(caps.tokens_per_task or FALLBACK_TOKENS, window))
    else:
        form = FormMode(harness, model, make_executor, min(FALLBACK_TOKENS, window))
        mode = AgentMode(
            harness,
            model,
            tool_calls,
            agent_limits(caps),
            make_environment,
            make_executor,
            place.traces,
            place.scratch,
            form,
        )
    answers = Answers(place.answers) if place.answers is not None else None
    return Asker(mode, harness, model.fingerprint, caps, jobs, answers)


def agent_limits(caps: Caps) -> Limits:
    """What one agent may spend: its task's cap without what the form would need, and no clock."""
    reserve = FALLBACK_TOKENS + REPLY_TOKENS
    tokens = max(caps.tokens_per_task - reserve, reserve) if caps.tokens_per_task else 0
    return Limits(
        turns=30, tokens=tokens, seconds=0, reply_tokens=4_096, command_seconds=30, output_bytes=6_000
    )
