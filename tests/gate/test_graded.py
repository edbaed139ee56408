"""Rewards between 0 and 1 count as such; where there are none, every number is what it was."""

from __future__ import annotations

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_trials import trial

from ahe.evaluate.evaluation import mean_reward, pass_rate, tallies
from ahe.gate.bayes import BayesGate
from ahe.gate.choose import GATES
from ahe.gate.claims import claim, gain
from ahe.gate.posterior import dispersion, fit_concentration, mean_rewards, posterior
from ahe.gate.predictions import observed
from ahe.records import Comparison, Tally

BEFORE_GRADED = "c13e62233ab18735aeeb52c570238503b92577e3d9e688b97cc10b531f904a19"
"""Digest of `binary_decisions` before partial rewards counted."""


def binary_decisions() -> str:
    """What five gates, the claims and the fit make of 60 comparisons without partial rewards."""
    random, lines = Random(7), []
    for number in range(60):
        pairs = {}
        for task in range(random.choice((3, 12, 40))):
            p, n, m = random.random(), random.randint(2, 4), random.randint(2, 4)
            b, c = (sum(random.random() < p for _ in range(k)) for k in (n, m))
            pairs[f"t{task}"] = Tally(passes=b, n=n), Tally(passes=c, n=m)
        held = dict(list(pairs.items())[:3])
        asked = Comparison(
            train=pairs,
            heldout=held,
            heldout_tasks=tuple(held),
            candidate=str(number),
            predicts=("t0",),
            risks=("t1",),
            tokens=(100.0, 90.0),
        )
        for name in ("bayes", "strict", "pareto", "greedy", "flips"):
            d = GATES[name]().decide(asked)
            numbers = f"{d.score or 0:.9f} {d.delta} {d.raw_delta or 0:.9f}"
            lines.append(f"{d.outcome} {d.reason} {len(d.requests)} {numbers}")
        fitted = fit_concentration([(task, pair[0]) for task, pair in pairs.items()])
        found = claim(pairs)
        assert found is not None
        lines += [str(gain(pairs)), str(found.over_tasks), f"{fitted:.9f}"]
    return "\n".join(lines)


def test_without_partial_rewards_every_verdict_is_what_it_was() -> None:
    assert sha256(binary_decisions().encode()).hexdigest() == BEFORE_GRADED


@given(st.lists(st.sampled_from([0.0, 1.0, None]), max_size=12))
def test_rewards_of_0_and_1_are_counted_as_failures_and_passes(credits: list[float | None]) -> None:
    tally = Tally.of(credits)
    counts = Tally(
        passes=credits.count(1.0), n=len(credits) - credits.count(None), missing=credits.count(None)
    )
    assert tally == counts and tally.rate == tally.mean
    assert dispersion([tally]) == 1.0


def test_a_trial_counts_by_its_reward_and_passes_as_before() -> None:
    given = [
        ("failed", -3.0),
        ("failed", 0.5),
        ("passed", 1.0),
        ("passed", 7.0),
        ("failed", None),
        ("missing", None),
    ]
    trials = [
        trial(f"{n}", status=status, attempt=n, reward=reward) for n, (status, reward) in enumerate(given)
    ]
    assert [each.credit for each in trials] == [0.0, 0.5, 1.0, 1.0, 0.0, None]
    counted = tallies(trials)
    assert counted == {"task-a": Tally(passes=2, n=5, missing=1, partial=0.5, between=0.25)}
    assert (pass_rate(counted), mean_reward(counted)) == (0.4, 0.5)
    assert mean_reward(tallies([trial("x")])) is None, "the pass rate says it"


def test_the_dispersion_is_the_variance_as_a_share_of_that_of_passing_or_failing() -> None:
    random = Random(1)

    def reward(p: float) -> float:
        return sum(random.random() < p for _ in range(4)) / 4

    rows = [Tally.of(reward(p) for _ in range(2)) for p in (random.random() for _ in range(4000))]
    assert dispersion(rows) == pytest.approx(0.25, abs=0.02)
    assert dispersion([Tally.of([0.5, 0.5])]) == pytest.approx(2 / 3), "one task says little"
    assert dispersion([Tally.of([0.5])] * 9) == 1.0, "a single rollout says nothing"
    assert dispersion([Tally.of([0.5, 0.5])] * 99) == 0.1, "copies are not infinitely certain"


def arms(before: float, after: float, tasks: int = 12) -> dict[str, tuple[Tally, Tally]]:
    """Rewards around these means; nothing passes."""
    return {
        f"t{n}": (Tally.of([before - 0.05, before + 0.05]), Tally.of([after - 0.05, after + 0.05]))
        for n in range(tasks)
    }


@pytest.mark.parametrize("name", ["bayes", "strict", "greedy", "pareto"])
def test_a_suite_that_never_passes_is_judged_by_its_rewards(name: str) -> None:
    better, worse = arms(0.4, 0.6), arms(0.6, 0.4)
    decisions = [GATES[name]().decide(Comparison(train=pairs, candidate="c")) for pairs in (better, worse)]
    assert [each.outcome for each in decisions] == ["kept", "reverted"]
    assert [each.raw_delta for each in decisions] == [pytest.approx(0.2), pytest.approx(-0.2)]
    assert mean_rewards(better) == (0.4, 0.6)
    row = observed(better)[0]
    assert (row.b, row.c, row.rewards, row.up > 0) == (0, 0, (0.4, 0.6), True)
    assert str(row).startswith("t0 0/2 → 0/2 reward 0.400 → 0.600 (π ")
    found = claim(better)
    assert found is not None and found.given_tasks.low > 0.1 and (found.before, found.after) == (0.0, 0.0)


def test_rewards_that_vary_less_than_passes_say_more() -> None:
    graded, binary = (
        posterior(arms(0.4, 0.5, 40)),
        posterior({f"t{n}": (Tally(passes=n % 5 < 4, n=2), Tally(passes=1, n=2)) for n in range(40)}),
    )
    assert graded is not None and binary is not None
    assert graded.raw == pytest.approx(binary.raw) == pytest.approx(0.1)
    assert graded.tasks["t0"].noise < binary.tasks["t1"].noise / 5
    assert graded.above() > binary.above()
    assert BayesGate().decide(Comparison(train=arms(0.5, 0.5), candidate="c")).outcome != "kept"
