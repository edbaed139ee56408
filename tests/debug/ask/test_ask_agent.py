"""The debugger as an agent: what its box shows, how its citations are checked, how it ends."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ask_bench import (
    COLOURED,
    ERROR,
    FAILING,
    answer,
    bench,
    cited,
    claim,
    made,
    shell,
    trace,
    turns,
    with_before,
)

from ahe.debug.ask.material import Caps
from ahe.environments.layout import installation

GOOD = claim("f0a#3", ERROR)
FALSE = claim("f0a#3", "segmentation fault (core dumped)")
PARTING = {
    "failing": cited("f0a#3", "cat report.txt"),
    "passing": cited("p1a#3", "ls -l /app\nFound other.txt"),
}


async def test_an_answer_with_true_citations_is_accepted(tmp_path: Path) -> None:
    script = turns("task-a", shell("head -3 /rollouts/index.txt"), answer(GOOD, first_divergence=PARTING))
    async with bench(tmp_path, script) as b:
        asked = await b.ask(made("task-a", "failed", "passed"))
        found = asked.answers["task-a"]
        assert found.dropped == 0
        assert [str(c) for one in found.claims for c in one.citations] == ["f0a#3"]
        parting = found.first_divergence
        assert parting is not None and (str(parting.failing), str(parting.passing)) == ("f0a#3", "p1a#3")
        assert (found.component, found.confidence) == ("memory", "high")
        assert b.calls == 2, "an accepted answer ends the work"
        first = b.payload("debug/task-a/0")
        assert {tool["function"]["name"] for tool in first["tools"]} == {"run_shell_command", "answer"}
        opening = first["messages"][1]["content"]
        assert "Write out.txt for task-a." in opening and ERROR in opening
        assert "- f0a failed, ended: answered, 4 steps, 100 tokens, 3 s, verifier: FAIL: /app" in opening
        assert "seconds" not in b.results()[0] and " s]" not in b.results()[0], (
            "no clock: kept answers fit again"
        )


async def test_the_box_shows_this_task_read_only_and_nothing_else(tmp_path: Path) -> None:
    private = [*map(str, installation()), str(tmp_path / "traces"), str(tmp_path / "scratch")]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = turns(
            "task-a",
            shell("cd /rollouts; find . -type f | sort"),
            shell("cat /rollouts/f0a-failed/003-agent-result.txt /raw/p1a-passed/003-agent-result.txt"),
            shell(f"for place in {' '.join(private)}; do ls $place 2>&1 | head -1; done; ls /"),
            shell("grep -rl 'task-b' /rollouts /raw /before; echo searched"),
            shell(f"echo x > /dev/tcp/127.0.0.1/{port} && echo through"),
            shell(
                "echo x > /rollouts/new; rm /raw/f0a-failed/003-agent-call.txt; echo x > n.txt; ls /notes; pwd"
            ),
            shell("ls -l --time-style=+%Y /rollouts; cat /rollouts/index.txt; ls /before; env"),
            answer(GOOD, first_divergence=PARTING),
        ) | turns("task-b", answer(claim("f0b#3", ERROR)))
        async with bench(tmp_path, script) as b:
            await b.ask(made("task-a", "failed", "passed"), made("task-b", "failed"))
            results = b.results()
    listed = results[0].splitlines()
    assert "./f0a-failed/001-system.txt" in listed and "./p1a-passed/003-agent-reasoning.txt" in listed
    assert "./f0a-failed/verifier/out.txt" in listed and "./instruction.md" in listed
    assert ERROR in results[1] and COLOURED in results[1]
    assert results[2].count("No such file or directory") == len(private)
    assert results[3].startswith("searched")
    assert "through" not in results[4]
    assert results[5].count("Read-only file system") == 2 and "n.txt\n/notes" in results[5]
    assert " 1970 " in results[6], "a listing is the same in every run"
    assert "f0a#3 f0a-failed/003-agent-call.txt [14] run_shell_command: cat report.txt" in results[6]
    assert "KEY" not in results[6]
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (FALSE, "claim 1: the quote does not stand at f0a#3: 'segmentation fault (core dumped)'"),
        (claim("f0a#4", ERROR), "it stands at f0a#3"),
        (claim("f9z#3", ERROR), "'f9z#3' is not a step: cite LABEL#STEP, where LABEL is one of f0a"),
        (claim("f0a#99", ERROR), "f0a has no step 99; its last is 4"),
        (claim("f0a#3", "cat"), "too short"),
    ],
)
async def test_an_unfounded_citation_comes_back_and_can_be_fixed(
    tmp_path: Path, wrong: dict[str, Any], told: str
) -> None:
    async with bench(tmp_path, turns("task-a", answer(wrong), answer(GOOD))) as b:
        asked = await b.ask(made("task-a", "failed"))
        assert told in b.results()[0] and b.results()[0].startswith("refused")
        assert asked.answers["task-a"].dropped == 0
        assert b.calls == 2


async def test_what_stays_unfounded_is_dropped_and_counted(tmp_path: Path) -> None:
    half = {
        "says": "Two places, one made up.",
        "citations": [cited("f0a#3", ERROR), cited("f0a#4", "never said")],
    }
    script = {"*": answer(GOOD, FALSE, half)}
    async with bench(tmp_path, script) as b:
        asked = await b.ask(made("task-a", "failed"))
        found = asked.answers["task-a"]
        assert [one.says for one in found.claims] == [GOOD["says"]]
        assert found.dropped == 2
        assert asked.notes == ("statements of the debugger left out as unfounded: 2",)
        assert b.calls == 4, "three repairs"


async def test_a_divergence_must_part_failing_from_passing(tmp_path: Path) -> None:
    swapped = {"failing": PARTING["passing"], "passing": PARTING["failing"]}
    script = {"debug/task-a/0": answer(GOOD), "*": answer(GOOD, first_divergence=swapped)}
    async with bench(tmp_path, script) as b:
        found = (await b.ask(made("task-a", "failed", "passed"))).answers["task-a"]
        assert "first_divergence: name the first step" in b.results()[0]
        assert "first_divergence.failing: the rollout at p1a#3 is not a failing one" in b.results()[1]
        assert found.first_divergence is None and found.dropped == 1


async def test_an_answer_without_a_founded_claim_is_none(tmp_path: Path) -> None:
    async with bench(tmp_path, {"*": answer(FALSE)}) as b:
        asked = await b.ask(made("task-a", "failed"))
        assert asked.answers == {}
        assert asked.notes == ("no founded answer about task-a (nothing that it said was founded)",)


async def test_the_answer_with_most_founded_claims_counts(tmp_path: Path) -> None:
    more = claim("f0a#4", "echo gave up", "It gives up at once.")
    script = {"debug/task-a/0": answer(GOOD, more, FALSE), "*": answer(GOOD, FALSE)}
    async with bench(tmp_path, script) as b:
        found = (await b.ask(made("task-a", "failed"))).answers["task-a"]
        assert len(found.claims) == 2


async def test_an_incomplete_answer_is_told_in_one_go(tmp_path: Path) -> None:
    script = turns("task-a", answer(confidence="sure", component="luck"), answer(GOOD))
    async with bench(tmp_path, script) as b:
        asked = await b.ask(made("task-a", "failed"))
        assert b.results()[0].startswith("refused; fix this and hand in all of it again:\n- claims: ")
        assert "component" in b.results()[0] and "confidence: " in b.results()[0]
        assert asked.answers["task-a"].dropped == 0


async def test_quotes_may_be_of_the_raw_or_the_shown_text(tmp_path: Path) -> None:
    claims = [claim("p0a#3", COLOURED), claim("p0a#3:0-20", "Found  other.txt\n instead")]
    script = turns("task-a", answer(*claims, root_cause="", success_pattern="It lists before it reads."))
    async with bench(tmp_path, script) as b:
        found = (await b.ask(made("task-a", "passed"))).answers["task-a"]
        assert found.dropped == 0 and len(found.claims) == 2


async def test_prose_is_sent_back(tmp_path: Path) -> None:
    async with bench(tmp_path, turns("task-a", "It guessed a name.", answer(GOOD))) as b:
        asked = await b.ask(made("task-a", "failed"))
        assert "Call the tool `answer`" in b.payload("debug/task-a/1")["messages"][-1]["content"]
        assert "task-a" in asked.answers


FORM = (
    '{"claims": [{"line": 1, "says": "It reads a file that is not there."}], '
    '"root_cause": "It guesses names instead of listing.", "component": "memory", '
    '"hint": "List before reading.", "confidence": "low"}'
)


async def test_an_agent_that_hands_in_nothing_fills_in_the_form(tmp_path: Path) -> None:
    script = {"debug/task-a/form/0": FORM, "*": shell("head -c 3000 /dev/zero | tr '\\0' x")}
    async with bench(tmp_path, script) as b:
        asked = await b.ask(made("task-a", "failed"), caps=Caps(tasks=1, tokens_per_task=8_000))
        found = asked.answers["task-a"]
        assert [str(c) for one in found.claims for c in one.citations] == ["f0a#3"]
        turns_taken = b.calls - 1
        assert 1 < turns_taken < 20, "its tokens ended it"


async def test_a_model_without_tool_calls_can_answer(tmp_path: Path) -> None:
    body = (
        '{"claims": [{"says": "It reads a missing file.", "citations": [{"at": "f0a#3", "quote": "'
        + ERROR
        + '"}]}], "root_cause": "It guesses.", "component": "none", "hint": "", "confidence": "low"}'
    )
    script = turns("task-a", "```bash\nls /rollouts\n```", f"```answer\n{body}\n```")
    async with bench(tmp_path, script) as b:
        asked = await b.ask(made("task-a", "failed"), tool_calls="text")
        assert "f0a-failed" in b.results()[0]
        assert asked.answers["task-a"].component == "none"


async def test_both_evaluations_stand_side_by_side(tmp_path: Path) -> None:
    now = with_before(made("task-a", "failed"), made("task-a", "passed", first=7))
    parting = {"failing": cited("f0a#3", ERROR), "passing": cited("p7a#3", "Found other.txt")}
    script = turns("task-a", shell("cat /before/index.txt; ls /raw"), answer(GOOD, first_divergence=parting))
    async with bench(tmp_path, script) as b:
        found = (await b.ask(now)).answers["task-a"]
        assert now.state == "changed" and found.first_divergence is not None
        assert "p7a#3 p7a-passed/003-agent-call.txt" in b.results()[0]
        assert "f0a-failed\np7a-passed" in b.results()[0]
        first = b.payload("debug/task-a/0")["messages"]
        assert "flipped" in first[0]["content"]
        assert "Of the evaluation before" in first[1]["content"]


async def test_odd_names_and_bytes_are_files_all_the_same(tmp_path: Path) -> None:
    material = made("task-a", "failed")
    odd = trace("id-f0a", "task-a", "failed", [("cat \udcff", "x\x00y ../../etc"), *FAILING], "answered")
    rollout = replace(material.outcome.rollouts[0], label="logs/../a b", findings=())
    material = replace(material, traces={odd.id: odd}, outcome=replace(material.outcome, rollouts=(rollout,)))
    script = turns(
        "task-a",
        shell("ls /rollouts; cat /rollouts/*/003-agent-call.txt | od -c | head -1"),
        answer(claim("logs/../a b#4", ERROR)),
    )
    async with bench(tmp_path, script) as b:
        asked = await b.ask(material)
        assert "\nlogs-..-a-b-" in b.results()[0]
        assert asked.answers["task-a"].claims[0].citations[0].trial == "logs/../a b"
