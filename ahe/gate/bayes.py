"""The default gate: keeps what is probably better, and measures more while that is open.

The next rollouts go to what the change named, to a random control, and to the tasks in doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from random import Random

from ahe.gate.decisions import (
    PER_ARM,
    apply_heldout_veto,
    decided,
    margin,
    requests_up_to,
    tried,
    unusable,
)
from ahe.gate.posterior import Posterior, posterior
from ahe.records import Ceiling, Comparison, Decision, RolloutRequest, Tally

STEP = 1
IN_DOUBT, CONTROL = 0.09, 0.045
LEAST_IN_DOUBT, LEAST_CONTROL = 3, 1
NO_CEILING = Ceiling()


@dataclass
class BayesGate:
    """Looks at P, the averaged posterior that the candidate is better, while its rollouts come in.

    `looks` are (share of the plain rollouts, P at or below which the candidate is reverted then). After the plain
    rollouts it is kept at P ≥ `keep` and reverted at P ≤ `revert`; between, up to `extra`·T more rollouts are run,
    while both bounds move towards `final`. Better means: by more than `tax` (as a share of 1) for each 1,000 tokens
    that the prompt grew, and by a point for each `price` further tokens that a task takes (0: nothing is asked).
    `heldout` is the least number of held-out rollouts an arm. `ceiling` limits what train may cost: when it is reached,
    the existing rollouts decide, by the bound `final`.
    """

    looks: tuple[tuple[float, float], ...] = ((0.25, 0.15), (0.5, 0.30), (0.75, 0.34))
    keep: float = 0.84
    revert: float = 0.37
    final: float = 0.66
    extra: float = 4.0
    tax: float = 0.0
    price: float = 0.0
    heldout: int = PER_ARM
    ceiling: Ceiling = NO_CEILING
    name: str = "bayes"
    shown: str = "better"

    def decide(self, comparison: Comparison) -> Decision:
        """Decide on the train rollouts or request more; held-out only where train says keep."""
        requests: tuple[RolloutRequest, ...] = ()
        hopeless = 0.0
        for share, bound in (*self.looks, (1.0, self.revert)):
            if requests := plain_requests(comparison, share):
                break
            hopeless = bound
        found = posterior(comparison.train, comparison.concentration)
        problem = "" if found is None else unusable(comparison.train)
        score = found.above(self._bar(comparison)) if found else 0.0
        if found and not problem and score <= hopeless:
            return decided(found, "reverted", f"not {self.shown} on train (P = {score:.2f})")
        if affordable := within(requests, comparison, self.ceiling):
            return Decision(outcome="more", reason="rollouts on train", requests=affordable)
        if requests and found is None:
            reason = "no task was run with both harnesses: raise the ceiling, [evolve] comparison"
            return Decision(outcome="undecided", reason=reason)
        if found is None or problem:
            return Decision(outcome="undecided", reason=problem or unusable(comparison.train))
        return self._beyond(comparison, found, score)

    def _bar(self, comparison: Comparison) -> float:
        """The gain, as a share of 1, that the candidate has to exceed."""
        return self.tax * comparison.grown / 1000 + self._owed(comparison)

    def _owed(self, comparison: Comparison) -> float:
        """The gain, as a share of 1, that the candidate's further tokens per task have to bring."""
        if not self.price or comparison.tokens is None:
            return 0.0
        before, after = comparison.tokens
        return max(0.0, after - before) / self.price / 100

    def _beyond(self, comparison: Comparison, found: Posterior, score: float) -> Decision:
        """Whether to keep, revert or run more, once the plain rollouts are in."""
        spent = min(1.0, extra(comparison) / (self.extra * len(comparison.train))) if self.extra else 1.0
        keep = self.keep + spent * (self.final - self.keep)
        revert = self.revert + spent * (self.final - self.revert)
        requests = next_round(comparison, found, self.extra) if revert < score < keep else ()
        if requests := within(requests, comparison, self.ceiling):
            return Decision(
                outcome="more", reason=f"train leaves it open (P = {score:.2f})", requests=requests
            )
        if score >= min(keep, self.final) and score > revert:
            return apply_heldout_veto(
                comparison, found, f"{self.shown} on train (P = {score:.2f})", self.heldout
            )
        return decided(found, "reverted", f"unproven on train (P = {score:.2f})")


@dataclass
class LeanGate(BayesGate):
    """For removals: keeps what is not worse by more than the held-out margin, and takes fewer tokens a trial.

    The looks, bounds and rollouts are those of `bayes`, with P the probability that the pass rate fell by less than
    `margin`. Where the tokens of an arm are unknown, pass rate alone decides.
    """

    name: str = "lean"
    shown: str = "as good"

    def _bar(self, comparison: Comparison) -> float:
        return -margin(len(comparison.train)) if comparison.train else 0.0

    def _beyond(self, comparison: Comparison, found: Posterior, score: float) -> Decision:
        before, after = comparison.tokens or (1.0, 0.0)
        if after >= before:
            reason = (
                f"not cheaper: {before:,.0f} → {after:,.0f} tokens a trial (as good with P = {score:.2f})"
            )
            return decided(found, "reverted", reason)
        return super()._beyond(comparison, found, score)


# ---------------------------------------------------------------- where the next rollouts go


def plain_requests(comparison: Comparison, share: float) -> tuple[RolloutRequest, ...]:
    """Requests up to a share of the plain rollouts (k a task), in an order drawn for this candidate.

    At 1 every task has its k. Below 1, the tasks that the change predicted or risked come first, mixed with random
    control tasks, so that a change that names half of the suite is not judged on that half alone. Where both arms lack
    rollouts they alternate; the incumbent's existing ones are older, so a drift since then counts (docs/gate.md).
    """
    tasks = len(comparison.train)
    deep, more = divmod(round(share * comparison.rollouts * tasks), max(1, tasks))
    if all(depth(pair) >= deep + (more > 0) for pair in comparison.train.values()):
        return ()
    names = sorted(comparison.train)
    Random(comparison.candidate).shuffle(names)
    named = {*comparison.predicts, *comparison.risks}
    control = [task for task in names if task not in named][: _control(len(names))]
    early = {*named, *control}
    names.sort(key=lambda task: task not in early)
    goals = {task: deep + (place < more) for place, task in enumerate(names)}
    return requests_up_to(comparison.train, goals)


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
    return requests_up_to(pairs, {task: depth(pairs[task]) + STEP for task in chosen})


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
