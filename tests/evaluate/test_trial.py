"""One trial's end, whatever its environment answers or its agent does: a result in the store, and the run goes on."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from task_writer import TOML, write_task

from ahe.environments.bwrap import BwrapEnvironment
from ahe.errors import (
    AllBroken,
    BadRequest,
    BudgetExceeded,
    EnvironmentLost,
    SandboxError,
    TaskError,
    UsageError,
)
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.tasks import read_task
from ahe.evaluate.trial import UNEXPECTED, HarnessVersion, TrialRunner
from ahe.evaluate.verifier import verify
from ahe.events import Event
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.records import ExecResult, Limits, Message, ModelSpec, Reply, Request, Task, ToolCall, Trial, Usage

PASSING = "echo yes > /app/done"


@dataclass
class Answers:
    """A model that calls the shell with each command, and then answers. `refused` is raised from turn 1 on."""

    commands: Sequence[str]
    spec: ModelSpec = field(default_factory=lambda: ModelSpec(name="answers"))
    fingerprint: str = "answers"
    refused: Exception | None = None

    async def complete(self, request: Request) -> Reply:
        turn = int(request.key.rpartition("/")[2])
        if turn and self.refused is not None:
            raise self.refused
        calls: tuple[ToolCall, ...] = ()
        if turn < len(self.commands):
            arguments = {"command": self.commands[turn]}
            calls = (ToolCall(id=f"c{turn}", name="run_shell_command", arguments=arguments),)
        return Reply(
            message=Message(role="assistant", content="Done.", tool_calls=calls), usage=Usage(calls=1)
        )


class Faulty(BwrapEnvironment):
    """A real environment that raises `errors` in the methods of these names, and answers the collector of the
    verifier's files with `collected`."""

    errors: Mapping[str, Exception] = MappingProxyType({})
    collected: bytes | None = None

    async def start(self) -> None:
        await super().start()
        self._fail("start")

    async def exec(self, command: str, **options: Any) -> ExecResult:  # type: ignore[override]
        self._fail("exec")
        if self.collected is not None and "base64" in command:
            return ExecResult(exit_code=0, output=self.collected)
        return await super().exec(command, **options)

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        self._fail("write")
        await super().write(path, data, mode)

    async def stop(self) -> None:
        await super().stop()
        self._fail("stop")

    def _fail(self, name: str) -> None:
        if name in self.errors:
            raise self.errors[name]


@dataclass
class Seen:
    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)


@dataclass
class Bench:
    """Runs trials of one task whose coder says `commands`, in environments that fail as `faults` says."""

    folder: Path
    commands: Sequence[str] = (PASSING,)
    refused: Exception | None = None
    mode: str = "native"
    turns: int = 10

    def task(self, toml: str | None = None, **files: str) -> Task:
        return read_task(write_task(self.folder / "task", *([toml] if toml else []), files=files))

    async def trials(self, task: Task, number: int = 1, **faults: Any) -> list[Trial]:
        def make(task: Task, scratch: Path) -> Faulty:
            made = Faulty(task.environment, scratch)
            made.__dict__.update(faults)
            return made

        store = Store(self.folder / "runs")
        runner = TrialRunner(
            store,
            Answers(self.commands, refused=self.refused),
            self.mode,
            Limits(turns=self.turns),
            make,
            lambda: make_executor(False),
        )
        try:
            harness = HarnessVersion(id="h", root=str(entry("components")))
            found = await Evaluator(store, runner, Seen(), 2).in_turns("x", [(harness, task, number)])
            return found.trials
        finally:
            store.close()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def line(name: bytes, content: bytes) -> bytes:
    return name + b"\t" + base64.b64encode(content) + b"\n"


