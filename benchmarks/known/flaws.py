"""Coders with one planted flaw each, which exactly one play of the bundled playbook repairs, and their tasks."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from ahe.models.script import ScriptedAnswer, ScriptedCall

WORDS = ("alpha", "beta", "gamma", "delta", "kappa", "omega")
"""Each is a task, and what the task is about."""
OUT = "/app/out.txt"
WITHOUT, WITH = 0.15, 0.9
"""The chance that an attempt passes without the repair and with it."""
WRONG = "nonsense"
TURNS = 8

TASK = """schema_version = "1.4"
[agent]
timeout_sec = 120
[verifier]
timeout_sec = 60
[environment]
workdir = "/app"
network_mode = "no-network"
"""
VERIFIER = """mkdir -p /logs/verifier
passed=0
{check}
echo $passed > /logs/verifier/reward.txt
"""
SAYS = f"""if [ ! -s {OUT} ]; then echo "FAIL: {OUT} is missing"
elif ! grep -qx {{word}} {OUT}; then echo "FAIL: {OUT} says '$(cat {OUT})' and should say '{{word}}'"
else passed=1; fi"""
RUNS = """printed=$(bash /app/level.sh); code=$?
if [ $code != 0 ]; then echo "FAIL: bash level.sh exited with code $code"
elif [ "$printed" != {word} ]; then echo "FAIL: level.sh printed '$printed' and should print '{word}'"
else passed=1; fi"""


@dataclass(frozen=True)
class Flaw:
    """What a coder does wrong: `first` is its first command, or what it says where `speaks`.

    When a message fits `heeds`, the coder runs `right`. After any other result it answers, or repeats its first
    command where it `insists`. In the texts `{word}` is the task's word. `files` are in the work directory, `check`
    is the part of the verifier that sets `passed` or says what is wrong.
    """

    play: str
    what: str
    first: str
    heeds: str = ""
    speaks: bool = False
    insists: bool = False
    right: str = f"echo {{word}} > {OUT}"
    instruction: str = f"Write the word {{word}} into {OUT}."
    files: tuple[tuple[str, str], ...] = (("start.txt", "start\n"),)
    check: str = SAYS


FLAWS = (
    Flaw(
        "call-repair",
        "writes its call as JSON in the text",
        json.dumps({"name": "run_shell_command", "arguments": {"command": f"echo WORD > {OUT}"}}),
        speaks=True,
    ),
    Flaw(
        "missing-file",
        "prints the result on the screen and answers",
        "echo {word}",
        heeds="missing or empty",
    ),
    Flaw(
        "nothing-changed",
        "answers without doing anything; does it when told",
        "Done: level.sh prints the word now.",
        heeds="[Nn]othing has been changed",
        speaks=True,
        right="echo 'echo {word}' > /app/level.sh",
        instruction="Make /app/level.sh print the word {word}.",
        files=(("level.sh", "exit 3\n"),),
        check=RUNS,
    ),
    Flaw(
        "block-repeats",
        "sends the same failing command until its turns are over, unless it is blocked",
        "cat /app/notes.txt",
        heeds="Not run again",
        insists=True,
    ),
    Flaw(
        "syntax-check",
        "sends a command with an open quote; a right one when told",
        f"echo '{{word}} > {OUT}",
        heeds="does not parse",
    ),
    Flaw(
        "failed-command",
        "ends with a failed command; corrects it when asked",
        "sed -i s/start/{word}/ /app/output.txt",
        heeds="last command failed",
        instruction=f"Replace the word start in {OUT} with {{word}}.",
        files=(("out.txt", "start\n"),),
    ),
)


@dataclass
class Coder:
    """A coder with a flaw. An attempt passes with the chance `without` the repair or `with_it`.

    Chance depends on the seed, the task, the attempt, and how often that attempt was begun before: so it is drawn anew
    for each harness.
    """

    flaw: Flaw
    seed: int = 0
    without: float = WITHOUT
    with_it: float = WITH
    begun: Counter[tuple[str, int]] = field(default_factory=Counter)

    def __call__(self, role: str, key: str, payload: dict[str, Any]) -> ScriptedAnswer:
        """The answer to a request, as a scripted server asks for it."""
        asked = [(each["role"], str(each.get("content") or "")) for each in payload["messages"]]
        return self.reply(asked, int(payload["seed"]))

    def reply(self, messages: Sequence[tuple[str, str]], seed: int) -> ScriptedAnswer:
        """The answer to these messages (role and text); `seed` is the request's sampling seed."""
        word = next(word for word in WORDS if word in messages[1][1])
        attempt = (word, seed // 1_000)
        self.begun[attempt] += len(messages) == 2
        chance = Random(f"{self.seed} {self.flaw.play} {attempt} {self.begun[attempt]}")
        lucky = chance.random() < self.without
        able = chance.random() < (self.with_it - self.without) / (1 - self.without)
        role, newest = messages[-1]
        said = word if able or lucky else WRONG
        if (lucky and len(messages) == 2) or (self.flaw.heeds and re.search(self.flaw.heeds, newest)):
            return _call(self.flaw.right.format(word=said))
        if role == "tool" and (lucky or not self.flaw.insists):
            return ScriptedAnswer(content="Done.")
        if self.flaw.speaks:
            return ScriptedAnswer(content=self.flaw.first.replace("WORD", said))
        return _call(self.flaw.first.format(word=said))


def _call(command: str) -> ScriptedAnswer:
    return ScriptedAnswer(
        tool_calls=(ScriptedCall(name="run_shell_command", arguments={"command": command}),)
    )


def write_suite(folder: Path, flaw: Flaw, words: Sequence[str] = WORDS) -> None:
    """A suite with a task for each word, all of them in train."""
    for word in words:
        task = folder / f"{word}-note"
        files = {f"environment/files/{name}": text for name, text in flaw.files}
        files |= {
            "task.toml": TASK,
            "instruction.md": flaw.instruction.format(word=word) + "\n",
            "environment/Dockerfile": "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY files/ /app/\n",
            "tests/test.sh": VERIFIER.format(check=flaw.check.format(word=word)),
        }
        for name, text in files.items():
            (task / name).parent.mkdir(parents=True, exist_ok=True)
            (task / name).write_text(text, "utf-8")
    names = json.dumps([f"{word}-note" for word in words])
    (folder / "suite.toml").write_text(f'name = "planted"\n[splits]\ntrain = {names}\n', "utf-8")
