"""Trials of agents that `ahe` did not write: real sandboxes, a scripted model over HTTP, and a relay between."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import world
import yaml

from ahe.debug.readers.read import read_trial
from ahe.errors import AllBroken, BudgetExceeded, UsageError
from ahe.evaluate.suite import load_suite
from ahe.evaluate.trial import HarnessVersion
from ahe.events import QUIET
from ahe.jobs.doctor import examine
from ahe.jobs.evaluate import evaluate
from ahe.jobs.evolve import evolve
from ahe.jobs.known import OfflineModel
from ahe.project.assemble import assemble, loop
from ahe.project.config import load_config
from ahe.project.project import Project, init, open_project
from ahe.project.sandboxes import trial_runner
from ahe.records import Trial
from ahe.render.render import BEGIN, END

EXAMPLES = world.ROOT / "examples" / "own-agent"
TASK = "alpha-note"
WRITE = {"tool_calls": [{"name": "bash", "arguments": {"command": "echo alpha > /app/out.txt; echo seen"}}]}
ASK = (
    "curl -s -o /tmp/got -w '%{http_code}' $AHE_BASE_URL/chat/completions -H 'content-type: application/json'"
    ' -d \'{"messages": [{"role": "user", "content": "hello"}]}\''
)


def project(root: Path, answers: Any = "Done.", agent: str = "", **tables: Any) -> Project:
    """A project whose coder is the program `agent.sh` with this text (else the example in Python)."""
    tools = root / "tools"
    tools.mkdir(parents=True)
    shutil.copy(EXAMPLES / "agent.py", tools)
    (tools / "agent.sh").write_text(agent)
    coder = {"kind": "command", "mounts": [str(tools)], "command": f"python3 {tools}/agent.py"}
    if agent:
        coder |= {"agent": "agents-md", "command": f"sh {tools}/agent.sh"}
    given = tables.pop("coder", {})
    said = {f"*/{n}": each for n, each in enumerate(answers)} if isinstance(answers, list) else {"*": answers}
    scripted = {"log": "requests.jsonl", "coder": said, "evolver": {"*": "Nothing."}}
    world.write_project(root, scripted, coder={**coder, **given}, **tables)
    init(root)
    return open_project(root)


async def trial(made: Project, task: str = TASK) -> Trial:
    with suppress(AllBroken):
        await evaluate(made, tasks=(task,), rollouts=1)
    history = made.history()
    with closing(made.store()) as store:
        found = [each for each in store.of_harness(history.harness_id(history.head())) if each.task == task]
    return max(found, key=lambda each: each.started)


def folder(made: Project, found: Trial) -> Path:
    return made.config.runs / "trials" / found.id


def requests(made: Project) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (made.root / "requests.jsonl").read_text().splitlines()]


async def test_a_program_of_ones_own_passes_a_task_with_its_calls_counted_and_its_trace_read(
    tmp_path: Path,
) -> None:
    made = project(tmp_path, [WRITE, "It is written."])
    found = await trial(made)
    assert (found.status, found.ended, found.turns) == ("passed", "answered", 2)
    assert found.usage.calls == 2 and found.usage.input_tokens > 100 and found.usage.output_tokens > 0
    trace = read_trial(folder(made, found))
    assert trace.format == "openai-chat"
    said = [text for step in trace.steps for text in step.texts]
    assert [text.channel for text in said] == ["message", "message", "call", "result", "message"]
    assert "seen" in said[3].text and said[4].text == "It is written."
    first = requests(made)[0]["payload"]
    assert first["messages"][0]["content"] == (made.config.workspace / "system_prompt.md").read_text().strip()
    assert (await trial(made)).id == found.id  # read, not run again
    assert len(requests(made)) == 2


async def test_the_example_in_shell_judges_itself(tmp_path: Path) -> None:
    made = project(tmp_path, coder={"command": f"sh {EXAMPLES}/agent.sh", "mounts": [str(EXAMPLES)]})
    found = await trial(made)
    assert (found.status, found.reward, found.usage.tokens) == ("passed", 1.0, 2)
    assert not (folder(made, found) / "verifier" / "reward.txt").exists()


async def test_the_sandbox_holds_neither_key_nor_the_rendered_files_after_the_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-real-key-0123456789")
    agent = f"env; cat AGENTS.md; {ASK}; cat /tmp/got"
    made = project(tmp_path, "Hello you.", agent)
    found = await trial(made)
    printed = (folder(made, found) / "agent" / "output.txt").read_text()
    assert "sk-real-key" not in printed and "OPENAI_API_KEY=ahe" in printed
    assert "Hello you." in printed and "ahe: begin" in printed
    assert (found.status, found.ended, found.turns) == ("failed", "answered", 1)
    trace = read_trial(
        folder(made, found)
    )  # without a recording of its own: the conversation that the relay saw
    assert [step.raw for step in trace.steps] == ["hello", "Hello you."]


async def test_a_stream_is_answered_with_a_stream_and_other_paths_with_a_clear_text(tmp_path: Path) -> None:
    stream = ASK.replace('"messages"', '"stream": true, "messages"')
    other = ASK.replace("chat/completions", "embeddings")
    made = project(
        tmp_path, "One two.", f"{stream}; cat /tmp/got; {other}; cat /tmp/got; curl -s $AHE_BASE_URL/models"
    )
    found = await trial(made)
    printed = (folder(made, found) / "agent" / "output.txt").read_text()
    assert re.search(r'data: .*"delta": \{"content": "One two\."\}', printed) and "data: [DONE]" in printed
    assert (
        '"usage"' in printed
        and "ahe relays /v1/chat/completions" in printed
        and '"object": "list"' in printed
    )
    assert requests(made)[0]["payload"].get("stream") is None
    missing = await trial(project(tmp_path / "2", "x", ASK.replace("chat/completions", "responses")))
    assert missing.status == "missing" and "has no /responses" in missing.cause


@pytest.mark.parametrize(
    ("agent", "limits", "ended", "cause"),
    [
        (f"{ASK}; while :; do sleep 1; done", {"seconds": 3.0}, "seconds", "limit of seconds"),
        (f"while {ASK}; do sleep 0.1; done", {"turns": 3}, "turns", "limit of turns"),
        (f"while {ASK}; do sleep 0.1; done", {"tokens": 40}, "tokens", "limit of tokens"),
        (f"{ASK}; echo oh no >&2; exit 3", {}, "crashed", "exit code 3: 200oh no"),
    ],
)
async def test_each_end_is_stated(
    tmp_path: Path, agent: str, limits: dict[str, Any], ended: str, cause: str
) -> None:
    made = project(tmp_path, "Hello.", agent, limits=limits)
    found = await trial(made)
    assert (found.status, found.ended) == ("failed", ended)
    assert cause in found.cause
    assert found.turns == (3 if "turns" in limits else found.turns) > 0


async def test_a_program_that_is_not_there_and_one_that_asks_nothing_are_missing_at_first(
    tmp_path: Path,
) -> None:
    made = project(tmp_path / "1", coder={"command": "/opt/nothing/agent"})
    found = await trial(made)
    assert (found.status, found.ended) == ("missing", "broken") and "[coder] mounts" in found.cause
    made = project(tmp_path / "2", "Hello.", f"[ -e /app/ask ] && {ASK}; true")
    found = await trial(made)
    assert found.status == "missing" and "never called its model" in found.cause
    made = project(tmp_path / "3", "Hello.", f"case $(cat $AHE_TASK) in *alpha*) {ASK};; esac")
    assert (await trial(made)).status == "failed"
    later = await trial(
        made, "beta-note"
    )  # the command works, as another trial showed: this is the agent's doing
    assert (later.status, later.ended) == ("failed", "crashed")


async def test_a_spent_budget_ends_the_run(tmp_path: Path) -> None:
    made = project(tmp_path, "Hello.", f"while {ASK}; do sleep 0.1; done", budget={"tokens": 60})
    with pytest.raises(BudgetExceeded):
        await trial(made)


async def test_a_file_of_the_task_gets_our_block_and_is_as_before_for_the_verifier(tmp_path: Path) -> None:
    made = project(tmp_path, "Hello.", f"cat AGENTS.md; {ASK}")
    files = made.config.suite_path() / TASK / "environment" / "files"
    (files / "AGENTS.md").write_text("Rules of the house.\n")
    check = made.config.suite_path() / TASK / "tests" / "test.sh"
    check.write_text(
        "mkdir -p /logs/verifier; cat /app/AGENTS.md; ls -A /app; echo 1 > /logs/verifier/reward.txt\n"
    )
    found = await trial(made)
    assert found.status == "passed"
    printed = (folder(made, found) / "agent" / "output.txt").read_text()
    assert "Rules of the house." in printed and "ahe: begin" in printed
    seen = (folder(made, found) / "verifier" / "test-stdout.txt").read_text()
    assert seen == "Rules of the house.\nAGENTS.md\nstart.txt\n"


@pytest.mark.parametrize(
    ("does", "left"),
    [
        ("echo mine > AGENTS.md", "mine\n"),
        ("echo mine >> AGENTS.md", "mine\n"),
        ("rm AGENTS.md; mkdir AGENTS.md", ""),
        ("printf 'caf\\351\\n' >> AGENTS.md", "caf\\xe9\n"),
        ("mv AGENTS.md a.md; ln -s a.md AGENTS.md; echo mine >> a.md", "mine\n"),
        ("rm AGENTS.md; ln -s /dev/full AGENTS.md", ""),
        ("rm AGENTS.md; mkfifo AGENTS.md", ""),
    ],
)
async def test_what_the_agent_writes_into_a_rendered_file_stays(tmp_path: Path, does: str, left: str) -> None:
    made = project(tmp_path, "Hello.", f"{ASK}; {does}")
    check = made.config.suite_path() / TASK / "tests" / "test.sh"
    check.write_text(
        "cat /app/AGENTS.md 2>/dev/null; mkdir -p /logs/verifier; echo 0 > /logs/verifier/reward.txt\n"
    )
    found = await trial(made)
    assert found.status == "failed", found.cause
    seen = folder(made, found) / "verifier" / "test-stdout.txt"
    assert seen.read_text("utf-8", "backslashreplace") == left


@pytest.mark.parametrize("target", ["/usr/bin/env", "ours.md"])
async def test_a_rendered_file_that_became_a_link_into_what_is_read_only_fails_no_trial(
    tmp_path: Path, target: str
) -> None:
    """With the second the agent reaches a file of its mounts that holds our block, and cannot be written."""
    place = tmp_path / "tools" / target
    made = project(tmp_path, "Hello.", f"{ASK}; rm AGENTS.md; ln -s {place} AGENTS.md")
    block = f"mine\n\n<!-- {BEGIN} -->\nours\n<!-- {END} -->\n"
    (tmp_path / "tools" / "ours.md").write_text(block)
    check = made.config.suite_path() / TASK / "tests" / "test.sh"
    check.write_text(
        "grep -c 'ahe: begin' /app/AGENTS.md; mkdir -p /logs/verifier; echo 1 > /logs/verifier/reward.txt\n"
    )
    found = await trial(made)
    assert found.status == "passed", found.cause
    assert (folder(made, found) / "verifier" / "test-stdout.txt").read_text() == "0\n"
    assert (tmp_path / "tools" / "ours.md").read_text() == block


async def test_a_file_of_the_task_that_cannot_take_our_part_stays_and_the_rest_is_rendered(
    tmp_path: Path,
) -> None:
    made = project(tmp_path, "Hello.", f"cat AGENTS.md .agents/skills/*/SKILL.md; {ASK}")

    def skills(harness: Path) -> None:
        for name, text in (("review", "Ours."), ("second", "Second.")):
            (harness / "skills" / name).mkdir(parents=True)
            head = f"---\nname: {name}\ndescription: What it is for.\n---\n"
            (harness / "skills" / name / "SKILL.md").write_text(f"{head}{text}\n")

    made.history().commit_by_person(skills, "Skills")
    files = made.config.suite_path() / TASK / "environment" / "files"
    (files / "AGENTS.md").write_bytes(b"caf\xe9\n")
    (files / ".agents" / "skills" / "review").mkdir(parents=True)
    (files / ".agents" / "skills" / "review" / "SKILL.md").write_text("Theirs.\n")
    check = made.config.suite_path() / TASK / "tests" / "test.sh"
    check.write_text("cd /app; cat AGENTS.md .agents/skills/*/*; echo 1 > /logs/verifier/reward.txt\n")
    found = await trial(made)
    assert found.status == "passed", found.cause
    printed = (folder(made, found) / "agent" / "output.txt").read_bytes()
    assert (
        b"caf\xe9" in printed and b"Theirs." in printed and b"Second." in printed and b"Ours." not in printed
    )
    said = (folder(made, found) / "agent" / "not-rendered.txt").read_text().splitlines()
    assert [line.split()[0] for line in said] == [".agents/skills/review/SKILL.md", "AGENTS.md"]
    seen = (folder(made, found) / "verifier" / "test-stdout.txt").read_bytes()
    assert seen == b"caf\xe9\nTheirs.\n"


@pytest.mark.parametrize("agent", ["command", "agents-md"])
def test_ids_contain_the_command_and_the_files_that_it_names(tmp_path: Path, agent: str) -> None:
    """In one project with the same mounts, so that nothing else in the ids can differ."""
    made, tools = project(tmp_path, "Hello.", ASK, coder={"agent": agent}), tmp_path / "tools"
    (task, *_) = load_suite(made.config.suite_path()).part("train")

    def planned(command: str) -> str:
        project = open_project(tmp_path, {"coder.command": command})
        history = project.history()
        spec = project.config.model_spec("coder")
        with closing(project.store()) as store:
            runner = trial_runner(project, store, OfflineModel(spec, "f"), "native")
            return runner.plan(HarnessVersion(id=history.head(), root="/"), task, 0).id

    (tools / "bin").mkdir()
    (tools / "bin" / "check").write_text("true")
    commands = (
        f"sh {tools}/agent.sh",
        f"sh {tools}/agent.sh -v",
        f"cd /; X={tools}/agent.sh; sh $X",
        "check",
    )
    before = [planned(command) for command in commands]
    assert len({*before}) == 4 and before == [planned(command) for command in commands]
    (tools / "other.sh").write_text("true")
    assert before == [planned(command) for command in commands]
    (tools / "agent.sh").write_text("false")
    (tools / "bin" / "check").write_text("false")
    assert not {*before} & {planned(command) for command in commands}


def says(**line: Any) -> str:
    return f"echo '{json.dumps(line)}'"


@pytest.mark.parametrize(
    "usage",
    [{"input_tokens": -500_000}, {"calls": -1}, {"usd": -1.0}, {"usd": float("inf")}, {"usd": float("nan")}],
)
async def test_a_program_cannot_lower_what_was_spent(tmp_path: Path, usage: dict[str, Any]) -> None:
    said = says(passed=True, usage=usage)
    made = project(tmp_path, "Hello.", f"{ASK}; echo; {said}", coder={"agent": "command"})
    found = await trial(made)
    assert (found.status, found.ended) == ("failed", "malformed") and found.usage.calls == 1
    with closing(made.store()) as store:
        assert store.spent().tokens == found.usage.tokens > 0


async def test_what_a_program_used_beside_the_relay_is_added_and_charged(tmp_path: Path) -> None:
    said = says(passed=True, usage={"input_tokens": 1000, "output_tokens": 100, "usd": 0.5})
    made = project(tmp_path, "Hello.", f"{ASK}; echo; {said}", coder={"agent": "command"})
    found = await trial(made)
    assert found.status == "passed" and found.usage.calls == 2
    assert found.usage.tokens > 1100 and found.usage.usd == pytest.approx(0.5)
    with closing(made.store()) as store:
        assert store.spent().tokens == found.usage.tokens
        assert store.spent().usd == pytest.approx(0.5)


async def test_only_trials_of_the_same_command_show_that_it_works(tmp_path: Path) -> None:
    made = project(tmp_path, "Hello.", ASK)
    own_loop = open_project(tmp_path, {"coder.kind": "ahe", "coder.mounts": [], "coder.command": ""})
    assert (await trial(own_loop)).usage.calls
    idle = open_project(tmp_path, {"coder.command": "true"})
    found = await trial(idle)
    assert found.status == "missing" and "never called its model" in found.cause
    assert (await trial(made)).status == "failed"
    with closing(made.store()) as store:
        assert len({each.settings for each in store.of_harness(found.harness)}) == 3


async def test_a_program_of_ones_own_that_asks_no_model_may_fail(tmp_path: Path) -> None:
    made = project(tmp_path, "Hello.", "echo oh no; exit 1", coder={"agent": "command"})
    found = await trial(made)
    assert (found.status, found.ended) == ("failed", "crashed") and "oh no" in found.cause


async def test_a_question_is_answered_by_what_the_agent_says_last(tmp_path: Path) -> None:
    (task, *_) = load_suite(world.ROOT / "evals" / "tickets").part("train")
    assert task.row is not None
    made = project(tmp_path, task.row.answer, f"{ASK}; ls -A", suite={"path": "evals/tickets"})
    found = await trial(made, task.name)
    assert (found.status, found.ended) == ("passed", "answered"), found.cause


async def test_tools_and_hooks_are_not_rendered_for_a_sandbox_that_cannot_serve_them(tmp_path: Path) -> None:
    made = project(tmp_path, "Hello.", f"ls -A; cat CLAUDE.md; {ASK}", coder={"agent": "claude-code"})
    printed = (folder(made, await trial(made)) / "agent" / "output.txt").read_text()
    assert printed.startswith("CLAUDE.md\nstart.txt\n") and "You solve tasks" in printed


async def test_only_what_reaches_the_agent_may_be_edited(tmp_path: Path) -> None:
    made = project(tmp_path, "Hello.", ASK)
    async with assemble(made, QUIET) as parts:
        surfaces = loop(parts, made.history()).steps.surfaces
        assert surfaces.kinds == ("system_prompt", "skill", "memory")
        assert "touch system_prompt, skill, memory only" in surfaces.refusals(["middleware"])[0]
    made = project(tmp_path / "2", "Hello.", ASK, evolve={"kinds": ["middleware"]})
    async with assemble(made, QUIET) as parts:
        with pytest.raises(UsageError, match="has only others"):
            loop(parts, made.history())
    made = project(tmp_path / "3")
    async with assemble(made, QUIET) as parts:
        assert loop(parts, made.history()).steps.surfaces.kinds == ()


def test_a_new_project_says_what_to_fill_in_and_the_doctor_what_is_missing(tmp_path: Path) -> None:
    def coder(**given: Any) -> list[tuple[str, str]]:
        flags = {f"coder.{key}": value for key, value in given.items()}
        found = examine(load_config(tmp_path, flags))
        return [(each.state, f"{each.what} {each.fix}") for each in found if "coder" in each.name]

    init(tmp_path, agent="command")
    ((state, said),) = coder()
    assert state == "missing" and "set [coder] command" in said
    ((state, said),) = coder(command="python3 /opt/mine/agent.py --fast")
    assert (
        state == "missing"
        and said.startswith("/opt/mine/agent.py is not in the sandbox")
        and "mounts" in said
    )
    ((state, said),) = coder(command=f"python3 {EXAMPLES}/agent.py", mounts=[str(EXAMPLES)])
    assert state == "ok" and "middleware" in said
    ((state, said),) = coder(agent="codex")
    assert state == "missing" and said.startswith("codex is not in the sandbox")
    with pytest.raises(UsageError, match="use one of"):
        init(tmp_path / "2", agent="nobody")


async def test_the_loop_evolves_what_the_agent_reads(tmp_path: Path) -> None:
    """The agent acts only if its AGENTS.md says so, and the evolver adds that after one edit that is refused."""
    word = "sed -n 's/^Write the word \\([a-z]*\\) into.*/\\1/p' $AHE_TASK"
    agent = f"{ASK}; cat /tmp/got; if grep -q 'act at once' AGENTS.md; then {word} > /app/out.txt; fi"
    made = project(tmp_path, "I would write it.", agent)
    evolver = {
        "evolve/001/0": world.edit("middleware/10_act.py", world.ACT),
        "evolve/001/1": world.commit("Turn written words into a command"),
        "evolve/001/2": {
            "tool_calls": [
                {
                    "name": "run_shell_command",
                    "arguments": {
                        "command": "rm -r /harness/middleware; echo 'You act at once.' > /harness/memory.md"
                    },
                }
            ]
        },
        "evolve/001/3": world.commit("Say that it acts at once", action="improve"),
        "*": "Nothing more to do.",
    }
    script = {"log": "requests.jsonl", "coder": {"*": "I would write it."}, "evolver": evolver}
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(script))
    result = await evolve(made, QUIET, iterations=1)
    asked = [json.dumps(each["payload"]) for each in requests(made) if each["role"] == "evolver"]
    assert "touch system_prompt, skill, memory only" in asked[0] and "agents-md does not read it" in asked[2]
    assert (made.config.workspace / "memory.md").read_text() == "You act at once.\n", result
    verdict = made.history().commits()[0].verdict
    assert verdict is not None and verdict.outcome == "kept"


ASKED: list[tuple[str, dict[str, str], dict[str, Any]]] = []
EVENTS = {
    "/v1/responses": [
        {"type": "response.created", "response": {"id": "r", "usage": None}},
        {
            "type": "response.completed",
            "response": {
                "usage": {
                    "input_tokens": 50,
                    "input_tokens_details": {"cached_tokens": 8},
                    "output_tokens": 5,
                }
            },
        },
    ],
    "/v1/messages": [
        {
            "type": "message_start",
            "message": {"usage": {"input_tokens": 40, "cache_read_input_tokens": 10, "output_tokens": 1}},
        },
        {"type": "message_delta", "usage": {"output_tokens": 6}, "key": "sk-real-key-0123456789"},
    ],
}


class Elsewhere(BaseHTTPRequestHandler):
    """An endpoint with `/responses` and `/messages`, which answers with streams and remembers what it was asked."""

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ASKED.append((self.path, {name.lower(): value for name, value in self.headers.items()}, payload))
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in EVENTS[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


async def test_other_forms_of_calls_are_passed_on_with_the_key_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-real-key-0123456789")
    calls = [ASK.replace("chat/completions", name) + "; cat /tmp/got; " for name in ("responses", "messages")]
    version = calls[1].replace("-H ", "-H 'anthropic-version: 2023-06-01' -H ")
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        model = {
            "name": "m",
            "base_url": f"http://127.0.0.1:{server.server_port}/v1",
            "api_key_env": "MY_KEY",
        }
        made = project(tmp_path, "", calls[0] + version, model={**model, "tool_calls": "native"})
        found = await trial(made)
        server.shutdown()
    assert (found.ended, found.turns) == ("answered", 2), found.cause
    used = found.usage
    assert (used.input_tokens, used.cached_tokens, used.output_tokens) == (100, 18, 11)
    assert [(path, payload["model"]) for path, _, payload in ASKED] == [
        ("/v1/responses", "m"),
        ("/v1/messages", "m"),
    ]
    assert all(headers["authorization"] == "Bearer sk-real-key-0123456789" for _, headers, _ in ASKED)
    assert ASKED[1][1]["x-api-key"] == "sk-real-key-0123456789"
    assert ASKED[1][1]["anthropic-version"] == "2023-06-01"
    printed = (folder(made, found) / "agent" / "output.txt").read_text()
    assert "response.completed" in printed and "message_delta" in printed and "sk-real" not in printed
