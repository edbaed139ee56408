"""The gate's question put to real trials: rollouts are spent where it requests, and broken ones are tried again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_trials
import pytest
import world

from ahe.environments.bwrap import BwrapEnvironment
from ahe.errors import AllBroken, ModelUnavailable, SandboxError
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.suite import load_suite
from ahe.evaluate.trial import HarnessVersion, TrialRunner
from ahe.events import NullWatcher
from ahe.gate.attribution import DEEPEST, PROVE_GOOD, AttributionQuestion, Piece
from ahe.gate.bayes import BayesGate
from ahe.gate.choose import GATES, GreedyGate, make_gate
from ahe.gate.posterior import CONCENTRATION, fit_concentration
from ahe.loop.judge import AttributionRunner
from ahe.loop.measurement import Measurement, probability_of_known
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.records import (
    FRESH,
    Ceiling,
    Limits,
    Message,
    ModelSpec,
    Pace,
    Reply,
    Request,
    Task,
    Usage,
    side_by_side_series,
)

TASK = "alpha-note"


class Coder:
    """Says which word it would write, as the world's coder does; `down` makes its endpoint unreachable."""

    spec = ModelSpec(name="coder")
    fingerprint = "coder"

    def __init__(self) -> None:
        self.down = False
        self.calls = 0

    async def complete(self, request: Request) -> Reply:
        self.calls += 1
        if self.down:
            raise ModelUnavailable("down")
        text = "WRITE alpha" if len(request.messages) == 2 else "Done."
        usage = Usage(calls=1, input_tokens=10, output_tokens=2)
        return Reply(message=Message(role="assistant", content=text), usage=usage)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "runs")
    yield store
    store.close()


@pytest.fixture
def coder() -> Coder:
    return Coder()


@pytest.fixture
def measurement(tmp_path: Path, store: Store, coder: Coder) -> Measurement:
    suite = load_suite(world.write_suite(tmp_path / "suite"))
    versions = []
    for name, code in (("before", None), ("after", world.ACT)):
        root = tmp_path / name
        shutil.copytree(entry("components"), root)
        if code:
            (root / "middleware" / "10_act.py").write_text(code)
        versions.append(HarnessVersion(id=name, root=str(root)))
    runner = TrialRunner(
        store=store,
        model=coder,
        mode="native",
        limits=Limits(seconds=60),
        make_environment=lambda task, scratch: BwrapEnvironment(task.environment, scratch),
        make_executor=lambda: make_executor(False),
    )
    return Measurement(
        BayesGate(),
        Evaluator(store, runner, NullWatcher(), jobs=2),
        suite,
        incumbent=versions[0],
        candidate=versions[1],
        train=(TASK,),
        heldout=(),
        rollouts=2,
        predicts=(TASK,),
    )


def again(measurement: Measurement, **changes: Any) -> Measurement:
    """The same question in a later run."""
    return replace(measurement, fresh={}, **changes)


async def test_both_arms_are_measured_once(measurement: Measurement, coder: Coder) -> None:
    verdict = await measurement.verdict()
    assert verdict.outcome == "kept"
    assert (verdict.rollouts, verdict.missing) == (6, 0)
    assert (verdict.incumbent_rate, verdict.candidate_rate) == (0.0, 1.0)
    assert verdict.observed_up == verdict.predicted == (TASK,)
    assert verdict.usage.calls == coder.calls
    paid = coder.calls
    later = await again(measurement).verdict()
    assert (later.outcome, later.rollouts, coder.calls) == ("kept", 0, paid)


def test_the_prior_is_fitted_when_a_comparison_begins_and_stays(
    measurement: Measurement, store: Store
) -> None:
    """Its own trials must not move it, or a killed comparison would continue differently; the clock plays no part."""
    names = tuple(f"t{n:02d}" for n in range(24))

    def put(harness: str, passes: Callable[[int, int], bool]) -> None:
        for number, task in enumerate(names):
            for attempt in range(2):
                id, status = f"{harness}-{task}-{attempt}", ("failed", "passed")[passes(number, attempt)]
                store.new_folder(id)
                given = {"model": "coder", "harness": harness, "started": "2026-01-01T00:00:00.500+00:00"}
                store.put(made_trials.trial(id, task, status, attempt, **given))

    def against(candidate: str) -> float:
        """The prior of a comparison of the incumbent with this candidate."""
        version = HarnessVersion(id=candidate, root=measurement.candidate.root)
        return again(measurement, train=names, candidate=version).concentration

    put("before", lambda number, attempt: bool(number % 2))
    begun = against("new")
    assert begun == fit_concentration(store.tallies("coder")) < CONCENTRATION
    put("new", lambda number, attempt: bool(attempt))
    assert against("new") == begun != fit_concentration(store.tallies("coder"))
    assert against("later") == fit_concentration(store.tallies("coder"))
    fewer = replace(measurement, train=names[:12], candidate=HarnessVersion(id="new", root=""))
    rows = [row for row in store.tallies("coder") if row[0] in names[:12]]
    assert fewer.concentration == fit_concentration(rows) != begun, "other tasks have a prior of their own"


