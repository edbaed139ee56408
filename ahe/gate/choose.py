"""The gates by name: the default, and those of published loops; and `NotedGate` for a person's commits."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from ahe.errors import UsageError
from ahe.gate.bayes import BayesGate, LeanGate
from ahe.gate.decisions import (
    PER_ARM,
    decided,
    heldout_posterior,
    points,
    posterior_or_request,
    requests_up_to,
)
from ahe.gate.posterior import Posterior
from ahe.protocols import Gate
from ahe.records import Ceiling, Comparison, Decision, Tally


class _PlainGate(ABC):
    """A gate with one rule, which decides once the plain rollouts on train are in."""

    name: str

    def decide(self, comparison: Comparison) -> Decision:
        train = posterior_or_request(comparison)
        return train if isinstance(train, Decision) else self.rule(comparison, train)

    @abstractmethod
    def rule(self, comparison: Comparison, train: Posterior) -> Decision: ...


class StrictGate(_PlainGate):
    """Self-Harness (arXiv 2606.09498): neither split may fall, and one must rise.

    Keeps iff Δ_train ≥ 0, Δ_heldout ≥ 0 and the larger is above 0, on raw differences. Held-out is measured for every
    candidate that does not fall on train.
    """

    name = "strict"

    def rule(self, comparison: Comparison, train: Posterior) -> Decision:
        if train.raw < 0:
            return decided(train, "reverted", f"train fell by {-100 * train.raw:.1f} points")
        if not comparison.heldout_tasks:
            reason = f"train {points(train.raw)}; the suite has no held-out tasks"
            return decided(train, "kept" if train.raw > 0 else "reverted", reason)
        goals = dict.fromkeys(comparison.heldout_tasks, comparison.rollouts)
        if requests := requests_up_to(comparison.heldout, goals):
            return Decision(outcome="more", reason="train did not fall; now held-out", requests=requests)
        heldout = heldout_posterior(comparison, train)
        if isinstance(heldout, Decision):
            return heldout
        kept = heldout.raw >= 0 and max(train.raw, heldout.raw) > 0
        reason = f"train {points(train.raw)}, held-out {points(heldout.raw)}"
        return decided(train, "kept" if kept else "reverted", reason, heldout=heldout)


class ParetoGate(_PlainGate):
    """Meta-Harness (arXiv 2603.28052): pass rate and tokens together, strict dominance.

    Keeps a candidate that is not worse in pass rate on train nor in tokens per trial, and better in one of them.
    Where the tokens of an arm are unknown, pass rate alone decides.
    """

    name = "pareto"

    def rule(self, comparison: Comparison, train: Posterior) -> Decision:
        before, after = comparison.tokens or (0.0, 0.0)
        dominates = train.raw >= 0 and after <= before and (train.raw > 0 or after < before)
        spent = f", {before:,.0f} → {after:,.0f} tokens a trial" if comparison.tokens else ""
        return decided(train, "kept" if dominates else "reverted", f"train {points(train.raw)}{spent}")


class GreedyGate(_PlainGate):
    """Keeps a candidate whose mean pass rate on train is higher, however little; held-out is not measured.

    Most published loops do this. It keeps half of all edits that do nothing.
    """

    name = "greedy"

    def rule(self, comparison: Comparison, train: Posterior) -> Decision:
        return decided(train, "kept" if train.raw > 0 else "reverted", f"train {points(train.raw)}")


class FlipsGate(_PlainGate):
    """AHE (arXiv 2604.25850): only the tasks that a change named count. A task passes when all its rollouts pass.

    A change is harmful if a risked task fell and no predicted one rose. Only a harmful change is reverted, so one
    that names no risk is always kept.
    """

    name = "flips"

    def rule(self, comparison: Comparison, train: Posterior) -> Decision:
        passed = {task: (_passes(b), _passes(c)) for task, (b, c) in comparison.train.items() if b.n and c.n}
        fixed = sum(passed.get(task) == (False, True) for task in comparison.predicts)
        broken = sum(passed.get(task) == (True, False) for task in comparison.risks)
        counted = f"{fixed} of {len(comparison.predicts)} predicted fixed"
        reason = f"{counted}, {broken} of {len(comparison.risks)} risked broken"
        return decided(train, "reverted" if broken and not fixed else "kept", reason)


def _passes(tally: Tally) -> bool:
    return tally.passes == tally.n


class NotedGate(_PlainGate):
    """Keeps the candidate after its plain rollouts: more of them could not change a person's decision.

    For a person's own commits whose harness was measured before, for example after a `git revert` by hand.
    """

    name = "noted"

    def rule(self, comparison: Comparison, train: Posterior) -> Decision:
        return decided(train, "kept", f"a person's commit, measured before (P = {train.above():.2f})")


GATES: dict[str, Callable[[], Gate]] = {
    "bayes": BayesGate,
    "strict": StrictGate,
    "pareto": ParetoGate,
    "greedy": GreedyGate,
    "flips": FlipsGate,
    "lean": LeanGate,
}


def make_gate(
    name: str, *, quick: bool = False, tax: float = 0.0, price: float = 0.0, ceiling: Ceiling | None = None
) -> Gate:
    """The gate of that name. With `quick`, a held-out task gets no more rollouts than a train task.

    `tax`, in points for each 1,000 tokens of the prompt, and `price`, in tokens a task that a point may cost, apply to
    `bayes` only, `ceiling` to `bayes` and `lean`: the others run the same rollouts for every candidate.
    Raises `UsageError` that lists the names.
    """
    if name not in GATES:
        raise UsageError(f"there is no gate {name!r}: set [evolve] gate to one of {', '.join(GATES)}")
    heldout, ceiling = 0 if quick else PER_ARM, ceiling or Ceiling()
    if name == "bayes":
        return BayesGate(heldout=heldout, tax=tax / 100, price=price, ceiling=ceiling)
    return LeanGate(heldout=heldout, ceiling=ceiling) if name == "lean" else GATES[name]()
