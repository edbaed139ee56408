"""One rollout turn by turn, as the runtime records it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.traces import builds, installs, logs, shell, speech, stacks, suites, verdicts, words
from benchmarks.traces.chance import Chance
from benchmarks.traces.herrings import herring
from benchmarks.traces.kinds import Line
from benchmarks.traces.plan import Insert, Rollout
from benchmarks.traces.project import Project

_ACTIVITIES = (
    *(shell.listing, shell.find, shell.cat, shell.cat, shell.cat, shell.cat, shell.grep, shell.grep),
    *(shell.git_log, shell.git_diff, shell.processes, shell.download, shell.blob, shell.hexdump, shell.rows),
    *(
        shell.one_line_json,
        shell.disk,
        installs.install,
        installs.install,
        builds.build,
        builds.build,
        builds.cmake,
    ),
    *(suites.suite, suites.suite, suites.suite, stacks.stack, stacks.stack, logs.log, logs.log, logs.access),
    *(logs.script, logs.script, logs.training),
)
_BUSY = (installs.install, builds.build)
_HOSTS = {
    "run": logs.script,
    "sh": logs.script,
    "pip": installs.pip,
    "npm": installs.npm,
    "apt": installs.apt,
    "make": builds.make,
    "cargo": builds.cargo,
    "go": builds.go,
}


@dataclass
class Turn:
    thought: str
    calls: list[tuple[str, str, int]]
    """Each a command, its output and its exit code."""


class Story:
    """Makes the steps of one rollout. After `steps()` is used up, `planted` is the step of the decisive line, or 0."""

    def __init__(self, seed: int, project: Project, plan: Rollout, salt: int) -> None:
        self.chance = Chance(seed, plan.task, plan.attempt, salt)
        self.seed, self.project, self.plan = seed, project, plan
        self.symptom = ""
        if plan.symptom is not None:
            self.symptom = verdicts.symptom(
                Chance(seed, plan.task, "symptom", plan.cause), project, plan.symptom
            )
        self.planted = 0
        self.shown = ""
        self.turns = 0
        self.text: list[str] = []
        self._second = self.chance.number(0, 60_000)
        self._reasons = Chance(seed, plan.task).maybe(0.5)

    def steps(self) -> Iterator[bytes]:
        """The steps as JSON, until the rollout has its size."""
        yield self._prompt(1, "system", speech.SYSTEM)
        yield self._prompt(2, "user", self._instruction())
        waiting, used = list(self.plan.inserts), 0
        while used < self.plan.size or waiting:
            if waiting and used >= waiting[0].at * self.plan.size:
                turns = self._happening(waiting.pop(0))
            else:
                turns = self._usual(self.plan.size - used)
            for turn in turns:
                line = self._reply(turn)
                used += len(line)
                yield line
        if self.plan.ended == "turns" and self.chance.maybe(0.5):
            command, lines = shell.cat(self.chance, self.project, 12)
            for _ in range(4):
                yield self._reply(Turn("Let me look at it once more.", [(command, "\n".join(lines), 0)]))
        if self.plan.ended == "answered":
            yield self._reply(Turn(self._answer(), []))

    def _instruction(self) -> str:
        project = self.project
        return (
            f"The repository in {project.root} holds the {project.noun} service. Make `{project.function}` work so "
            f"that {project.output} is right and the service answers on port {project.port}. Do not change the tests.\n"
        )

    def _usual(self, room: int) -> list[Turn]:
        """An ordinary turn; its length is log-normal, and no longer than what is left. A mistake is mended."""
        chance = self.chance
        if chance.maybe(0.12):
            return [self._edit()]
        count = int(min(400.0, max(2.0, chance.skewed(22, 1.0)), max(3.0, room / 150)))
        activity = chance.pick(_ACTIVITIES)
        command, lines = activity(chance, self.project, count)
        if activity in _BUSY and chance.maybe(0.4):
            lines.insert(chance.number(0, len(lines)), chance.pick(self.project.calm))
        output = "\n".join(lines)
        if activity is stacks.stack or "FAILED" in output:
            _, lines = logs.script(chance, self.project, min(count, 12))
            again = Turn("Again, now that it is mended.", [(command, "\n".join(lines), 0)])
            return [Turn(self._thought(), [(command, output, 1)]), self._edit(), again]
        calls = [(command, output, 0)]
        if chance.maybe(0.05):
            command, lines = shell.listing(chance, self.project, 8)
            calls.append((command, "\n".join(lines), 0))
        return [Turn(self._thought(), calls)]

    def _edit(self) -> Turn:
        path = self.project.source(self.chance)
        text = self.project.text(path)
        at = int(self.chance.real() * len(text))
        body = "\n".join(text[at : at + self.chance.number(5, 40)])
        return Turn(self._thought(), [(f"cat > {self.project.root}/{path} <<'EOF'\n{body}\nEOF", "", 0)])

    def _happening(self, insert: Insert) -> list[Turn]:
        if insert.role == "herring":
            command, shown = herring(self.chance, self.seed)
            again, lines = shell.listing(self.chance, self.project, 6)
            without_surrogates = Turn(self.chance.pick(speech.SLIPS), [(again, "\n".join(lines), 0)])
            return [Turn(self._thought(), [(command, shown, self.chance.number(1, 2))]), without_surrogates]
        if insert.role == "symptom" or insert.line is None:
            command = f"cd {self.project.root} && ./scripts/check.sh"
            return [
                Turn(
                    "Let me check the result.",
                    [(command, f"checking {self.project.noun}\n{self.symptom}", 1)],
                )
            ]
        turn = self._turn_with(insert.line)
        if insert.role == "cause":
            self.planted = 3 + self.turns
            self.shown = next(line for line in turn.calls[0][1].split("\n") if insert.line.text in line)
            return [turn]
        part = self.chance.pick(words.PARTS)
        fix = (f"cd {self.project.root} && ./scripts/setup_{part}.sh", f"{part} set up", 0)
        return [
            turn,
            Turn(f"That would spoil the {self.project.noun}, so I put it right before I go on.", [fix]),
        ]

    def _turn_with(self, line: Line) -> Turn:
        """A turn whose output has the line among ordinary ones, worded as the program that prints it would."""
        chance, project = self.chance, self.project
        count = int(min(200.0, max(5.0, chance.skewed(24, 0.9))))
        if line.host == "log":
            command, lines = logs.planted(chance, project, count, line.text, line.tone)
        else:
            command, lines = _HOSTS[line.host](chance, project, count)
            lines = list(lines)
            indent = chance.pick(logs.INDENTS) if line.tone == "info" else ""
            lines.insert(chance.number(1, max(1, len(lines) - 2)), indent + line.text)
        code = 1 if line.tone == "error" and chance.maybe(0.3) else 0
        return Turn(self._thought(), [(command, "\n".join(lines), code)])

    def _thought(self) -> str:
        chance, project = self.chance, self.project
        fields = {
            "path": project.source(chance),
            "part": chance.pick(words.PARTS),
            "stem": chance.pick(project.stems),
            "function": project.function,
            "noun": project.noun,
        }
        return chance.pick(speech.THOUGHTS).format_map(fields)

    def _answer(self) -> str:
        if self.plan.gave_up:
            return f"I was not able to get {self.project.function} to work in the time that was left."
        return f"{self.project.function} works now, and {self.project.output} is complete."

    def _prompt(self, number: int, source: str, text: str) -> bytes:
        self.text.append(text)
        return json.dumps(
            {"step_id": number, "timestamp": self._time(0), "source": source, "message": text}
        ).encode()

    def _reply(self, turn: Turn) -> bytes:
        chance = self.chance
        step: dict[str, Any] = {"step_id": 3 + self.turns, "timestamp": self._time(chance.number(2, 60))}
        step |= {"source": "agent", "message": turn.thought}
        if self._reasons and turn.calls and chance.maybe(0.6):
            step["reasoning_content"] = " ".join(self._thought() for _ in range(chance.number(2, 6)))
            self.text.append(step["reasoning_content"])
        self.turns += 1
        self.text.append(turn.thought)
        calls, results = [], []
        for number, (command, output, code) in enumerate(turn.calls):
            name = f"turn-{self.turns}-{number}"
            calls.append(
                {
                    "tool_call_id": name,
                    "function_name": "run_shell_command",
                    "arguments": {"command": command},
                }
            )
            shown = f"{output}\n[exit code {code}]"
            if number == len(turn.calls) - 1:
                left = f"{max(0, 200 - self.turns)} turns, {self._second % 3000} s, {chance.number(20, 400)}k tokens"
                shown += f"\n[left: {left}]"
            results.append({"source_call_id": name, "content": shown})
            self.text += (command, shown)
        if calls:
            step |= {"tool_calls": calls, "observation": {"results": results}}
        used = {"prompt_tokens": chance.number(500, 40_000), "completion_tokens": chance.number(20, 900)}
        step["metrics"] = {**used, "cached_tokens": 0, "cost_usd": 0.0}
        return json.dumps(step).encode()

    def _time(self, seconds: int) -> str:
        self._second += seconds
        day, rest = divmod(self._second, 86_400)
        clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.{self.chance.number(100, 999)}"
        return f"2026-03-{11 + day % 18:02d}T{clock}+00:00"