@pytest.mark.parametrize("name", [b"..", b".", b"", b"a\0b", b"a/b", b"/etc/x", b"\xff", b"n" * 300])
async def test_a_collector_that_names_anything_ends_no_run(bench: Bench, name: bytes) -> None:
    collected = line(b"reward.txt", b"1") + line(name, b"x") + b"\t\n\t\t\nno tab\n" + line(b"ok.log", b"y")
    (trial,) = await bench.trials(bench.task(), collected=collected)
    assert (trial.status, trial.reward) == ("passed", 1.0)
    kept = {path.name for path in (bench.folder / "runs" / "trials" / trial.id / "verifier").iterdir()}
    assert kept == {"reward.txt", "ok.log", "test-stdout.txt"}


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 20_000, b"9" * 200_000, b'{"\\ud800": 1}', b"\xff"]
)
async def test_rewards_of_any_depth_size_and_letters_end_no_run(bench: Bench, content: bytes) -> None:
    (trial,) = await bench.trials(bench.task(), collected=line(b"reward.json", content))
    assert trial.status in ("failed", "passed")
    assert trial.status == ("passed" if b"ud800" in content else "failed")


async def test_upload_targets_that_turn_into_something_else_fail_the_trial(bench: Bench) -> None:
    """A background process of the agent changes /tests between two files of an upload."""
    swap = (
        "while :; do rm -rf /tests; ln -s /dev/full /tests; rm -f /tests; mkfifo /tests; rm -f /tests; done"
    )
    bench.commands = (f"({swap}) >/dev/null 2>&1 &",)
    files = {f"tests/{n}.txt": str(n) for n in range(40)}
    (trial,) = await bench.trials(bench.task(**files))
    assert (trial.status, trial.reward) == ("failed", 0.0)
    assert trial.ended == "answered"


@pytest.mark.parametrize(
    "error", [OSError(40, "Too many levels"), PermissionError("no"), EnvironmentLost("gone")]
)
async def test_a_write_that_fails_after_the_agent_fails_the_trial(bench: Bench, error: Exception) -> None:
    (trial,) = await bench.trials(bench.task(), errors={"write": error})
    assert (trial.status, trial.ended) == ("failed", "answered")
    assert str(error) in trial.cause


async def test_a_trial_knows_its_limits_and_tool_call_mode(bench: Bench) -> None:
    """Trials under other ones are never pooled with it."""
    task, found = bench.task(), []
    for mode, turns in (("native", 10), ("text", 10), ("native", 9), ("native", 10)):
        bench.mode, bench.turns = mode, turns
        found += [trial.settings for trial in await bench.trials(task)]
    assert len({*found}) == 3 and found[0] == found[3] and all(found)


async def test_a_lost_environment_ends_the_conversation_and_fails(bench: Bench) -> None:
    bench.commands = ("true",) * 9
    (trial,) = await bench.trials(bench.task(), errors={"exec": EnvironmentLost("it ate itself")})
    assert (trial.status, trial.ended, trial.turns) == ("failed", "crashed", 1)
    assert "it ate itself" in trial.cause


