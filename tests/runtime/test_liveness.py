"""Each of the seven kinds is live: editing it changes what the endpoint receives or what a call does."""

from __future__ import annotations

from pathlib import Path

import pytest
from playing import answers, call, hook, play, shell

DESCRIPTION = """\
name: run_shell_command
description: {text}
parameters:
  type: object
  properties:
    command: {{type: string, description: The command.}}
  required: [command]
"""
SKILL = "---\nname: tabs\ndescription: How to read tables.\n---\n\nCut them at the tab, always.\n"
AGENT = "---\ndescription: Finds faults.\n{more}---\n\nYou are the strict one in {{{{ workdir }}}}.\n"


async def test_system_prompt_is_rendered_and_sent(tmp_path: Path) -> None:
    edits = {"system_prompt.md": "Prefer awk to sed in {{ workdir }}.\n"}
    played = await play(tmp_path, answers("Done."), edits)
    assert played.system() == "Prefer awk to sed in /app."
    assert played.payload()["messages"][1] == {"role": "user", "content": "Do it."}
    assert played.outcome.uses["system_prompt.md"] == 1


async def test_an_unknown_name_in_the_prompt_is_a_crash_of_the_harness(tmp_path: Path) -> None:
    played = await play(tmp_path, answers("Done."), {"system_prompt.md": "Say {{ nothing_of_the_kind }}.\n"})
    assert played.outcome.ended == "crashed"
    assert "nothing_of_the_kind" in played.outcome.cause
    assert played.requests == []


async def test_tool_description_is_sent_with_native_tools(tmp_path: Path) -> None:
    edits = {"tool_descriptions/run_shell_command.yaml": DESCRIPTION.format(text="Never use sudo.")}
    played = await play(tmp_path, answers("Done."), edits)
    assert played.tools() == {"run_shell_command": "Never use sudo."}
    schema = played.payload()["tools"][0]["function"]["parameters"]
    assert schema["properties"]["command"] == {"type": "string", "description": "The command."}


async def test_tool_description_stands_in_the_prompt_in_text_mode(tmp_path: Path) -> None:
    edits = {"tool_descriptions/run_shell_command.yaml": DESCRIPTION.format(text="Never use sudo.")}
    script = answers("I look.\n```bash\necho $((40 + 2))\n```\nIt prints 42.", "Done.")
    played = await play(tmp_path, script, edits, mode="text")
    assert "Never use sudo." in played.system()
    assert "tools" not in played.payload()
    last = played.payload("task/0/1")["messages"]
    assert last[-2]["content"].endswith("```"), "what follows the block is a guess and is dropped"
    assert last[-1]["role"] == "user"
    assert "42\n\n[exit code 0]\n[left: 7 turns" in last[-1]["content"]
    assert played.outcome.ended == "answered"


async def test_tool_implementation_is_what_a_call_does(tmp_path: Path) -> None:
    code = (
        "async def run_shell_command(env, command):\n    return f'mine: {(await env.exec(command)).output}'\n"
    )
    played = await play(tmp_path, answers(shell("echo hi"), "Done."), {"tools/run_shell_command.py": code})
    assert played.results()[0].startswith("mine: hi")
    assert played.outcome.uses["tools/run_shell_command.py"] == 1
    assert played.outcome.uses["tool_descriptions/run_shell_command.yaml"] == 1


async def test_a_new_tool_is_offered_and_works(tmp_path: Path) -> None:
    edits = {
        "tool_descriptions/put.yaml": (
            "name: put\ndescription: Write a file.\nparameters: {type: object, properties: "
            "{path: {type: string}, lines: {type: array}}, required: [path, lines]}\n"
        ),
        "tools/put.py": (
            "async def put(env, path, lines):\n"
            "    await env.write(path, '\\n'.join(lines))\n"
            "    return {'read back': await env.read(path)}\n"
        ),
    }
    script = answers(call("put", path="new/a.txt", lines=["x", "ÿ"]), shell("cat new/a.txt"), "Done.")
    played = await play(tmp_path, script, edits)
    assert set(played.tools()) == {"run_shell_command", "put"}
    first, second = played.results()
    assert first.startswith('{"read back": "x\\n\\u00ff"}')
    assert second.startswith("x\nÿ")


