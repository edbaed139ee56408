"""Leave-one-out attribution: what each commit of a candidate is worth. It requests rollouts and gives verdicts.

For a piece i (a commit) of the set S that is still in: Δ_i = mean over the disputed tasks of the pass rate of S
less that of S without i, with the posterior of `ahe.gate.posterior` on fresh rollouts of both. The rollouts that chose
the tasks flatter, so they are not used again. P_i = P(Δ_i > 0).

Backward elimination: pieces are judged in the presence of all others; what is dropped changes the ground for the
rest, which are judged again without it. So a piece that breaks everything hides no good one (where nothing works,
leaving a good piece out changes nothing), and of two pieces that do the same thing one stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ahe.gate.decisions import unusable
from ahe.gate.posterior import CONCENTRATION, Pairs, Posterior, posterior
from ahe.records import Interval, Tally

HIGHEST = 8
MOST_TASKS = 12
STEP, DEEPEST = 2, 6

Rolls = Mapping[str, Sequence[bool | None]]
"""By task, the outcome of each fresh attempt in its order; None: missing."""
LeftOut = frozenset[str]
"""A tree, by the names of the pieces that it lacks; the empty set is the whole candidate."""


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
"""The gate would revert the whole: a piece stays only if it proves itself."""
PROVE_BAD = BurdenOfProof(keep=0.80, revert=0.08, final=0.25)
"""The gate would keep the whole: a piece goes only if it is shown to harm."""


@dataclass(frozen=True)
class Piece:
    """A commit that may be left out. `builds_on_it`: later pieces without which it cannot be reverted."""

    name: str
    builds_on_it: LeftOut = frozenset()


@dataclass(frozen=True)
class AttributionQuestion:
    """`tasks` are the disputed ones of `of` tasks on train; `rolls` are the fresh rollouts of each tree so far.

    The answer is a function of the question: rounds are replayed from the first attempt on, so a killed
    attribution continues where it was.
    """

    pieces: tuple[Piece, ...]
    tasks: tuple[str, ...]
    of: int
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

    `found` is over the disputed tasks; `delta` and `raw` are in terms of the whole train split, D/T times as
    large: no effect is assumed on tasks that are not in dispute. `together` are the pieces it was left out with.
    """

    piece: str
    outcome: Literal["kept", "reverted"]
    score: float
    found: Posterior
    pairs: Pairs
    of: int
    base: LeftOut
    without: LeftOut
    together: tuple[str, ...] = ()

    @property
    def delta(self) -> Interval:
        there, scale = self.found.interval(), len(self.found.tasks) / self.of
        return Interval(mean=scale * there.mean, low=scale * there.low, high=scale * there.high)

    @property
    def raw(self) -> float:
        return self.found.raw * len(self.found.tasks) / self.of


@dataclass(frozen=True)
class AttributionStep:
    """The rollouts that are needed first, or the verdict on each piece, or (`problem`) why there is none."""

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

    The 8 of the highest mean square shift E[δ_t²] = v_t + (π_t(μ_c−μ_b))², then the predicted and risked ones,
    12 at most. (v_t alone, the variance, would rank what may be noise above what surely moved.) Only tasks that
    both arms have scored: of a candidate that was given up early, those that it has tried.
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

    A stage compares the tree at hand with it less each open piece, two rollouts a task at first, then four, then
    six. P ≥ keep: the piece is kept. P ≤ revert of the first round: all such pieces are dropped.
    P ≤ revert of this round only: the worst is dropped. After a drop the open pieces begin a new stage.

    A piece that cannot be reverted without later ones that build on it is left out together with them: they are
    dropped together (also where a later one alone looks good) or kept together.
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
    """Rounds from one tree on, until a piece is dropped or every piece is decided."""
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
    """What is missing to `depth` attempts of each tree, task by task: the trees alternate in time."""
    return tuple(
        TreeRequest(tree, task, depth)
        for task in question.tasks
        for tree in dict.fromkeys(trees)
        if len(question.rolls.get(tree, {}).get(task, ())) < depth
    )


def _left_out(
    question: AttributionQuestion, name: str, base: LeftOut, without: LeftOut, depth: int
) -> PieceVerdict | str:
    """What the first `depth` rollouts say about a piece, or why they say nothing."""
    pairs = {
        task: (_tally(question.rolls[without][task][:depth]), _tally(question.rolls[base][task][:depth]))
        for task in question.tasks
    }
    found = posterior(pairs, question.concentration)
    if problem := unusable(pairs):
        return problem
    if found is None:
        return "no disputed task was scored in both arms"
    together = tuple(sorted(without - base - {name}))
    return PieceVerdict(name, "kept", found.above(), found, pairs, question.of, base, without, together)


def _dropped(verdicts: Sequence[PieceVerdict]) -> list[PieceVerdict]:
    """These as dropped, with the pieces that go with each; a piece's own verdict wins over another's."""
    gone = [replace(each, outcome="reverted") for each in verdicts]
    own = {each.piece for each in gone}
    with_them = [
        replace(each, piece=name, together=tuple(sorted({each.piece, *each.together} - {name})))
        for each in gone
        for name in each.together
    ]
    return [*(each for each in with_them if each.piece not in own), *gone]


def _tally(outcomes: Sequence[bool | None]) -> Tally:
    missing = sum(outcome is None for outcome in outcomes)
    return Tally(passes=sum(map(bool, outcomes)), n=len(outcomes) - missing, missing=missing)
