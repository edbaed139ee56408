"""The parts of a report: quotes with their lines, counts of endings, large and small clusters, a page's head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_traces import made, studied
from made_trials import evidence, quoted, trace, trial

from ahe.debug.debugger import AgentDebugger
from ahe.debug.readers.trace import Step, Text, VerifierFile
from ahe.debug.report.compose import compose
from ahe.debug.report.detail import INSTRUCTION, page, worth_showing
from ahe.debug.report.failures import by_ending, failure_parts, full_words
from ahe.debug.report.quote import cite, cite_finding, fenced, words
from ahe.debug.report.sections import NAMED, Material, sections
from ahe.debug.signals.outcome import Finding, Rollout, TaskOutcome
from ahe.debug.signals.signatures import clusters
from ahe.debug.signals.vocabulary import NOT_THE_AGENT, THE_HARNESS
from ahe.debug.study import output
from ahe.debug.verifiers.failure import Failure
from ahe.records import Citation, Signature
from ahe.text import estimate_tokens
from benchmarks.citations import cited


def rollout(
    label: str,
    cause: str = "wrong_value",
    status: str = "answered",
    mechanism: str = "none",
    said: tuple[str, ...] = ("expected 4, got 5",),
    **fields: Any,
) -> Rollout:
    plain = Rollout(
        trial=label,
        label=label,
        status="failed",
        ended="answered",
        turns=2,
        tokens=0,
        seconds=0,
        signature=Signature(cause=cause, status=status, mechanism=mechanism),
        verdict=said[0] if said else "",
        said=tuple(Failure(f"test_{n}", words, words) for n, words in enumerate(said)),
        failed_tests=len(said),
        findings=(Finding(Citation(trial=label, step=3, quote=f"echo {label}"), why="last change"),),
        calls=2,
    )
    return replace(plain, **fields)


def material(*tasks: TaskOutcome) -> Material:
    return Material(tasks, clusters(tasks))


def report(*tasks: TaskOutcome, budget: int = 10_000) -> str:
    return compose("T", sections(material(*tasks)), budget)


def test_one_line_is_quoted_in_the_text_and_several_in_a_fence() -> None:
    one = Citation(trial="a1", step=3, quote="ls -l")
    two = Citation(trial="a1", step=3, quote="cd /x\n  ls")
    assert cite(one) == "“ls -l” (a1#3)"
    assert cite(two) == "(a1#3):\n```\ncd /x\n  ls\n```"


@given(st.text(alphabet="`~a\n", max_size=30))
def test_a_fence_is_never_closed_by_what_it_holds(text: str) -> None:
    mark = fenced(text).partition("\n")[0]
    assert len(mark) >= 3 and mark not in text and fenced(text) == f"{mark}\n{text}\n{mark}"


def test_a_finding_is_one_line_with_its_command_and_places() -> None:
    line, ran = (
        Citation(trial="a1", step=4, quote="fatal: no"),
        Citation(trial="a1", step=3, quote="git push"),
    )
    assert (
        cite_finding(Finding(line, "", ran, "last check"))
        == "last check: “git push” (a1#3) → “fatal: no” (a1#4)"
    )
    same = Finding(line, "", ran.model_copy(update={"step": 4}), "last check")
    assert cite_finding(same) == "last check: “git push” → “fatal: no” (a1#4)"


def test_a_verifiers_words_are_one_line_with_the_tests_name() -> None:
    assert words(Failure("tests/t.py::test_a", "m", "E is\n not F")) == "test_a: E is not F"
    assert words(Failure("test_a", "", "test_a failed")) == "test_a failed"
    assert words(Failure("", "first\nsecond", "")) == "first second"
    assert len(words(Failure("", "", "x" * 999))) == 241


def test_the_first_screen_tells_counts_others_faults_and_every_failure_in_the_verifiers_words() -> None:
    refused = Citation(trial="n1", step=9, quote="429 Too Many Requests")
    tasks = (
        TaskOutcome("a", (rollout("a1"), rollout("a2", said=("wanted 3", "b", "c", "d", "e")))),
        TaskOutcome(
            "n",
            tuple(
                rollout(f"n{k}", "infrastructure", "endpoint_refused", ended="", ending=(refused,))
                for k in (1, 2)
            ),
        ),
        TaskOutcome("p", (replace(rollout("p1"), status="passed", signature=None, said=(), findings=()),)),
    )
    lines = report(*tasks).split("\n")[:40]
    text = "\n".join(lines)
    assert lines[:9] == [
        "# T",
        "",
        "## In short",
        "",
        "- rollouts: 4 failed, 1 passed",
        "- mean pass rate 33.3% over 3 tasks: 2 all failed, 1 all passed",
        "- not the agent's doing: 2 of 4 failures (2 endpoint_refused)",
        "- the agent's failures ended: 2 answered",
        "- the verifier found: 2 wrong_value",
    ]
    assert (
        "- **endpoint_refused**: the model's endpoint refused, failed or was out of quota; 2 rollouts of 1 task (n)"
        in text
    )
    assert "  “429 Too Many Requests” (n1#9), and so 1 more" in text
    assert "- **wrong_value / answered / none**: 2 rollouts of 1 task (a)" in text
    assert "verifier: test_0: expected 4, got 5" in text and "verifier: test_0: wanted 3" in text
    assert "verifier: 2 more tests failed" in text and "last change: “echo a1” (a1#3)" in text
    assert text.index("Not the agent's doing") < text.index("wrong_value / answered / none")


def test_rollouts_of_a_task_with_the_same_words_are_told_once() -> None:
    text = report(TaskOutcome("a", tuple(rollout(f"a{n}") for n in range(5))))
    assert text.count("verifier: test_0: expected 4, got 5") == 1
    assert "- a0 (and a1, a2, a3, a4, with the same words), 2 turns" in text


def test_every_failure_keeps_its_first_words_when_the_budget_is_short() -> None:
    tasks = [
        TaskOutcome(
            f"t{n}", (rollout(f"x{n}", said=(f"word number {n} is wrong", *"bcd"), mechanism=f"m{n}"),)
        )
        for n in range(30)
    ]
    text = report(*tasks, budget=2_100)
    assert all(f"word number {n} is wrong" in text for n in range(30)) and "Cut for length" in text
    assert all(f"echo x{n}”" in report(*tasks) for n in range(30))


def test_what_the_verifier_says_at_length_fills_the_budget_and_goes_first() -> None:
    long = Failure("test_x", "assert 4 == 5\nfull diff:\n" + "- a line of it\n" * 20, "assert 4 == 5")
    task = TaskOutcome("a", (rollout("a1", said=(), verdict="assert 4 == 5"),))
    task = replace(task, rollouts=(replace(task.rollouts[0], said=(long,), failed_tests=1),))
    assert "full diff:" in report(task) and "full diff:" not in report(task, budget=260)
    assert "verifier: test_x: assert 4 == 5" in report(task, budget=260)
    parts = list(full_words([("a", task.rollouts[0]), ("a", task.rollouts[0])]))
    assert len(parts) == 1, "the same words once"


def test_a_task_that_parted_in_nothing_says_so() -> None:
    passed = replace(rollout("a2"), status="passed", signature=None)
    text = report(TaskOutcome("a", (rollout("a1"), passed)))
    assert (
        "- a: 1 of 2; no difference in what they changed: chance, or something outside of the agent" in text
    )


def test_counts_stay_short_whatever_ended() -> None:
    endings = (*NOT_THE_AGENT, *THE_HARNESS, "answered", "gave_up", *(f"out_of_{n}" for n in range(20)))
    every = [
        TaskOutcome(f"{cause}-{ending}", (rollout(f"{cause}-{ending}", cause, ending),))
        for cause in (f"cause_{n}" for n in range(20))
        for ending in endings
    ]
    short = report(*every, budget=100_000).partition("## Not the agent's doing")[0]
    assert estimate_tokens(short) < 250 and short.count("otherwise") == 2
    assert short.count(", ") < 4 * NAMED
    failed = material(*every).in_status("failed")
    ended = [part.text for part in by_ending(failed, NOT_THE_AGENT | THE_HARNESS)]
    assert len([text for text in ended if text.startswith("- **")]) == 7
    assert list(failure_parts(material(*every).clusters, every))


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
    assert "“echo $COUNT > out…”" in report.text or "“COUNT=$(wc -l x)…”" in report.text
    whole = {name[:8]: name for name in names}
    found = [c.model_copy(update={"trial": whole[c.trial]}) for c in cited(Path(report.folder))]
    assert len(found) >= 6, "the pages cite them too"
    assert all(quoted(c, tmp_path / "trials") for c in found)
    assert all(quoted(c, tmp_path / "trials") for c in report.citations)
    assert not quoted(found[0].model_copy(update={"quote": "…"}), tmp_path / "trials")


@pytest.mark.parametrize("size", [60, 5 * INSTRUCTION])
def test_a_page_begins_with_the_instruction_and_says_it_once(size: int) -> None:
    instruction = ("# Heading\n\nWrite the word. " * size)[:size].strip()
    asked = Step(1, "user", (Text("message", instruction),))
    traces = [replace(each, steps=(asked, *each.steps[1:])) for each in (made(("ls", "a")), made(id="a2"))]
    task = TaskOutcome("t", tuple(map(studied, traces)))
    text = page(task, instruction, worth_showing(traces, task, instruction))
    assert text.startswith("# t\n\n## Instruction\n\n> # Heading\n>\n> Write")
    assert "### a1#2" in text and "### a1#1" not in text and "⟦=" not in text
    assert (f"> ({len(instruction)} characters; all of it is at a1#1)" in text) == (size > INSTRUCTION)
    assert estimate_tokens(text) < 700


def test_a_first_step_that_says_more_than_the_instruction_is_shown() -> None:
    said = Step(1, "user", (Text("message", "Do it.\nIn haste."),))
    plain = made(("ls", "a"))
    traces = [replace(plain, steps=(said, *plain.steps[1:]))]
    task = TaskOutcome("t", (studied(traces[0]),))
    assert "In haste." in page(task, "Do it.", worth_showing(traces, task, "Do it."))


def test_the_end_of_a_plain_verifiers_output_is_shown_whole() -> None:
    said = (Failure("", "FAILED: 1 of 4", "FAILED: 1 of 4"),)
    printed = "Reading package lists...\ncase a ok\nTypeError: missing 'region'\nFAILED: 1 of 4"
    task = TaskOutcome(
        "a", (rollout("a1", said=(), output=output([VerifierFile("test-stdout.txt", printed)])),)
    )
    task = replace(task, rollouts=(replace(task.rollouts[0], said=said, failed_tests=1),))
    text = report(task)
    assert "the verifier's output ends:" in text and "TypeError: missing 'region'" in text
    assert "Reading package" not in text


def test_a_context_that_overflowed_shows_what_filled_it() -> None:
    turns = [("cat big.log", "line\n" * 5_000), ("ls", "a")]
    trace_ = made(*turns, answer="", ended="context")
    found = studied(trace_).findings
    assert [f.why for f in found] == ["printed most, 25000 characters"] and found[
        0
    ].citation.quote == "cat big.log"


def test_a_reward_is_not_what_a_verifier_says() -> None:
    assert output([VerifierFile("reward.txt", "0.5"), VerifierFile("out/score.txt", "1")]) == ""
    assert output([VerifierFile("reward.txt", "0.5"), VerifierFile("log.txt", "a failed")]) == "a failed"


def test_a_fault_of_the_harness_has_a_section_of_its_own() -> None:
    said = Citation(trial="c1", step=9, quote="hook.py: KeyError: 'x'")
    crashed = rollout("c1", "harness", "crashed", ended="crashed", ending=(said,))
    refused = rollout("n1", "infrastructure", "endpoint_refused", ended="RateLimitError")
    text = report(TaskOutcome("a", (crashed, rollout("a1"))), TaskOutcome("n", (refused,)))
    own = text[text.index("## The harness's own code: to be repaired") :]
    others = text[text.index("## Not the agent's doing") : text.index("## The harness's own code")]
    assert "- the harness's own code: 1 of 3 failures (1 crashed)" in text
    assert "- the agent's failures ended: 1 answered" in text
    assert "crashed" not in others and "recorded as “RateLimitError”" in others
    assert "“hook.py: KeyError: 'x'” (c1#9)" in own and own.count("## Failures") == 1
    assert "last change: “echo c1” (c1#3)" in own[: own.index("## Failures")]


def test_the_tools_own_word_stands_beside_ours() -> None:
    loop = Citation(trial="a1", step=9, quote="AgentStuckInLoopError: stuck in a loop")
    words = ("LimitsExceeded", "error", "answered", "x\n" * 99)
    given = [rollout(f"a{n}", status="looping", ended=word) for n, word in enumerate(words)]
    given[1] = replace(given[1], ending=(loop,))
    text = report(TaskOutcome("a", tuple(given)))
    assert "- a0, recorded as “LimitsExceeded”, 2 turns" in text
    assert "- a1, recorded as “error”, 2 turns" in text
    assert "it ended with “AgentStuckInLoopError: stuck in a loop” (a1#9)" in text
    assert f"recorded as “{'x ' * 29}x…”" in text.replace(" …", "…")
    alone = report(TaskOutcome("b", (rollout("b1", status="out_of_turns", ended="LimitsExceeded"),)))
    assert (
        "- b1: **wrong_value / out_of_turns / none**, recorded as “LimitsExceeded”, 2 turns"
        in alone.replace("b, b1", "b1")
    )
    assert "recorded as “" not in report(TaskOutcome("b", (rollout("b1", status="answered_after_error"),)))
