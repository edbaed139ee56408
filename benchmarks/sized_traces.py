"""Trials of a given size, to measure speed and memory: long logs, colours, progress bars, source files, failing tests.

They look like real ones to the readers and the cleaner, but plant nothing: what a report is worth is measured by
`benchmarks.debug_real`.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path

SIZE, TASKS, ROLLOUTS = 40_000_000, 200, 4
WORDS = re.findall(
    r"\w+", "table queue index retry parser order stream token cache limit filter worker column merge route"
)


def write(folder: Path, seed: int, size: int = SIZE, tasks: int = TASKS, rollouts: int = ROLLOUTS) -> None:
    """Write about `size` bytes of trials below `folder`/trials; the same arguments write the same bytes."""
    each = int(0.85 * size) // (tasks * rollouts)  # JSON adds the rest
    for task in range(tasks):
        for attempt in range(rollouts):
            dice = random.Random(f"{seed}/{task}/{attempt}")
            _trial(
                folder / "trials" / f"{dice.getrandbits(96):024x}", dice, f"task-{task:04d}", attempt, each
            )


def _trial(folder: Path, dice: random.Random, task: str, attempt: int, size: int) -> None:
    passed = dice.random() < 0.3
    steps: list[dict[str, object]] = [
        {"step_id": 1, "source": "user", "message": f"Repair {task} so that its tests pass."}
    ]
    written = 0
    while written < size:
        command, result = dice.choice(_TURNS)(dice)
        number = len(steps) + 1
        call = {
            "tool_call_id": f"c{number}",
            "function_name": "run_shell_command",
            "arguments": {"command": command},
        }
        seen = {
            "results": [
                {"source_call_id": f"c{number}", "content": f"{result}\n[exit code {int('Error' in result)}]"}
            ]
        }
        steps.append(
            {
                "step_id": number,
                "source": "agent",
                "message": "Next.",
                "tool_calls": [call],
                "observation": seen,
            }
        )
        written += len(result) + 300
    steps.append({"step_id": len(steps) + 1, "source": "agent", "message": "Done: the tests pass."})
    (folder / "verifier").mkdir(parents=True)
    agent = {"name": "ahe", "version": "1", "model_name": "made-up"}
    tree = {"schema_version": "ATIF-v1.7", "session_id": folder.name, "agent": agent, "steps": steps}
    (folder / "trajectory.json").write_text(json.dumps(tree), "utf-8")
    status = "passed" if passed else "failed"
    result = {"id": folder.name, "task": task, "attempt": attempt, "status": status, "ended": "answered"}
    (folder / "result.json").write_text(json.dumps(result), "utf-8")
    said = (
        "4 passed in 0.10s\n"
        if passed
        else f"E   AssertionError: {dice.choice(WORDS)} is {dice.random():.3f}\n1 failed\n"
    )
    (folder / "verifier" / "test-stdout.txt").write_text(said, "utf-8")


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(WORDS, k=count))


def _log(dice: random.Random) -> tuple[str, str]:
    lines = (
        f"2026-05-0{n % 9 + 1} 10:{n % 60:02}:07 INFO {_words(dice, 7)} {dice.getrandbits(32):x}"
        for n in range(120)
    )
    return f"cat {dice.choice(WORDS)}.log", "\n".join(lines)


def _progress(dice: random.Random) -> tuple[str, str]:
    bars = "".join(f"\rDownloading {_words(dice, 1)} {n}% [{'#' * (n // 4):25}]" for n in range(0, 101, 2))
    return "pip install -r requirements.txt", f"{bars}\nSuccessfully installed {_words(dice, 3)}"


def _colours(dice: random.Random) -> tuple[str, str]:
    lines = (f"\x1b[3{n % 7}m{_words(dice, 3)}\x1b[0m ... \x1b[1mok\x1b[0m" for n in range(80))
    return "make check", "\n".join(lines)


def _source(dice: random.Random) -> tuple[str, str]:
    lines = (
        f"{n:6}\t    {dice.choice(WORDS)} = {dice.choice(WORDS)}({n})  # {_words(dice, 4)}"
        for n in range(1, 150)
    )
    return f"cat -n {dice.choice(WORDS)}.py", "\n".join(lines)


def _error(dice: random.Random) -> tuple[str, str]:
    frames = "\n".join(
        f'  File "{w}.py", line {dice.randint(1, 400)}, in {w}\n    {w}()' for w in dice.choices(WORDS, k=20)
    )
    return (
        "python -m pytest -q",
        f"Traceback (most recent call last):\n{frames}\nValueError: {_words(dice, 5)}",
    )


def _edit(dice: random.Random) -> tuple[str, str]:
    body = "\n".join(f"    return {_words(dice, 2).replace(' ', '.')}" for _ in range(20))
    return f"cat > {dice.choice(WORDS)}.py <<'EOF'\ndef run():\n{body}\nEOF", ""


_TURNS: tuple[Callable[[random.Random], tuple[str, str]], ...] = (
    _log,
    _progress,
    _colours,
    _source,
    _error,
    _edit,
)