@pytest.mark.parametrize("name", GATES)
async def test_the_same_harness_is_kept_or_reverted_by_no_gate(
    measurement: Measurement, coder: Coder, name: str
) -> None:
    verdict = await again(measurement, gate=make_gate(name), candidate=measurement.incumbent).verdict()
    assert (verdict.outcome, verdict.rollouts, coder.calls) == ("unchanged", 0, 0)


async def test_what_broke_is_tried_again_until_it_is_measured(measurement: Measurement, coder: Coder) -> None:
    tasks = [measurement.suite.tasks[TASK]]
    await measurement.evaluator.measure("incumbent", measurement.incumbent, tasks, 2)
    coder.down = True
    for _ in range(2):
        verdict = await again(measurement).verdict()
        assert (verdict.outcome, verdict.missing) == ("undecided", 2)
        assert verdict.candidate_rate is None
    coder.down = False
    verdict = await again(measurement).verdict()
    assert (verdict.outcome, verdict.missing, verdict.rollouts) == ("kept", 0, 4)


async def test_where_every_trial_breaks_alike_the_run_stops_at_once_and_goes_on_later(
    measurement: Measurement, coder: Coder
) -> None:
    coder.down = True
    whole = again(measurement, train=world.TRAIN, rollouts=20)
    with pytest.raises(AllBroken, match=r"the first 6 trials all broke in the same way.*: down"):
        await whole.verdict()
    assert coder.calls <= 6 + 2, "nothing further was asked"
    coder.down = False
    verdict = await again(measurement, train=world.TRAIN, rollouts=2).verdict()
    assert verdict.outcome in ("kept", "reverted")
    assert verdict.missing == 0


async def test_an_evaluation_of_which_nothing_can_be_scored_stops_however_small_it_is(
    measurement: Measurement, coder: Coder
) -> None:
    coder.down = True
    tasks = [measurement.suite.tasks[name] for name in world.TRAIN]
    with pytest.raises(AllBroken, match="none of the 3 trials could be scored: down"):
        await measurement.evaluator.measure("HEAD", measurement.incumbent, tasks, 1)


async def test_tasks_that_can_never_run_do_not_stop_the_others(
    measurement: Measurement, coder: Coder, store: Store
) -> None:
    """Four trials of two tasks break at every turn: that was known, and the others have been scored."""
    runner = measurement.evaluator.runner

    def make(task: Task, scratch: Path) -> BwrapEnvironment:
        if task.name in world.HELDOUT and scratch != store.runs:
            raise SandboxError("no such image")
        return BwrapEnvironment(task.environment, scratch)

    evaluator = Evaluator(store, replace(runner, make_environment=make), NullWatcher(), jobs=1)
    tasks = [measurement.suite.tasks[name] for name in (*world.TRAIN, *world.HELDOUT)]
    for _ in range(2):
        trials = await evaluator.measure("HEAD", measurement.incumbent, tasks, 2)
        assert [trial.status for trial in trials].count("missing") == 4
    later = again(measurement, evaluator=evaluator, gate=GreedyGate(), train=tuple(t.name for t in tasks))
    verdict = await later.verdict()
    assert verdict.missing == 8 and verdict.candidate_rate is not None


async def test_the_arms_alternate_in_time(measurement: Measurement, store: Store) -> None:
    await again(measurement, gate=GreedyGate(), train=world.TRAIN).verdict()
    trials = [t for arm in ("before", "after") for t in store.of_harness(arm)]
    order = sorted(trials, key=lambda trial: trial.started)
    for done in range(2, len(order), 2):
        counts = [sum(t.harness == arm for t in order[:done]) for arm in ("before", "after")]
        assert abs(counts[0] - counts[1]) <= 2, "one arm ran ahead"


async def test_fresh_rollouts_are_not_pooled_with_plain_ones(measurement: Measurement) -> None:
    evaluator, task = measurement.evaluator, measurement.suite.tasks[TASK]
    wanted = [evaluator.runner.plan(measurement.incumbent, task, n) for n in (0, FRESH)]
    await evaluator.evaluate("both", wanted)
    assert [t.attempt for t in stored_trials(evaluator, measurement.incumbent, [task])] == [0]


async def test_trees_are_rolled_out_afresh_and_known_trials_are_read(
    measurement: Measurement, coder: Coder
) -> None:
    trees = {frozenset(): measurement.candidate, frozenset({"act"}): measurement.incumbent}

    def runner() -> AttributionRunner:
        return AttributionRunner(measurement.evaluator, measurement.suite, trees.__getitem__)

    question = AttributionQuestion((Piece("act"),), (TASK,), 1, PROVE_GOOD)
    first = runner()
    (share,) = (await first.answer(question)).verdicts
    assert (share.raw, share.outcome) == (1.0, "kept")
    assert {trial.attempt for trial in first.fresh.values()} <= set(range(FRESH, FRESH + DEEPEST))
    paid, second = coder.calls, runner()
    assert (await second.answer(question)).verdicts == (share,)
    assert (coder.calls, second.fresh) == (paid, {})


