"""mini-swe-agent, as PyPI has it, on tasks of a bundled suite, with a scripted model."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import world

from ahe.debug.readers.read import read_trial
from ahe.jobs.evaluate import evaluate
from ahe.project.project import init, open_project

VERSION = "2.4.6"
NEEDS = "litellm jinja2 pyyaml requests rich python-dotenv typer platformdirs textual prompt_toolkit tenacity"
"""What it needs without the package `datasets`, which is for its benchmarks and as large as all others."""
PLACE = (
    Path.home()
    / ".cache"
    / "ahe-tests"
    / f"mini-swe-agent-{VERSION}-{sys.version_info.major}{sys.version_info.minor}"
)

pytestmark = pytest.mark.agents


@pytest.fixture(scope="session")
def mini() -> Path:
    """A virtual environment with mini-swe-agent, made once and kept."""
    if not (PLACE / "bin" / "mini").exists():
        pip = [str(PLACE / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        commands = (
            [sys.executable, "-m", "venv", "--clear", str(PLACE)],
            [*pip, *NEEDS.split()],
            [*pip, "--no-deps", f"mini-swe-agent=={VERSION}"],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                why = f"mini-swe-agent cannot be installed: {done.stderr[-500:]}"
                (pytest.fail if os.environ.get("AHE_REQUIRE_AGENTS") else pytest.skip)(why)
    return PLACE


def bash(command: str) -> dict[str, object]:
    return {"content": "I will.", "tool_calls": [{"name": "bash", "arguments": {"command": command}}]}


def remember(workspace: Path) -> None:
    (workspace / "memory.md").write_text("Look twice.\n")
    subprocess.run(["git", "-C", str(workspace), "commit", "-qam", "memory: look twice"], check=True)


DONE = bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT")


async def test_a_task_passes_another_fails_and_all_is_counted_and_read(mini: Path, tmp_path: Path) -> None:
    coder = {
        "fix-name-typo/0/0": bash("sed -i s/nmae/name/ /app/greet.py; echo repaired"),
        "*": DONE,
    }
    world.write_project(
        tmp_path,
        {"log": "requests.jsonl", "coder": coder},
        coder={"kind": "command", "agent": "mini-swe-agent", "mounts": [str(mini)]},
        suite={"path": "evals/shell-basics"},
        limits={"seconds": 600.0},
    )
    init(tmp_path)
    made = open_project(tmp_path)
    remember(made.config.workspace)
    result = await evaluate(made, tasks=("fix-name-typo", "count-word-uses"), rollouts=1)
    with closing(made.store()) as store:
        trials = {trial.task: trial for trial in store.find(result.trials).values()}
    passed, failed = trials["fix-name-typo"], trials["count-word-uses"]
    assert (passed.status, passed.ended, passed.turns) == ("passed", "answered", 2), passed.cause
    assert (failed.status, failed.ended, failed.turns) == ("failed", "answered", 1), failed.cause
    for trial in (passed, failed):
        assert trial.usage.calls == trial.turns
        assert trial.usage.input_tokens > 100 < trial.usage.input_tokens + trial.usage.output_tokens
    trace = read_trial(made.config.runs / "trials" / passed.id)
    assert trace.format == "mini-swe-agent" and not trace.damage
    assert "Look twice." in trace.steps[0].raw
    texts = [text for step in trace.steps for text in step.texts]
    assert [text.channel for text in texts].count("call") == 2
    assert any(text.channel == "result" and "repaired" in text.text for text in texts)
