"""An agent of one's own in Python: one conversation, one tool, the standard library.

ahe runs it as `python3 agent.py --harness DIR --task FILE` in the task's sandbox. DIR is the harness: this agent uses
its system prompt, its memory and the descriptions of its skills. The last line that it prints says what came of it.
"""

import argparse
import json
import os
import subprocess
import urllib.request
from pathlib import Path

BASH = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Run a command in bash.",
        "parameters": {
            "type": "object",
            "properties": {"command": {"type": "string"}},
            "required": ["command"],
        },
    },
}


def ask(messages: list[dict]) -> dict:
    """The model's next message. ahe counts the call, and holds the key."""
    body = {"model": os.environ["AHE_MODEL"], "messages": messages, "tools": [BASH]}
    request = urllib.request.Request(
        os.environ["AHE_BASE_URL"] + "/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["choices"][0]["message"]


def run(call: dict) -> str:
    """The output of a command that the model wants to run."""
    try:
        command = json.loads(call["function"]["arguments"])["command"]
    except (ValueError, KeyError, TypeError):
        return "the arguments are not JSON with a command"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, errors="replace", timeout=120
    )
    return f"{done.stdout}{done.stderr}"[-8000:] + f"\n[exit code {done.returncode}]"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--harness", type=Path, required=True)
    options.add_argument("--task", type=Path, required=True)
    given = options.parse_args()
    parts = [given.harness / "system_prompt.md", given.harness / "memory.md"]
    parts += sorted((given.harness / "skills").glob("*/SKILL.md"))
    system = "\n\n".join(part.read_text().strip() for part in parts if part.exists()).strip()
    messages = [{"role": "system", "content": system}, {"role": "user", "content": given.task.read_text()}]
    while True:
        said = ask(messages)
        messages.append(said)
        calls = said.get("tool_calls") or []
        for call in calls:
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": run(call)})
        if not calls:
            break
    trace = Path(os.environ["AHE_SESSION"]) / "chat.json"
    trace.write_text(json.dumps({"messages": messages}))
    print(json.dumps({"answer": said.get("content") or "", "trace": str(trace)}))


main()