async def test_a_ceiling_counts_what_an_earlier_process_ran(measurement: Measurement, coder: Coder) -> None:
    tasks = [measurement.suite.tasks[TASK]]
    for arm in (measurement.incumbent, measurement.candidate):
        await measurement.evaluator.measure("before a kill", arm, tasks, 2)
    paid = coder.calls
    free = await again(measurement).verdict()
    assert free.rollouts == 2, "two plain rollouts an arm leave it open"
    assert coder.calls > paid
    for ceiling in (Ceiling(rollouts=2), Ceiling(tokens=48)):
        bound = again(measurement, gate=BayesGate(ceiling=ceiling))
        verdict = await bound.verdict()
        assert (verdict.outcome, verdict.rollouts) == ("kept", 0)


class Slowing(Coder):
    """A coder whose replies take `seconds` each, by what they say."""

    seconds = 2.0

    async def complete(self, request: Request) -> Reply:
        return (await super().complete(request)).model_copy(update={"seconds": self.seconds})


async def test_arms_of_different_speed_are_measured_again_side_by_side(measurement: Measurement) -> None:
    evaluator = measurement.evaluator
    slow = Slowing()
    evaluator.runner.model = slow
    tasks = [measurement.suite.tasks[TASK]]
    await evaluator.measure("incumbent, in a quiet hour", measurement.incumbent, tasks, 2)
    slow.seconds = 5.0
    verdict = await again(measurement).verdict()
    own = side_by_side_series("before", "after")
    assert verdict.side_by_side == own and verdict.slowdown and verdict.slowdown > 2
    assert "times slower for the candidate; both were measured again side by side" in verdict.pace
    attempts = {
        arm: sorted(t.attempt for t in evaluator.store.of_harness(arm)) for arm in ("before", "after")
    }
    assert all(found[:2] == [0, 1] and own in found for found in attempts.values()), attempts
    assert sum(pair.n_b + pair.n_c for pair in verdict.tasks) == sum(
        attempt >= own for found in attempts.values() for attempt in found
    ), "only those that ran side by side count"
    paid = slow.calls
    later = await again(measurement).verdict()
    assert (later.side_by_side, later.tasks, slow.calls) == (own, verdict.tasks, paid), (
        "a killed run goes on alike"
    )
    arms = measurement.incumbent, measurement.candidate
    assert probability_of_known(evaluator, *arms, tasks, []) == pytest.approx(verdict.score, abs=0.2)
    other = measurement.candidate.model_copy(update={"id": "other"})
    assert (await again(measurement, candidate=other).verdict()).side_by_side == side_by_side_series(
        "before", "other"
    )
    assert probability_of_known(evaluator, measurement.candidate, other, tasks, []) is not None


async def test_a_slow_candidate_that_fails_early_is_measured_again_too(measurement: Measurement) -> None:
    """The gate would revert it before all plain rollouts are done."""
    model = measurement.evaluator.runner.model = Slowing()
    tasks = [measurement.suite.tasks[name] for name in world.TRAIN]
    swapped = again(
        measurement,
        incumbent=measurement.candidate,
        candidate=measurement.incumbent,
        train=world.TRAIN,
        rollouts=4,
    )
    await measurement.evaluator.measure("incumbent", swapped.incumbent, tasks, 4)
    model.seconds = 9.0
    verdict = await swapped.verdict()
    plain = [t for t in measurement.evaluator.store.of_harness(swapped.candidate.id) if not t.series]
    assert len(plain) < 4 * len(tasks), "it was reverted early, and only then compared"
    assert (verdict.outcome, bool(verdict.side_by_side)) == ("reverted", True)


async def test_a_paced_model_is_not_measured_again(measurement: Measurement) -> None:
    model = measurement.evaluator.runner.model = Slowing()
    model.spec = ModelSpec(name="coder", pace=Pace(read=1000, write=1000))
    tasks = [measurement.suite.tasks[TASK]]
    await measurement.evaluator.measure("incumbent", measurement.incumbent, tasks, 2)
    model.seconds = 9.0
    verdict = await again(measurement).verdict()
    assert verdict.side_by_side == 0 and "times slower for the candidate" in verdict.pace


@pytest.mark.parametrize(("seconds", "said"), [(2.0, ""), (3.4, "times slower for the candidate")])
async def test_a_smaller_slow_down_is_only_said(measurement: Measurement, seconds: float, said: str) -> None:
    slow = measurement.evaluator.runner.model = Slowing()
    tasks = [measurement.suite.tasks[TASK]]
    await measurement.evaluator.measure("incumbent", measurement.incumbent, tasks, 2)
    slow.seconds = seconds
    verdict = await again(measurement).verdict()
    assert not verdict.side_by_side and said in verdict.pace and bool(said) == bool(verdict.pace)
