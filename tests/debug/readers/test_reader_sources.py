"""What is found below a folder: trials, tasks, names, scores, and what is passed by."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from made_trials import trace as write_trace
from made_trials import trial
from reader_fixtures import (
    ATIF,
    CAST,
    CHAT,
    CLAUDE,
    CODEX,
    MESSAGES,
    MINI,
    SCRIPT,
    WRAPPED,
    claude,
    jsonl,
)
from session_fixtures import EVERY

from ahe.debug.readers.find import Skipped, find
from ahe.debug.readers.read import read, read_trial


def put(path: Path, data: bytes | Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return path


def test_our_own_trials(tmp_path: Path):
    runs = tmp_path / "runs"
    for number, status in enumerate(("passed", "failed"), start=1):
        name = f"{number:024x}"
        write_trace(runs, name, [("ls", "one\n[exit code 0]")], verifier="1 failed")
        made = trial(
            name, "count", status, attempt=number, seconds=2.5, cause="it broke" if number == 2 else ""
        )
        put(runs / "trials" / name / "result.json", made.model_dump_json().encode())
        put(runs / "trials" / name / "verifier" / "ctrf.json", {"results": {}})
    (runs / "ahe.sqlite").write_bytes(b"")
    put(runs / "scratch" / "box" / "typescript", SCRIPT.data)
    first, second = (read(source) for source in find([runs]))
    assert (first.task, first.status, first.attempt, first.seconds) == ("count", "passed", 1, 2.5)
    assert (second.status, second.ended, second.format) == ("failed", "answered", "atif")
    assert [file.name for file in second.verifier] == ["ctrf.json", "test-stdout.txt"]
    assert [step.source for step in first.steps] == ["system", "user", "agent", "agent"]
    assert first.steps[2].raw == "Turn 0.\nls\none\n[exit code 0]"
    assert second.steps[-1].texts[0].text == "it broke"


def test_events_and_the_harnesss_messages_are_injected(tmp_path: Path):
    from ahe.records import Message, Usage
    from ahe.runtime.trajectory import Trajectory

    steps = Trajectory(tmp_path / "t", "t", "m", [])
    steps.prompt("user", "Do it.")
    steps.reply(Message(role="assistant", content="Done."), Usage(), ())
    steps.event("hook", hook="10_check.before_finish", after="Not yet.")
    steps.prompt("user", "Not yet.")
    steps.finish(Usage(), {})
    trace = read_trial(tmp_path / "t")
    assert [text.channel for step in trace.steps for text in step.texts] == [
        "message",
        "message",
        "injected",
        "injected",
    ]
    assert "10_check.before_finish" in trace.steps[1].texts[1].text


def test_a_trial_without_a_trace_is_a_trace_with_damage(tmp_path: Path):
    put(
        tmp_path / "x" / "result.json",
        trial("x", "count", "missing", cause="no endpoint").model_dump_json().encode(),
    )
    (source,) = find([tmp_path])
    trace = read(source)
    assert trace.status == "missing" and trace.damage and trace.steps[-1].raw == "no endpoint"
    assert read_trial(tmp_path / "nowhere").steps == ()


def harbor(folder: Path, reward: float | None, error: str = "") -> None:
    problem = {"exception_type": error, "exception_message": "after 900 s"} if error else None
    put(
        folder / "result.json",
        {
            "task_name": "fix-build",
            "trial_name": folder.name,
            "agent_result": {"n_input_tokens": 10, "n_output_tokens": 2},
            "verifier_result": None if reward is None else {"rewards": {"reward": reward}},
            "exception_info": problem,
            "agent_execution": {
                "started_at": "2026-01-01T00:00:00.000000",
                "finished_at": "2026-01-01T00:01:30.500000",
            },
        },
    )
    put(folder / "config.json", {"trial_name": folder.name, "task": {"path": "/tasks/fix-build"}})
    put(folder / "trial.log", b"\x1b[1mstarting\x1b[0m\n")


def test_harbors_trials(tmp_path: Path):
    job = tmp_path / "job"
    put(job / "result.json", {"id": "j", "n_total_trials": 4, "stats": {}})
    put(job / "job.log", b"\x1b[1mstarting\x1b[0m\n")
    harbor(job / "fix-build__a", 1.0)
    put(job / "fix-build__a" / "agent" / "trajectory.json", ATIF.data)
    put(job / "fix-build__a" / "agent" / "terminus.cast", CAST.data)
    put(job / "fix-build__a" / "verifier" / "test-stdout.txt", b"ok")
    put(job / "fix-build__a" / "verifier" / "solution.py", b"pass")
    harbor(job / "fix-build__b", 0.0, "AgentTimeoutError")
    put(job / "fix-build__b" / "agent" / "sessions" / "projects" / "-app" / "s.jsonl", CLAUDE.data)
    put(job / "fix-build__b" / "agent" / "claude-code.txt", CLAUDE.data)
    harbor(job / "fix-build__c", None, "DockerError")
    harbor(job / "fix-build__d", None)
    (job / "fix-build__d" / "result.json").unlink()
    put(job / "fix-build__d" / "agent" / "codex.txt", CODEX.data)
    skipped: list[Skipped] = []
    sources = find([tmp_path], skipped)
    a, b, c, d = map(read, sources)
    assert [trace.task for trace in (a, b, c, d)] == ["fix-build"] * 4
    assert [trace.status for trace in (a, b, c, d)] == ["passed", "failed", "missing", "missing"]
    assert [trace.format for trace in (a, b, c, d)] == ["atif", "claude-code", "", "codex"]
    assert (a.id, a.seconds, a.tokens) == ("fix-build__a", 90.5, 12)
    assert [file.name for file in a.verifier] == ["test-stdout.txt"]
    assert b.ended == "AgentTimeoutError" and b.steps[-1].raw == "AgentTimeoutError: after 900 s"
    assert sources[1].path.endswith("s.jsonl")
    assert any(each.path.endswith("job.log") for each in skipped)


def test_terminal_benchs_trials(tmp_path: Path):
    folder = tmp_path / "maze.1-of-1"
    put(
        folder / "results.json",
        {
            "task_id": "maze",
            "trial_name": "maze.1-of-1",
            "is_resolved": False,
            "failure_mode": "agent_timeout",
        },
    )
    put(folder / "sessions" / "agent.cast", CAST.data)
    put(folder / "sessions" / "tests.cast", CAST.data)
    put(folder / "panes" / "post-test.txt", b"1 failed")
    (source,) = find([tmp_path])
    trace = read(source)
    assert (trace.task, trace.status, trace.ended) == ("maze", "failed", "agent_timeout")
    assert source.path.endswith("agent.cast") and trace.verifier[0].text == "1 failed"


def test_a_file_inside_a_trial_leads_to_the_trial(tmp_path: Path):
    harbor(tmp_path / "fix-build__a", 1.0)
    inner = put(tmp_path / "fix-build__a" / "agent" / "trajectory.json", ATIF.data)
    assert find([inner]) == find([tmp_path])


def test_equal_requests_are_one_task(tmp_path: Path):
    for number in range(3):
        put(tmp_path / f"{number}.json", CHAT.data)
    other = [{**MESSAGES[1], "content": "Another <b>thing</b>, please!"}, MESSAGES[-1]]
    put(tmp_path / "other.json", other)
    tasks = [source.task for source in find([tmp_path])]
    assert tasks[0].startswith("another-thing-please-")
    assert (
        len(set(tasks[1:])) == 1
        and tasks[1].startswith("count-the-files-")
        and len(tasks[1]) == len("count-the-files-") + 6
    )


def test_a_task_behind_a_long_head_is_found_whole(tmp_path: Path):
    for number, end in enumerate("ab"):
        asked = "Follow the rules. " * 9_000 + end
        put(tmp_path / f"{number}.json", [MESSAGES[0], {"role": "user", "content": asked}, *MESSAGES[2:]])
    first, second = find([tmp_path])
    assert first.task != second.task


@pytest.mark.parametrize("as_list", [True, False])
def test_many_conversations_in_a_file(tmp_path: Path, as_list: bool):
    many = [
        {
            "instance_id": f"task-{number % 2}",
            "messages": MESSAGES,
            "resolved": number == 3,
            "note": "é" * number,
        }
        for number in range(12)
    ]
    data = json.dumps(many, ensure_ascii=False, indent=1).encode() if as_list else jsonl(many)
    path = put(tmp_path / "all.json", data)
    sources = find([path])
    assert [source.id for source in sources[:2]] == ["all-01", "all-03"]
    traces = [read(source) for source in sources]
    assert [trace.task for trace in traces] == ["task-0"] * 6 + ["task-1"] * 6
    assert [trace.id for trace in traces if trace.status == "passed"] == ["all-04"]
    assert all(len(trace.steps) == 6 and not trace.damage for trace in traces)


def test_sub_agents_of_claude_code_belong_to_their_session(tmp_path: Path):
    put(tmp_path / "s.jsonl", CLAUDE.data)
    aside = [claude("user", "Search.", isSidechain=True), claude("assistant", "Found.", isSidechain=True)]
    put(tmp_path / "s" / "subagents" / "agent-1.jsonl", jsonl(aside))
    (source,) = find([tmp_path])
    trace = read(source)
    assert [step.raw for step in trace.steps[-2:]] == ["Search.", "Found."]
    assert {step.source for step in trace.steps[-2:]} == {"environment"}


def test_scores_beside_the_traces(tmp_path: Path):
    put(tmp_path / "one" / "a.json", CHAT.data)
    put(tmp_path / "one" / "reward.txt", b"1.0\n")
    put(tmp_path / "two" / "b.json", CHAT.data)
    put(tmp_path / "two" / "b.score.json", {"resolved": False})
    put(tmp_path / "three" / "run" / MINI.name, MINI.data)
    put(tmp_path / "three" / "report.json", {"resolved_ids": ["django__django-1"], "submitted_ids": ["x"]})
    status = {source.id: source.status for source in find([tmp_path])}
    assert status == {"one/a": "passed", "two/b": "failed", "three/run/django__django-1": "passed"}


def test_unknown_files_are_counted(tmp_path: Path):
    put(tmp_path / "README.md", b"# Title\n\n    $ make\n")
    put(tmp_path / "package.json", {"name": "x", "messages": {"hello": "Hello"}})
    put(tmp_path / "picture.png", b"\x89PNG\r\n\x1a\n" + bytes(100))
    put(tmp_path / "empty.jsonl", b"")
    put(tmp_path / ".hidden" / "a.json", CHAT.data)
    put(tmp_path / "run.traj.json", WRAPPED.data)
    put(tmp_path / "run.debug.log", b"\x1b[1mdebug\x1b[0m\n")
    skipped: list[Skipped] = []
    assert [source.id for source in find([tmp_path, tmp_path / "absent"], skipped)] == ["run"]
    why = {Path(each.path).name: each.why for each in skipped}
    assert set(why) == {"README.md", "package.json", "picture.png", "empty.jsonl", "run.debug.log", "absent"}
    assert why["empty.jsonl"] == "empty" and why["picture.png"] == "binary"


def test_names_are_unique_and_fit_a_pointer(tmp_path: Path):
    for folder in ("a b", "c#1"):
        put(tmp_path / folder / "x.json", CHAT.data)
        put(tmp_path / folder / "x.jsonl", jsonl(MESSAGES))
    ids = [source.id for source in find([tmp_path / "a b", tmp_path / "c#1", tmp_path])]
    assert sorted(ids) == ["a_b/x", "a_b/x~2", "c_1/x", "c_1/x~2"]


def test_the_order_of_paths_and_processes_do_not_matter(tmp_path: Path):
    for number, made in enumerate(EVERY):
        put(tmp_path / str(number % 4) / str(number) / made.name, made.data)
    folders = sorted(tmp_path.iterdir())
    found = find(folders)
    assert len(found) == len(EVERY)
    assert find(folders[::-1]) == found
    keys = [(source.task, source.attempt, source.id) for source in found]
    assert keys == sorted(keys)
    assert pickle.loads(pickle.dumps(found)) == found