ATTACKS = {
    "memory": "python3 -c 'import os\nfor _ in range(4000): os.write(os.memfd_create(str()), bytes(1 << 20))'",
    "processes": "kill -9 -1",
    "files": "rm -rf /* /.* 2>/dev/null; true",
    "work directory": "rm -rf /app; ln -s /app /app",
    "verifier's places": "rm -rf /tests /logs; ln -s /proc/1 /tests; ln -s /dev/zero /logs",
    "fork bomb": "sh -c 'f() { f | f & }; f' 2>/dev/null",
    "descriptors": "ulimit -n 20; for i in 1 2 3 4 5 6 7 8 9; do sleep 500 & done",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
async def test_what_an_agent_does_to_its_sandbox_is_a_failure(bench: Bench, attack: str) -> None:
    bench.commands = (attack, "true")
    toml = TOML + "memory_mb = 256\n[verifier]\ntimeout_sec = 20\n"
    (trial,) = await bench.trials(bench.task(toml))
    assert (trial.status, trial.reward) == ("failed", 0.0), trial.cause
    assert not (bench.folder / "runs" / "trials" / trial.id / UNEXPECTED).exists()


async def test_what_the_host_breaks_is_missing(bench: Bench) -> None:
    (trial,) = await bench.trials(bench.task(), errors={"exec": SandboxError("docker is gone")})
    assert (trial.status, trial.reward, trial.ended) == ("missing", None, "broken")
    (trial,) = await bench.trials(bench.task(), errors={"start": TaskError("setup.sh failed")})
    assert (trial.status, trial.cause) == ("missing", "setup.sh failed")


async def test_an_unexpected_error_shows_no_key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:proxypass99@proxy:3128")
    (trial,) = await bench.trials(bench.task(), errors={"start": ValueError("407 from proxypass99")})
    said = (bench.folder / "runs" / "trials" / trial.id / UNEXPECTED).read_text()
    assert "407 from [redacted]" in said and "407 from [redacted]" in trial.cause
    assert "proxypass99" not in said + trial.cause


async def test_an_unexpected_error_is_missing_with_its_traceback(bench: Bench) -> None:
    trials = await bench.trials(bench.task(), 2, errors={"start": ValueError("a fault of ours \ud800\0\x1b")})
    assert [trial.status for trial in trials] == ["missing", "missing"]
    assert "a fault of ours" in trials[0].cause
    assert UNEXPECTED in trials[0].cause
    said = (bench.folder / "runs" / "trials" / trials[0].id / UNEXPECTED).read_text()
    assert "Traceback" in said
    assert "_fail" in said


async def test_unexpected_errors_in_a_row_stop_the_run(bench: Bench) -> None:
    with pytest.raises(AllBroken, match="a fault of ours"):
        await bench.trials(bench.task(), 9, errors={"start": KeyError("a fault of ours")})


async def test_a_spent_budget_ends_the_run(bench: Bench) -> None:
    with pytest.raises(BudgetExceeded):
        await bench.trials(bench.task(), errors={"start": BudgetExceeded("spent")})


async def test_a_result_stands_when_only_stopping_fails(bench: Bench) -> None:
    (trial,) = await bench.trials(bench.task(), errors={"stop": SandboxError("cannot remove it")})
    assert trial.status == "passed"


async def test_a_verifier_alone_reports_a_lost_environment(bench: Bench) -> None:
    task = bench.task()
    environment = Faulty(task.environment, bench.folder / "scratch")
    await environment.start()
    environment.errors = {"write": EnvironmentLost("gone")}
    found = await verify(environment, task)
    environment.errors = {}
    await environment.stop()
    assert (found.passed, found.problem) == (False, "gone")


REFUSED = "http://e/v1 rejected the request (HTTP 400: reasoning_content is missing)"


async def test_a_refusal_that_hits_every_trial_is_not_the_harnesss_failure(bench: Bench) -> None:
    """At most six trials are spent on it, and none is scored."""
    bench.refused = BadRequest(REFUSED)
    with pytest.raises(AllBroken, match="the first 6 trials all broke") as stopped:
        await bench.trials(bench.task(), 40)
    assert REFUSED in str(stopped.value)
    assert "Nothing was scored 0" in str(stopped.value)
    store = Store(bench.folder / "runs")
    assert store.count() == 0
    store.close()


async def test_a_refusal_after_other_trials_is_the_harnesss_failure(bench: Bench) -> None:
    (good,) = await bench.trials(bench.task())
    bench.refused = BadRequest(REFUSED)
    found = await bench.trials(bench.task(), 3)
    assert [trial.ended for trial in found] == ["answered", "bad_request", "bad_request"]
    assert (found[0].id, found[1].status, found[1].cause) == (good.id, "passed", REFUSED)


async def test_a_trial_that_never_had_a_reply_does_not_vouch_for_the_endpoint(bench: Bench) -> None:
    good = (await bench.trials(bench.task()))[0]
    store = Store(bench.folder / "other")
    for calls, ended, answered in ((0, "crashed", False), (3, "bad_request", False), (1, "crashed", True)):
        id = f"{calls}{ended}"
        store.new_folder(id)
        changed = {"id": id, "usage": Usage(calls=calls), "ended": ended, "status": "failed"}
        store.put(good.model_copy(update=changed))
        assert store.answered(good.model) is answered
    store.close()


async def test_a_refused_trial_is_tried_again(bench: Bench) -> None:
    bench.refused = BadRequest(REFUSED)
    (first,) = await bench.trials(bench.task())
    assert (first.status, first.ended, first.cause) == ("missing", "bad_request", REFUSED)
    bench.refused = None
    assert [trial.status for trial in await bench.trials(bench.task())] == ["passed"]


async def test_what_only_a_person_can_fix_stops_at_once(bench: Bench) -> None:
    bench.refused = UsageError("remove temperature from ahe.toml")
    with pytest.raises(UsageError, match="temperature"):
        await bench.trials(bench.task(), 40)
