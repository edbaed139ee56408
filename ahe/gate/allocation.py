"""Where the next rollouts go: to what the change named, to a random control, and to the tasks in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from random import Random

from ahe.gate.decisions import tried
from ahe.gate.posterior import Posterior
from ahe.records import Ceiling, Comparison, RolloutRequest, Tally

STEP = 1
IN_DOUBT, CONTROL = 0.09, 0.045
LEAST_IN_DOUBT, LEAST_CONTROL = 3, 1


def plain_requests(comparison: Comparison, share: float) -> tuple[RolloutRequest, ...]:
    """Requests up to a share of the plain rollouts (k a task), in an order drawn for this candidate.

    At 1 every task has its k. Below 1, the tasks that the change predicted or risked come first, mixed with random
    control tasks, so that a change that names half of the suite is not judged on that half alone. Where both arms lack
    rollouts they alternate; the incumbent's existing ones are older, so a drift since then counts (docs/gate.md).
    """
    deep, more = divmod(
        round(share * comparison.rollouts * len(comparison.train)), max(1, len(comparison.train))
    )
    if all(depth(pair) >= deep + (more > 0) for pair in comparison.train.values()):
        return ()
    names = sorted(comparison.train)
    Random(comparison.candidate).shuffle(names)
    named = {*comparison.predicts, *comparison.risks}
    control = [task for task in names if task not in named][: _control(len(names))]
    early = {*named, *control}
    names.sort(key=lambda task: task not in early)
    requests: list[RolloutRequest] = []
    for place, task in enumerate(names):
        if (goal := deep + (place < more)) > depth(comparison.train[task]):
            requests += _up_to(task, comparison.train[task], goal)
    return tuple(requests)


def next_round(comparison: Comparison, found: Posterior, limit: float) -> tuple[RolloutRequest, ...]:
    """One more rollout on both arms of some tasks; empty where the extra rollouts have reached `limit`·T.

    In doubt are max(3, .09·T) tasks: those where one more rollout adds most information about a shift of all tasks.
    max(1, .045·T) control tasks are drawn at random: they show effects that nobody named and no rollout showed yet. An
    arm with fewer rollouts of a task catches up alone, so that the incumbent's existing rollouts are used.
    """
    pairs = comparison.train
    room = int((limit * len(pairs) - extra(comparison)) // (2 * STEP))
    if room <= 0:
        return ()
    ranked = sorted(found.tasks, key=lambda task: (-_gain(pairs[task], found.tasks[task].rate), task))
    doubtful = ranked[: max(LEAST_IN_DOUBT, round(IN_DOUBT * len(pairs)))]
    others = ranked[len(doubtful) :]
    draw = Random(f"{comparison.candidate} {extra(comparison)}")
    control = draw.sample(others, min(len(others), _control(len(pairs))))
    chosen = (*doubtful, *control)[:room]
    return tuple(
        request for task in chosen for request in _up_to(task, pairs[task], depth(pairs[task]) + STEP)
    )


def within(
    requests: Sequence[RolloutRequest], comparison: Comparison, ceiling: Ceiling
) -> tuple[RolloutRequest, ...]:
    """The first of these requests that the ceiling still allows; tokens and money are checked once a round."""
    if ceiling.tokens and comparison.spent_tokens >= ceiling.tokens:
        return ()
    if ceiling.usd and comparison.spent_usd >= ceiling.usd:
        return ()
    if not ceiling.rollouts:
        return tuple(requests)
    left, allowed = ceiling.rollouts - comparison.spent, []
    for request in requests:
        left -= request.n - tried(comparison.train[request.task][request.arm == "candidate"])
        if left < 0:
            break
        allowed.append(request)
    return tuple(allowed)


def extra(comparison: Comparison) -> int:
    """Rollouts beyond the plain ones that both arms have, summed over the two arms."""
    return sum(2 * max(0, depth(pair) - comparison.rollouts) for pair in comparison.train.values())


def depth(pair: tuple[Tally, Tally]) -> int:
    """The number of attempts that both arms have made."""
    one, other = pair
    return min(tried(one), tried(other))


def _control(tasks: int) -> int:
    return max(LEAST_CONTROL, round(CONTROL * tasks))


def _gain(pair: tuple[Tally, Tally], rate: float) -> float:
    """How much V_t·n_b·n_c/(n_b+n_c), the task's information about a common shift, grows with the next round."""
    goal = depth(pair) + STEP
    before, after = ([arm.n for arm in pair], [max(goal, arm.n) for arm in pair])
    return rate * (1 - rate) * (prod(after) / sum(after) - prod(before) / sum(before))


def _up_to(task: str, pair: tuple[Tally, Tally], goal: int) -> list[RolloutRequest]:
    arms = (("incumbent", pair[0]), ("candidate", pair[1]))
    return [RolloutRequest(task=task, arm=arm, n=goal) for arm, tally in arms if tried(tally) < goal]
