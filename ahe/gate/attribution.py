"""Leave-one-out attribution: what each commit of a candidate is worth. It requests rollouts and gives verdicts.

S is the set of pieces (commits) that are still in. For a piece i of S, Δ_i is the mean over the disputed tasks of the
pass rate of S minus that of S without i, with the posterior of `ahe.gate.posterior` on fresh rollouts of both.
P_i = P(Δ_i > 0). The rollouts that selected the tasks are biased by that selection, so they are not used again.

Backward elimination: a piece is judged in the presence of all others. When one is dropped, the rest are judged again
without it. So a piece that breaks everything cannot hide a good one (where nothing works, leaving a good piece out
changes nothing), and of two pieces that do the same thing one stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ahe.gate.decisions import unusable
from ahe.gate.posterior import CONCENTRATION, Pairs, Posterior, posterior
from ahe.records import Interval, Tally

HIGHEST = 8
MOST_TASKS = 12
STEP, DEEPEST = 2, 6

Rolls = Mapping[str, Sequence[float | None]]
"""By task, the reward of each fresh attempt in its order, in [0, 1]; None: missing."""
LeftOut = frozenset[str]
"""A tree, named by the pieces that it lacks; the empty set is the whole candidate."""


@dataclass(frozen=True)
class BurdenOfProof:
    """What a piece has to show: kept at P ≥ `keep`, dropped at P ≤ `revert`; in the last round both are `final`."""

    keep: float
    revert: float
    final: float

    def at(self, depth: int) -> tuple[float, float]:
        """The bounds (keep, revert) after `depth` rollouts a task and tree."""
        share = (depth - STEP) / (DEEPEST - STEP)
        return self.keep + share * (self.final - self.keep), self.revert + share * (self.final - self.revert)


PROVE_GOOD = BurdenOfProof(keep=0.95, revert=0.15, final=0.75)
"""The gate would revert the whole: a piece stays only if it is shown to help."""
PROVE_BAD = BurdenOfProof(keep=0.80, revert=0.08, final=0.25)
"""The gate would keep the whole: a piece goes only if it is shown to harm."""


@dataclass(frozen=True)
class Piece:
    """A commit that may be left out. `builds_on_it`: later pieces without which it cannot be reverted."""

    name: str
    builds_on_it: LeftOut = frozenset()


@dataclass(frozen=True)
class AttributionQuestion:
    """`tasks` are the disputed ones of `train_tasks` on train; `rolls` are the fresh rollouts of each tree so far.

    The answer depends on nothing else: rounds are replayed from the first attempt on, so a killed attribution
    continues where it stopped.
    """

    pieces: tuple[Piece, ...]
    tasks: tuple[str, ...]
    train_tasks: int
    burden: BurdenOfProof
    rolls: Mapping[LeftOut, Rolls] = field(default_factory=dict)
    concentration: float = CONCENTRATION


@dataclass(frozen=True)
class TreeRequest:
    """Bring a task to `n` fresh attempts of the tree that lacks these pieces."""

    without: LeftOut
    task: str
    n: int


@dataclass(frozen=True)
class PieceVerdict:
    """The verdict on a piece from leaving it out. `without` and `base` are the trees that were compared.

    `found` is over the D disputed tasks; `delta` and `raw` are scaled to all T tasks of train by D/T: no effect is
    assumed on the other tasks. `together` are the pieces it was left out with.
    """

    piece: str
    outcome: Literal["kept", "reverted"]
    score: float
    found: Posterior
    pairs: Pairs
    train_tasks: int
    base: LeftOut
    without: LeftOut
    together: tuple[str, ...] = ()

    @property
    def delta(self) -> Interval:
        found, scale = self.found.interval(), len(self.found.tasks) / self.train_tasks
        return Interval(mean=scale * found.mean, low=scale * found.low, high=scale * found.high)

    @property
    def raw(self) -> float:
        return self.found.raw * len(self.found.tasks) / self.train_tasks


@dataclass(frozen=True)
class AttributionStep:
    """The rollouts that are needed first, or the verdict on each piece, or the `problem` that prevents one."""

    requests: tuple[TreeRequest, ...] = ()
    verdicts: tuple[PieceVerdict, ...] = ()
    problem: str = ""

    @property
    def dropped(self) -> LeftOut:
        return frozenset(each.piece for each in self.verdicts if each.outcome == "reverted")


def disputed(
    train: Pairs, named: Sequence[str] = (), concentration: float = CONCENTRATION
) -> tuple[str, ...]:
    """The tasks on which pieces are compared: those that the candidate most probably moved, and the named ones.

    The 8 with the highest mean square shift E[δ_t²] = v_t + (π_t(μ_c−μ_b))², then the predicted and risked ones,
    12 at most. (v_t alone, the variance, would rank possible noise above certain changes.) Only tasks that both arms
    have scored, which are few if the candidate was rejected early.
    """
    found = posterior(train, concentration)
    if found is None:
        return ()
    ranked = sorted(found.tasks, key=lambda t: (-found.tasks[t].variance - found.tasks[t].mean ** 2, t))
    wanted = [*ranked[:HIGHEST], *(task for task in ranked[HIGHEST:] if task in set(named))]
    return tuple(wanted[:MOST_TASKS])


def most_rollouts(pieces: int, tasks: int) -> int:
    """Upper bound of the rollouts: 1 + m(m+1)/2 trees, 6 of each on each disputed task."""
    return (1 + pieces * (pieces + 1) // 2) * tasks * DEEPEST


def attribute(question: AttributionQuestion) -> AttributionStep:
    """One step: requests, or the verdicts.

    A stage compares the current tree with that tree without each open piece, with two rollouts a task at first, then
    four, then six. P ≥ keep: the piece is kept. P ≤ revert of the first round: all such pieces are dropped.
    P ≤ revert of this round only: the worst is dropped. After a drop the open pieces begin a new stage.

    A piece that cannot be reverted without later ones that build on it is left out together with them. They are
    dropped together, even if a later one alone looks good, or kept together.
    """
    left: LeftOut = frozenset()
    verdicts: dict[str, PieceVerdict] = {}
    while opened := [piece for piece in question.pieces if piece.name not in verdicts]:
        stage = _stage(question, left, opened)
        if stage.requests or stage.problem:
            return stage
        verdicts |= {each.piece: each for each in stage.verdicts}
        left |= stage.dropped
    return AttributionStep(verdicts=tuple(verdicts[piece.name] for piece in question.pieces))


def _stage(question: AttributionQuestion, left: LeftOut, opened: Sequence[Piece]) -> AttributionStep:
    """The rounds on the tree without `left`, until a piece is dropped or every piece is decided."""
    kept: list[PieceVerdict] = []
    for depth in range(STEP, DEEPEST + 1, STEP):
        trees = {piece.name: left | {piece.name} | piece.builds_on_it for piece in opened}
        if requests := _requests(question, [left, *trees.values()], depth):
            return AttributionStep(requests=requests)
        judged = []
        for name, tree in trees.items():
            found = _left_out(question, name, left, tree, depth)
            if isinstance(found, str):
                return AttributionStep(problem=found)
            judged.append(found)
        keep, revert = question.burden.at(depth)
        good = [each for each in judged if each.score >= keep]
        kept += good
        rest = sorted((each for each in judged if each.score < keep), key=lambda each: each.score)
        bad = [each for each in rest if each.score <= question.burden.revert]
        bad = bad or [each for each in rest[:1] if each.score <= revert]
        if bad:
            return AttributionStep(verdicts=(*kept, *_dropped(bad)))
        opened = [piece for piece in opened if piece.name not in {each.piece for each in good}]
        if not opened:
            break
    return AttributionStep(verdicts=tuple(kept))


def _requests(question: AttributionQuestion, trees: Sequence[LeftOut], depth: int) -> tuple[TreeRequest, ...]:
    """Requests that bring each tree to `depth` attempts, task by task, so that the trees alternate in time."""
    return tuple(
        TreeRequest(tree, task, depth)
        for task in question.tasks
        for tree in dict.fromkeys(trees)
        if len(question.rolls.get(tree, {}).get(task, ())) < depth
    )


def _left_out(
    question: AttributionQuestion, name: str, base: LeftOut, without: LeftOut, depth: int
) -> PieceVerdict | str:
    """The verdict on a piece from its first `depth` rollouts, or why there is none."""
    pairs = {
        task: (Tally.of(question.rolls[without][task][:depth]), Tally.of(question.rolls[base][task][:depth]))
        for task in question.tasks
    }
    found = posterior(pairs, question.concentration)
    if problem := unusable(pairs):
        return problem
    if found is None:
        return "no disputed task was scored in both arms"
    together = tuple(sorted(without - base - {name}))
    score, train_tasks = found.above(), question.train_tasks
    return PieceVerdict(name, "kept", score, found, pairs, train_tasks, base, without, together)


def _dropped(verdicts: Sequence[PieceVerdict]) -> list[PieceVerdict]:
    """These pieces and those left out with them, as dropped; a piece's own verdict wins over another's."""
    gone = [replace(each, outcome="reverted") for each in verdicts]
    own = {each.piece for each in gone}
    with_them = [
        replace(each, piece=name, together=tuple(sorted({each.piece, *each.together} - {name})))
        for each in gone
        for name in each.together
    ]
    return [*(each for each in with_them if each.piece not in own), *gone]
