"""The debugger's own harness is live: editing a kind changes what the endpoint receives or what a call does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ask_bench import ERROR, Bench, answer, bench, claim, made, shell, turns

from ahe.debug.ask.material import TaskMaterial
from ahe.harness.layout import FILES, FOLDERS
from ahe.harness.load import load
from ahe.harness.preflight import Preflight
from ahe.project.content import entry

TASK = "task-a"
GOOD = answer(claim("f0a#3", ERROR))


async def asked(b: Bench, key: str = f"debug/{TASK}/0", tool_calls: str | None = "native") -> tuple[str, str]:
    """The system prompt and the tools of the first request."""
    await b.ask(made(TASK, "failed"), tool_calls=tool_calls)
    payload = b.payload(key)
    return payload["messages"][0]["content"], str(payload.get("tools", ""))


@pytest.mark.parametrize("tool_calls", ["native", None])
async def test_prompt_and_memory_are_sent_in_both_modes(tmp_path: Path, tool_calls: str | None) -> None:
    key = f"debug/{TASK}/0" if tool_calls else f"debug/{TASK}/form/0"
    async with bench(tmp_path, {"*": GOOD}) as b:
        (b.harness / "system_prompt.md").write_text("Explain {{ state }} as {{ mode }}.")
        (b.harness / "memory.md").write_text("- Look twice.\n")
        system, _ = await asked(b, key, tool_calls)
    mode = "agent" if tool_calls else "form"
    assert system == f"Explain failed as {mode}.\n\n# Memory\n\n- Look twice."


async def test_descriptions_skills_and_sub_agents_are_sent(tmp_path: Path) -> None:
    async with bench(tmp_path, {"*": GOOD}) as b:
        path = b.harness / "tool_descriptions" / "answer.yaml"
        path.write_text(path.read_text().replace("Hand in the answer.", "Give the answer away."))
        (b.harness / "skills" / "trees").mkdir(parents=True)
        (b.harness / "skills/trees/SKILL.md").write_text(
            "---\nname: trees\ndescription: How to climb.\n---\n\nUp.\n"
        )
        (b.harness / "sub_agents").mkdir()
        (b.harness / "sub_agents/critic.md").write_text(
            "---\ndescription: Finds faults.\n---\n\nBe strict.\n"
        )
        system, tools = await asked(b)
    assert "Give the answer away." in tools and "ask_critic" in tools and "use_skill" in tools
    assert "trees: How to climb." in system


async def test_tools_and_hooks_are_what_a_call_does(tmp_path: Path) -> None:
    script = turns(TASK, shell("echo hi"), "Prose.", GOOD)
    async with bench(tmp_path, script) as b:
        (b.harness / "tools/run_shell_command.py").write_text(
            "async def run_shell_command(env, command):\n    return 'mine: ' + (await env.exec(command)).output\n"
        )
        hook = b.harness / "middleware/10_hand_in.py"
        hook.write_text(hook.read_text().replace("That was not handed in.", "Not so."))
        await b.ask(made(TASK, "failed"))
        assert b.results()[0].startswith("mine: hi")
        assert b.payload(f"debug/{TASK}/2")["messages"][-1]["content"].startswith("Not so.")


def with_state(state: str) -> TaskMaterial:
    materials = {
        "partly": made(TASK, "failed", "passed"),
        "changed": replace(made(TASK, "failed"), before=made(TASK, "passed").outcome),
        "failed": made(TASK, "failed"),
        "limits": made(TASK, "failed", ended="seconds"),
        "passed": made(TASK, "passed"),
    }
    return materials[state]


@pytest.mark.parametrize(
    ("state", "question"),
    [
        ("partly", "the first step where a failing one parts from a passing one"),
        ("changed", "flipped with the last version"),
        ("failed", "All rollouts failed."),
        ("limits", "ran out of turns, tokens, time or context"),
        ("passed", "which steps cost most"),
    ],
)
async def test_every_state_has_its_question_set(tmp_path: Path, state: str, question: str) -> None:
    async with bench(tmp_path, {"*": {"status": 400, "content": "enough"}}) as b:
        await b.ask(with_state(state))
        system = b.payload(f"debug/{TASK}/0")["messages"][0]["content"]
        assert question in system
        others = [q for s, q in QUESTIONS.items() if s != state]
        assert not any(other in system for other in others), "one question set at a time"


QUESTIONS = {
    "partly": "Some rollouts passed and some failed.",
    "changed": "flipped with the last version",
    "failed": "All rollouts failed.",
    "limits": "The rollouts ran out",
    "passed": "All rollouts passed.",
}


def test_the_bundled_harness_breaks_no_rule_but_for_the_tool_of_the_host() -> None:
    root = entry("debugger")
    assert {tool.name for tool in load(root).tools} == {"answer", "run_shell_command"}
    problems = [
        str(problem)
        for problem in Preflight(secrets=None, seed_prompt="").check(root, root, "improve")
        if "answer.yaml" not in str(problem)
    ]
    assert problems == [] and FILES and FOLDERS
