"""Hooks replayed over rollouts that passed: what blocks a call that worked there is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import made_trials
import pytest
import world
from evolve_bench import OTHER, TRIAL, Bench, executor, manifest
from test_proposal import Filler

from ahe.agents.answering import Refused
from ahe.errors import NothingLeft
from ahe.evolve.replay import ENOUGH, SAMPLE, Replay, sample
from ahe.harness.layout import Problem

HOOK = "class Hook:\n    async def {name}(self, ctx, {given}):\n{body}"
TURNS = [
    ("ls", "a.txt\n[exit code 0]"),
    ("cat b", "no such file\n[exit code 1]"),
    ("ls", "a.txt\n[exit code 0]"),
]


def blocks(condition: str) -> str:
    body = f"        if {condition}:\n            return 'blocked'\n"
    return HOOK.format(name="before_tool", given="call", body=body)


async def replayed(
    tmp_path: Path, code: str, times: int = 1, turns: Sequence[made_trials.Turn] = TURNS
) -> list[Problem]:
    root = tmp_path / "harness"
    (root / "middleware").mkdir(parents=True)
    (root / "system_prompt.md").write_text("Work.")
    (root / "middleware" / "10_hook.py").write_text(code)
    made_trials.trace(tmp_path, TRIAL, turns)
    return await Replay(executor)(root, [tmp_path / "trials" / TRIAL] * times)


COUNTS = blocks("ctx.state['seen'] > 1").replace(
    "        if",
    "        ctx.state['seen'] = ctx.state.get('seen', 0) + (call['arguments']['command'] == 'ls')\n        if",
)
ASKS = HOOK.format(
    name="before_tool", given="call", body="        await ctx.env.exec('ls')\n        return 'blocked'\n"
)


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (world.BLOCK, "#3"),
        (blocks("call['arguments']['command'] == 'ls'"), "#3"),
        (COUNTS, "#5"),  # what it remembers counts: it sees the whole rollout
        (blocks("call['arguments']['command'] == 'cat b'"), ""),  # that call failed
        (blocks("'rm -rf' in call['arguments']['command']"), ""),
        (ASKS, ""),
        ("class Hook:\n    async def before_tool(self, ctx, call):\n        raise ValueError\n", ""),
    ],
)
async def test_a_hook_that_blocks_what_worked_is_named_with_the_call(
    tmp_path: Path, code: str, step: str
) -> None:
    found = await replayed(tmp_path, code)
    assert [(each.rule, each.where) for each in found] == [("replay", "middleware/10_hook.py")] * bool(step)
    assert all(f"{TRIAL[:8]}{step}:" in each.text for each in found)


async def test_what_the_recorded_harness_blocked_itself_was_not_valid(tmp_path: Path) -> None:
    made_trials.trace(tmp_path, TRIAL, TURNS)
    event = {"step": 2, "event": "hook", "hook": "before_tool", "before": {"id": "c0"}, "after": "blocked"}
    (tmp_path / "trials" / TRIAL / "events.jsonl").write_text(json.dumps(event) + "\n")
    root = tmp_path / "harness"
    (root / "middleware").mkdir(parents=True)
    (root / "system_prompt.md").write_text("Work.")
    (root / "middleware" / "10_hook.py").write_text(world.BLOCK)
    (problem,) = await Replay(executor)(root, [tmp_path / "trials" / TRIAL])
    assert f"{TRIAL[:8]}#5:" in problem.text


async def test_a_few_rollouts_are_played_and_three_problems_are_enough(tmp_path: Path) -> None:
    trials = [
        made_trials.trial(f"{n:024d}", f"t{n % 5}", ("failed", "passed")[n > 9], n // 5) for n in range(60)
    ]
    taken = sample(reversed(trials))
    assert len(taken) == SAMPLE and taken[:5] == [f"{n:024d}" for n in range(10, 15)]
    found = await replayed(tmp_path, world.BLOCK, 5)
    assert len(found) == ENOUGH


async def test_a_hook_is_named_after_its_events_were_cut(tmp_path: Path) -> None:
    long = HOOK.format(name="after_tool", given="call, result", body="        return 'x' * 60_000\n")
    blocking = blocks("ctx.turn > 290").removeprefix("class Hook:\n")
    (problem,) = await replayed(tmp_path, f"{long}{blocking}", turns=TURNS * 100)
    assert problem.where == "middleware/10_hook.py"


async def test_a_draft_that_blocks_a_valid_action_is_refused(bench: Bench) -> None:
    with bench.draft() as draft:
        made = replace(draft, replay=Replay(executor))
        (made.folder / "middleware" / "20_block.py").write_text(world.BLOCK)
        with pytest.raises(Refused, match=f"blocks a call that worked in a rollout that passed, {OTHER[:8]}"):
            await made.commit(manifest())
        (made.folder / "middleware" / "20_block.py").write_text(blocks("'rm -rf /' in str(call)"))
        assert await made.commit(manifest())


async def test_no_edit_rests_on_a_residual_failure(bench: Bench) -> None:
    report = bench.brief.report.model_copy(update={"residual": (TRIAL,)})
    bench.brief = bench.brief.model_copy(update={"report": report})
    with bench.draft() as draft:
        (draft.folder / "memory.md").write_text("List a folder before you read from it.\n")
        with pytest.raises(Refused, match="not the harness's to repair"):
            await draft.commit(manifest())
    filler = Filler({})
    with pytest.raises(NothingLeft):
        await bench.evolver(filler, None, 3).edit(bench.brief)
    assert filler.requests == [], "with residual failures alone nothing is asked"