async def test_middleware_changes_what_is_sent(tmp_path: Path) -> None:
    code = hook(
        "async def before_model(self, ctx, messages):\n"
        "    return [*messages, {'role': 'user', 'content': 'Turn ' + str(ctx.turn)}]"
    )
    played = await play(tmp_path, answers(shell("true"), "Done."), {"middleware/10_remind.py": code})
    assert played.payload("task/0/0")["messages"][-1]["content"] == "Turn 0"
    second = [message["content"] for message in played.payload("task/0/1")["messages"]]
    assert second[-1] == "Turn 1"
    assert "Turn 0" not in second, "the conversation itself is not rewritten"
    assert played.outcome.uses["middleware/10_remind.py"] == 2


async def test_a_skill_is_listed_and_read(tmp_path: Path) -> None:
    script = answers(call("use_skill", name="tabs"), call("use_skill", name="nope"), "Done.")
    played = await play(tmp_path, script, {"skills/tabs/SKILL.md": SKILL})
    assert "tabs: How to read tables." in played.system()
    assert "Cut them at the tab" not in played.system()
    assert "tabs" in str(played.payload()["tools"])
    first, second = played.results()
    assert first.startswith("Cut them at the tab, always.")
    assert second.startswith("error: there is no skill 'nope'")
    assert played.outcome.uses["skills/tabs/SKILL.md"] == 1


async def test_a_sub_agent_is_asked_over_the_wire(tmp_path: Path) -> None:
    script = {
        "task/0/0": call("ask_critic", question="Is it right?"),
        "task/0/0.critic/0": shell("echo checked > note.txt; cat note.txt"),
        "task/0/0.critic/1": "No: it is wrong.",
        "task/0/1": shell("cat note.txt"),
        "*": "Done.",
    }
    played = await play(tmp_path, script, {"sub_agents/critic.md": AGENT.format(more="")})
    assert played.tools()["ask_critic"] == "Finds faults."
    inner = played.payload("task/0/0.critic/0")["messages"]
    assert inner[0]["content"] == "You are the strict one in /app."
    assert inner[1]["content"] == "Is it right?"
    answer, shared = played.results()
    assert answer.startswith("No: it is wrong.")
    assert shared.startswith("checked"), "a sub-agent shares the environment"
    assert played.outcome.uses["sub_agents/critic.md"] == 1
    assert played.outcome.turns == 5, "a sub-agent's turns are the trial's"
    steps = played.trajectory["subagent_trajectories"][0]["steps"]
    assert [step["source"] for step in steps] == ["system", "user", "agent", "agent"]


async def test_a_sub_agents_tools_and_turns_are_restricted(tmp_path: Path) -> None:
    script = {
        "task/0/0": call("ask_critic", question="Is it right?"),
        "task/0/0.critic/*": shell("echo no > note.txt"),
        "task/0/1": shell("ls"),
        "*": "Done.",
    }
    edits = {"sub_agents/critic.md": AGENT.format(more="tools: []\nturns: 2\n")}
    played = await play(tmp_path, script, edits)
    assert played.tools("task/0/0.critic/0") == {}
    inner = played.payload("task/0/0.critic/1")["messages"][-1]["content"]
    assert inner.startswith("error: there is no tool 'run_shell_command'")
    answer, listing = played.results()
    assert answer.startswith("[critic ended without an answer: turns]")
    assert "note.txt" not in listing


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Work.\n", "Work.\n\n# Memory\n\n- Count twice."),
        ("Know:\n{{ memory }}\nWork.\n", "Know:\n- Count twice.\nWork."),
    ],
)
async def test_memory_is_appended_or_stands_where_the_prompt_says(
    tmp_path: Path, prompt: str, wanted: str
) -> None:
    edits = {"system_prompt.md": prompt, "memory.md": "- Count twice.\n"}
    played = await play(tmp_path, answers("Done."), edits)
    assert played.system() == wanted
    assert played.outcome.uses["memory.md"] == 1


async def test_memory_is_text_and_no_template(tmp_path: Path) -> None:
    edits = {"system_prompt.md": "Work.\n{{ memory }}\n", "memory.md": "- Quote {{ braces }}.\n"}
    played = await play(tmp_path, answers("Done."), edits)
    assert played.system() == "Work.\n- Quote {{ braces }}."
