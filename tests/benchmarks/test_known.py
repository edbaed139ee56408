"""The benchmark of known answers at its smallest, with coders and edits that leave nothing to chance."""

from __future__ import annotations

from statistics import fmean

import pytest

from ahe.power.worlds import Edit
from benchmarks.known.__main__ import figures, found_tables, judged_tables, summary
from benchmarks.known.flaws import FLAWS, Coder, Flaw
from benchmarks.known.found import find, found_share, repairs
from benchmarks.known.judged import World, judge, mark, pairs
from benchmarks.known.shares import Share

PLAYS = tuple(flaw.play for flaw in FLAWS)


@pytest.mark.parametrize("flaw", FLAWS, ids=PLAYS)
async def test_each_flaw_is_repaired_by_its_play_and_by_none_of_the_others(flaw: Flaw) -> None:
    assert await repairs(flaw, PLAYS) == (flaw.play,)


async def test_the_play_that_repairs_is_kept_and_the_one_before_it_is_not() -> None:
    flaw = next(flaw for flaw in FLAWS if flaw.play == "nothing-changed")
    result = await find(Coder(flaw, without=0.0, with_it=1.0))
    assert result.tried == (("call-repair", "reverted"), ("nothing-changed", "kept"))
    assert (result.iteration, result.before, result.rates) == (2, ("reverted",), (0.0, 1.0))
    assert found_share([result]) == Share(hits=1, of=1)
    assert (
        "| 2 | call-repair reverted | 0 % → 100 % |" in found_tables({flaw.play: (flaw.play,)}, [result])[0]
    )


async def test_what_harms_goes_what_helps_stays_and_what_does_nothing_moves_nothing() -> None:
    """Edits that take or give everything, so that the gate cannot be wrong; null edits may be kept or not."""
    paired = await judge([Edit("dense", -95.0), Edit("dense", 95.0)], "test", train=6, heldout=3)
    assert [edit.outcome for edit in paired.edits] == ["reverted", "kept"]
    assert (
        paired.moved == pytest.approx(paired.edits[1].true) and paired.moved > 10 > -10 > paired.edits[0].true
    )
    null = await judge([Edit("noop")] * 3, "test", train=6, heldout=3)
    assert null.moved == 0.0 and [edit.true for edit in null.edits] == [0.0] * 3
    assert {edit.outcome for edit in null.edits} <= {"kept", "reverted"} and null.best_moves <= 3

    given = figures({}, [], [paired], [null])
    assert (given["helpful_kept"], given["harmful_kept"], given["null_moved"]) == (1.0, 0.0, 0.0)
    assert given["found"] is None and 0 <= given["null_kept"] <= 1
    assert given["rollouts_mean"] == fmean(e.rollouts for e in (*paired.edits, *null.edits))
    assert "harmful edits kept: 0 % ± 24 of 1" in summary({**given, "cpu_found": 0.0, "cpu_judged": 0.0})
    assert "| 3 |" in judged_tables([paired], [null])[1]


async def test_the_same_seed_gives_the_same_verdicts_whatever_the_clock_says() -> None:
    """With 24 tasks the prior is fitted to earlier trials, which here began in the same second as the commits."""
    edits = [Edit("noop")] * 3
    assert await judge(edits, "clock", train=24, heldout=3) == await judge(
        edits, "clock", train=24, heldout=3
    )


def test_marks_move_the_true_rate_by_their_size() -> None:
    world = World("test", 400)
    before = world.points("no mark", 400)
    for number, (harmful, helpful) in enumerate(pairs()):
        for edit in (harmful, helpful):
            moved = world.points(f"# Memory\n\n{mark(edit, number)}", 400) - before
            assert moved == pytest.approx(edit.points, abs=1.0), edit
    assert world.points(mark(Edit("noop"), 9), 400) == before
    both = f"{mark(Edit('dense', -15.0), 1)}\n{mark(Edit('noop'), 2)}\n{mark(Edit('dense', 15.0), 3)}\n"
    assert world.points(both, 400) == pytest.approx(before, abs=1.0)


def test_a_share_of_few_is_not_certain() -> None:
    assert Share.count([True] * 6).value == 1.0 and Share.count([True] * 6).se == pytest.approx(
        0.11, abs=0.005
    )
    assert Share.count([True, False] * 800).se == pytest.approx(0.0125, abs=0.0001)
    assert Share.count([]).value is None
