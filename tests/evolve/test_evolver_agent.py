"""The evolver as an agent: what its box shows, what it may write, how it commits and how it ends."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from evolve_bench import MANIFEST, OTHER, TRIAL, Bench

from ahe.environments.layout import installation
from ahe.errors import BadRequest, ContextOverflow
from ahe.models.openai import OpenAIModel
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.records import ModelSpec

REFUSALS = 2


def shell(command: str) -> dict[str, Any]:
    return {"tool_calls": [{"name": "run_shell_command", "arguments": {"command": command}}]}


def commit(**fields: Any) -> dict[str, Any]:
    return {"tool_calls": [{"name": "commit_change", "arguments": {**MANIFEST, **fields}}]}


async def edit(bench: Bench, *steps: Any, changes: int = 1) -> tuple[list[str], list[str]]:
    """The commits that the scripted evolver made, and what its calls gave."""
    script: Mapping[str, Any] = {f"evolve/001/{n}": step for n, step in enumerate(steps)} | {"*": "Done."}
    server = ScriptedServer(Script({"evolver": script}, log=bench.runs / "requests.jsonl"))
    model = OpenAIModel(ModelSpec(name="m", base_url=await server.start()), keyed=True)
    try:
        brief = bench.brief.model_copy(update={"changes": changes})
        commits = await bench.evolver(model, "native", REFUSALS).edit(brief)
    finally:
        await model.aclose()
        await server.stop()
    trace = json.loads((Path(bench.brief.report.folder) / "evolver" / "trajectory.json").read_text())
    results = [
        result["content"]
        for step in trace["steps"]
        for result in step.get("observation", {}).get("results", [])
    ]
    return commits, results


REMEMBER = shell("echo 'List a folder before you read from it.' > /harness/memory.md")


async def test_it_edits_commits_and_is_done(bench: Bench) -> None:
    commits, results = await edit(bench, REMEMBER, commit())
    assert len(commits) == 1
    assert results[1].startswith(f"committed {commits[0][:10]}")
    assert "[left: 58 turns]" in results[1], "no clock in what it reads: kept answers must fit again"
    lines = (bench.runs / "requests.jsonl").read_text().splitlines()
    assert len(lines) == 2, "a full draft ends the work"
    first = json.loads(lines[0])["payload"]
    assert {tool["function"]["name"] for tool in first["tools"]} == {"run_shell_command", "commit_change"}
    assert "The report." in first["messages"][1]["content"]


async def test_the_box_shows_the_draft_and_the_evidence_and_nothing_else(
    bench: Bench, tmp_path: Path
) -> None:
    private = [
        str(tmp_path / "suite"),
        str(tmp_path / "workspace"),
        str(bench.runs),
        *map(str, installation()),
    ]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        _, results = await edit(
            bench,
            shell("cd /evidence; find . -type f | sort"),
            shell("ls /harness; pwd"),
            shell(f"for place in {' '.join(private)}; do ls $place 2>&1 | head -1; done; ls / "),
            shell("grep -rl 'omega\\|delta-note' /harness /evidence; echo searched"),
            shell(f"echo x > /dev/tcp/127.0.0.1/{port} && echo through; ls -A /harness | grep git"),
            shell("echo x > /evidence/report.md; echo x > /evidence/new; rm /evidence/report.md; echo tried"),
            shell("env"),
        )
    listed = results[0].splitlines()
    assert f"./traces/{TRIAL}/trajectory.json" in listed and f"./traces/{OTHER}/trajectory.json" in listed
    assert "./report.md" in listed and "./detail/alpha-note.md" in listed
    assert not any("c" * 24 in line or "verifier" in line for line in listed), "only what the brief is about"
    assert "memory.md" in results[1] and "/harness\n" in results[1]
    assert results[2].count("No such file or directory") == len(private)
    assert results[3].startswith("searched")
    assert "through" not in results[4] and ".git" not in results[4].splitlines()
    assert "tried" in results[5] and results[5].count("Read-only file system") == 3
    assert "KEY" not in results[6]


async def test_a_refusal_tells_why_and_can_be_fixed(bench: Bench) -> None:
    commits, results = await edit(
        bench,
        shell("echo x > /harness/notes.txt"),
        commit(),
        shell("rm /harness/notes.txt"),
        REMEMBER,
        commit(),
    )
    assert (
        results[1].startswith("refused; fix this and hand in all of it again:\n- ")
        and "notes.txt" in results[1]
    )
    assert len(commits) == 1
    assert bench.history.changed_paths(commits[0]) == ["memory.md"]


async def test_an_incomplete_manifest_is_told_in_one_go(bench: Bench) -> None:
    commits, results = await edit(bench, REMEMBER, commit(subject="x", fix=""), commit())
    assert results[1].startswith("refused") and "\n- subject: " in results[1] and "\n- fix: " in results[1]
    assert len(commits) == 1


async def test_refusals_end_the_work(bench: Bench) -> None:
    commits, results = await edit(bench, *[commit()] * 10)
    assert commits == []
    assert len(results) == REFUSALS + 1


async def test_several_changes_are_several_commits(bench: Bench) -> None:
    more = shell("echo 'Read errors to their end.' >> /harness/memory.md")
    commits, _ = await edit(bench, REMEMBER, commit(), more, commit(action="improve"), changes=3)
    assert len(commits) == 2
    assert [c.change_id for c in bench.history.commits(limit=2, start=commits[1])] == ["001-2", "001-1"]
    assert bench.history.head() == bench.brief.head


async def test_what_was_not_committed_is_gone(bench: Bench) -> None:
    commits, _ = await edit(bench, REMEMBER, "That is all.")
    assert commits == []
    assert not list((bench.runs / "scratch").glob("evolve-*"))
    bench.history.require_clean()


async def test_odd_permissions_on_the_draft_break_nothing(bench: Bench) -> None:
    odd = shell(
        "mkdir /harness/skills/locked && touch /harness/skills/locked/x && chmod 000 /harness/skills/locked"
    )
    commits, results = await edit(bench, odd, commit(), "I give up.")
    assert commits == []
    assert results[1].startswith("refused")
    assert not list((bench.runs / "scratch").glob("evolve-*"))


@pytest.mark.parametrize(
    ("words", "error"),
    [("messages: odd", BadRequest), ("the prompt is longer than the context window", ContextOverflow)],
)
async def test_its_own_refusal_is_said_and_not_taken_for_a_refused_change(
    bench: Bench, words: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=f"the evolver got no further: .*HTTP 400: {words}"):
        await edit(bench, REMEMBER, {"status": 400, "content": words})


async def test_a_refusal_after_a_commit_loses_nothing(bench: Bench) -> None:
    commits, _ = await edit(bench, REMEMBER, commit(), {"status": 400, "content": "odd"}, changes=2)
    assert len(commits) == 1
