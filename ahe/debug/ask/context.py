"""The task and its rollouts in a few lines: what both ways of asking begin with."""

from __future__ import annotations

from ahe.debug.ask.material import TaskMaterial
from ahe.debug.ask.reading import readable
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.outcome import Rollout
from ahe.text import BYTES_PER_TOKEN, estimate_tokens

VERDICT = 300


def instruction(material: TaskMaterial, tokens: int) -> str:
    """The task's instruction within about so many tokens."""
    return clipped(readable(material.instruction, 20_000).strip(), tokens)


def table(material: TaskMaterial, most: int) -> str:
    """A line for each rollout: how it ended, what it used, and what the verifier says in the end."""
    lines = [_line(rollout, trace) for rollout, trace in material.now()]
    if earlier := material.earlier():
        lines += ["Of the evaluation before, with another version of the harness:"]
        lines += [_line(rollout, trace) for rollout, trace in earlier]
    more = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "\n".join(lines[:most] + more)


def verdict(rollout: Rollout, trace: Trace) -> str:
    """The verifier's decisive line: the one that was found, else the last that is not empty."""
    said = rollout.verdict or next(
        (line for file in trace.verifier for line in reversed(file.text.splitlines()) if line.strip()), ""
    )
    return one_line(said)


def one_line(text: str) -> str:
    return " ".join(readable(text, VERDICT).split())


def clipped(text: str, tokens: int) -> str:
    """The text within a number of tokens, its middle taken out, since ends tell most."""
    if estimate_tokens(text) <= tokens:
        return text
    size = max(20, int(tokens * BYTES_PER_TOKEN) - 10)
    while True:
        cut = f"{text[: size * 2 // 3]}\n[…]\n{text[-(size // 3) :]}"
        if estimate_tokens(cut) <= tokens or size <= 20:
            return cut
        size = size * 3 // 4


def _line(rollout: Rollout, trace: Trace) -> str:
    used = [f"{len(trace.steps)} steps"]
    used += [f"{rollout.tokens} tokens"] if rollout.tokens else []
    used += [f"{rollout.seconds:.0f} s"] if rollout.seconds else []
    ended = f", ended: {rollout.ended}" if rollout.ended else ""
    said = verdict(rollout, trace) if rollout.status != "passed" else ""
    return f"- {rollout.label} {rollout.status}{ended}, {', '.join(used)}" + (
        f", verifier: {said}" if said else ""
    )
