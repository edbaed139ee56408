"""The parts of a report: quotes with their lines, counts of endings, large and small clusters, a page's head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_trials import evidence, trace, trial

from ahe.debug.ask.citations import quoted
from ahe.debug.debugger import AgentDebugger
from ahe.debug.report.clusters import cluster_parts
from ahe.debug.report.compose import Section, compose
from ahe.debug.report.detail import INSTRUCTION, page
from ahe.debug.report.quote import cite, cite_finding, context_block, fenced
from ahe.debug.report.sections import NAMED, endings
from ahe.debug.signals.outcome import Excerpt, Finding, Rollout, TaskOutcome
from ahe.debug.signals.signatures import clusters
from ahe.debug.signals.vocabulary import CAUSES, STATUSES
from ahe.records import Citation, Signature
from ahe.text import estimate_tokens
from benchmarks.citations import cited


def rollout(
    label: str, cause: str = "wrong_value", status: str = "answered", mechanism: str = "none", calls: int = 1
) -> Rollout:
    return Rollout(
        trial=label,
        label=label,
        attempt=0,
        status="failed",
        ended="answered",
        turns=2,
        tokens=0,
        seconds=0,
        signature=Signature(cause=cause, status=status, mechanism=mechanism),
        verdict=f"FAIL {label}",
        last=Citation(trial=label, step=3, quote=f"echo {label}"),
        calls=calls,
    )


def told_clusters(tasks: Sequence[TaskOutcome], budget: int = 10_000) -> str:
    signed = [(r.trial, task.task, r.signature) for task in tasks for r in task.rollouts if r.signature]
    by_trial = {r.trial: r for task in tasks for r in task.rollouts}
    parts = tuple(cluster_parts(clusters(signed), by_trial))
    return compose("T", [Section("Failure clusters", parts, "clusters.json")], budget)


def test_one_line_is_quoted_in_the_text_and_several_in_a_fence() -> None:
    one = Citation(trial="a1", step=3, quote="ls -l")
    two = Citation(trial="a1", step=3, quote="cd /x\n  ls")
    assert cite(one) == "“ls -l” (a1#3)"
    assert cite(two) == "(a1#3):\n```\ncd /x\n  ls\n```"


@given(st.text(alphabet="`~a\n", max_size=30))
def test_a_fence_is_never_closed_by_what_it_holds(text: str) -> None:
    mark = fenced(text).partition("\n")[0]
    assert len(mark) >= 3 and mark not in text and fenced(text) == f"{mark}\n{text}\n{mark}"


def test_a_context_that_says_no_more_than_its_line_is_left_out() -> None:
    line = Citation(trial="a1", step=3, quote="fatal: no")
    bare = Finding(line, "fatal: no\n\n[exit code 0]\n[left: 9 turns]", 1.0)
    assert context_block(bare) == "" and cite_finding(bare) == "“fatal: no” (a1#3), exit code 0"
    assert context_block(Finding(line, "before\nfatal: no", 1.0)) == "```\nbefore\nfatal: no\n```"


def test_endings_are_counted_by_behaviour_commands_and_cause() -> None:
    tasks = [
        TaskOutcome("a", (rollout("a1", "missing_output"), rollout("a2", "missing_output", calls=0))),
        TaskOutcome(
            "b", (rollout("b1", status="answered_after_error", calls=5), rollout("b2", status="looping"))
        ),
    ]
    assert endings(tasks).split("\n") == [
        "- how the 4 failed rollouts ended:",
        "  - 2 answered: it said that it was done",
        "  - 1 answered_after_error: it said so although its last command had failed",
        "  - 1 looping: it did or met the same again and again until it was stopped",
        "  - 3 of them after at most one command, 1 after none",
        "  - 3 of them answered although the output was missing or empty, or their last command had failed:"
        " a check before the answer could catch these",
        "- what the verifier found: 2 missing_output (tasks: 1), 2 wrong_value (tasks: 1)",
    ]
    assert endings([]) == "" and endings([TaskOutcome("p", ())]) == ""


def test_endings_stay_short_whatever_ended() -> None:
    every = [
        TaskOutcome(f"{cause}-{status}", (rollout(f"{cause}-{status}", cause, status),))
        for cause in CAUSES
        for status in STATUSES
    ]
    said = endings(every)
    assert said.count("\n") <= NAMED + 5 and estimate_tokens(said) < 450
    assert said.count("otherwise") == 2
    assert said == endings(every[::-1])


def test_large_clusters_come_first_and_small_ones_below_their_cause() -> None:
    tasks = [
        TaskOutcome("a", (rollout("a1", "leftover"), rollout("a2", "empty_output", mechanism="name_error"))),
        TaskOutcome("b", (rollout("b1"), rollout("b2", "leftover", "looping"))),
        TaskOutcome("c", (rollout("c1"), rollout("c2", "leftover", "looping"))),
        TaskOutcome("d", tuple(rollout(f"d{n}", "wrong_mode") for n in range(3))),
    ]
    text = told_clusters(tasks)
    lines = [re.split(r": |;", line)[0] for line in text.split("\n") if line.lstrip().startswith("- ")]
    assert lines == [
        "- **leftover / looping / none**",
        "- **wrong_value / answered / none**",
        "- **wrong_mode / answered / none**",
        "- **empty_output**",
        "  - answered / name_error",
        "- **leftover**",
        "  - answered / none",
    ]
    assert "- **leftover**: 1 rollout of 1 task\n" in text
    assert "  - answered / none: 1 of a; last done “echo a1” (a1#3)" in text


def test_a_small_cluster_goes_before_its_cause_and_that_before_a_large_one() -> None:
    tasks = [TaskOutcome(f"t{n}", (rollout(f"t{n}", mechanism=f"m{n}"),)) for n in range(30)]
    tasks += [TaskOutcome(f"u{n}", (rollout(f"u{n}", "leftover"),)) for n in range(2)]
    whole = estimate_tokens(told_clusters(tasks, 100_000))
    seen = []
    for budget in range(90, whole + 200, 7):
        text = told_clusters(tasks, budget)
        assert estimate_tokens(text) <= budget
        seen.append(("**leftover /" in text, "**wrong_value**" in text, text.count("\n  - ")))
        assert ("Cut for length" in text) == (seen[-1][2] < 30)
    assert seen == sorted(seen) and seen[-1] == (True, True, 30)
    assert all(cause or not lines for _, cause, lines in seen)


async def test_commands_of_several_lines_keep_them_and_can_be_looked_up(tmp_path: Path) -> None:
    names = ["0" * 23 + "f", "1" * 23 + "f", "2" * 23 + "e"]
    trace(
        tmp_path,
        names[0],
        [("COUNT=$(wc -l x)\necho $COUNT > out", "\n[exit code 0]")],
        verifier="expected 4",
    )
    trace(tmp_path, names[1], [("cd /y\ncat x", "cat: x: No such file or directory\n[exit code 1]")])
    long = "\n".join(f"echo {n} >> out.txt" for n in range(60))
    trace(tmp_path, names[2], [(long, "\n[exit code 0]")])
    trials = [trial(n, "t", "passed" if n[0] == "2" else "failed", attempt=int(n[0])) for n in names]
    report = await AgentDebugger().explain(evidence(tmp_path, trials))
    assert "(00000000#3):\n  ```\n  COUNT=$(wc -l x)\n  echo $COUNT > out\n  ```" in report.text
    assert "…\n  ```" in report.text, "what was cut is marked"
    whole = {name[:8]: name for name in names}
    found = [c.model_copy(update={"trial": whole[c.trial]}) for c in cited(Path(report.folder))]
    assert sum("\n" in c.quote for c in found) >= 6, "the pages show them too"
    assert all(quoted(c, tmp_path / "trials") for c in found)
    assert all(quoted(c, tmp_path / "trials") for c in report.citations)
    assert not quoted(found[0].model_copy(update={"quote": "…"}), tmp_path / "trials")


@pytest.mark.parametrize("size", [60, 5 * INSTRUCTION])
def test_a_page_begins_with_the_instruction_and_says_it_once(size: int) -> None:
    instruction = ("# Heading\n\nWrite the word. " * size)[:size].strip()
    asked = Citation(trial="a1", step=2, quote=" ".join(instruction.split())[:160])
    first = Rollout("a1", "a1", 0, "failed", "answered", 2, 0, 0, asked=asked)
    steps = [Excerpt("a1", 2, instruction), Excerpt("a1", 3, "ls\na")]
    text = page(TaskOutcome("t", (first,)), instruction, steps)
    assert text.startswith("# t\n\n## Instruction\n\n> # Heading\n>\n> Write")
    assert "### a1#3" in text and "### a1#2" not in text
    assert (f"> ({len(instruction)} characters; all of it is at a1#2)" in text) == (size > INSTRUCTION)
    assert estimate_tokens(text) < 500


def test_a_first_step_that_says_more_than_the_instruction_is_shown() -> None:
    asked = Citation(trial="a1", step=2, quote="Write the word.")
    first = Rollout("a1", "a1", 0, "failed", "answered", 2, 0, 0, asked=asked)
    text = page(
        TaskOutcome("t", (first,)), "Write the word.", [Excerpt("a1", 2, "Write the word.\nIn haste.")]
    )
    assert "In haste." in text
    pointed = page(TaskOutcome("t", (first,)), "Write the word.", [Excerpt("a1", 2, "⟦= 1 line b#2:0-9⟧\n")])
    assert "⟦" not in pointed
