"""Tells the commits of one candidate apart, by leaving them out. Pure: it asks for rollouts and gives verdicts.

For a piece i (a commit) of the set S that is still in: Δ_i = mean over the disputed tasks of the pass rate of S
less that of S without i, with the posterior of `ahe.gate.posterior` on fresh rollouts of both. Those that chose the
tasks flatter, so they are not used again. P_i = P(Δ_i > 0).

Backward elimination: pieces are judged in the presence of all others; what is dropped changes the ground for the
rest, which are judged again without it. So a piece that breaks everything hides no good one (where nothing works,
leaving a good piece out changes nothing), and of two pieces that do the same thing one stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from ahe.gate.coverage import unusable
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
class Burden:
    """What a piece has to show: kept at P ≥ `keep`, dropped at P ≤ `revert`; both reach `final` at the last round."""

    keep: float
    revert: float
    final: float

    def at(self, depth: int) -> tuple[float, float]:
        """The bounds (keep, revert) after `depth` rollouts a task and tree."""
        share = (depth - STEP) / (DEEPEST - STEP)
        return self.keep + share * (self.final - self.keep), self.revert + share * (self.final - self.revert)


PROVE_GOOD = Burden(keep=0.95, revert=0.15, final=0.75)
"""The gate would revert the whole: a piece stays only if it proves itself."""
PROVE_BAD = Burden(keep=0.80, revert=0.08, final=0.25)
"""The gate would keep the whole: a piece goes only if it is shown to harm."""


@dataclass(frozen=True)
class Piece:
    """A commit that may be left out. `builds_on_it`: later pieces without which it cannot be reverted."""

    name: str
    builds_on_it: LeftOut = frozenset()


@dataclass(frozen=True)
class Question:
    """`tasks` are the disputed ones of `of` tasks on train; `rolls` are the fresh rollouts of each tree so far.

    The answer is a function of the question: rounds are replayed from the first attempt on, so that a killed
    attribution goes on as if nothing had happened.
    """

    pieces: tuple[Piece, ...]
    tasks: tuple[str, ...]
    of: int
    burden: Burden
    rolls: Mapping[LeftOut, Rolls] = field(default_factory=dict)
    concentration: float = CONCENTRATION


@dataclass(frozen=True)
class TreeAsk:
    """Bring a task to `n` fresh attempts of the tree that lacks these pieces."""

    without: LeftOut
    task: str
    n: int


@dataclass(frozen=True)
class Share:
    """What leaving a piece out showed. `without` and `base` are the trees that were compared.

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
    """Rollouts that are wanted first, or what each piece is worth, or (`problem`) why nothing can be said."""

    asks: tuple[TreeAsk, ...] = ()
    shares: tuple[Share, ...] = ()
    problem: str = ""

    @property
    def dropped(self) -> LeftOut:
        return frozenset(share.piece for share in self.shares if share.outcome == "reverted")


def disputed(
    train: Pairs, named: Sequence[str] = (), concentration: float = CONCENTRATION
) -> tuple[str, ...]:
    """The tasks on which pieces are told apart: those that the candidate most probably moved, and the named.

    The 8 of the highest mean square shift E[δ_t²] = v_t + (π_t(μ_c−μ_b))², then the predicted and risked ones,
    12 at most. (v_t alone, the variance, would rank what may be noise above what surely moved.) Only tasks that
    both arms have scored: a candidate that was given up early is told apart where it was seen.
    """
    found = posterior(train, concentration)
    if found is None:
        return ()
    ranked = sorted(found.tasks, key=lambda t: (-found.tasks[t].variance - found.tasks[t].mean ** 2, t))
    wanted = [*ranked[:HIGHEST], *(task for task in ranked[HIGHEST:] if task in set(named))]
    return tuple(wanted[:MOST_TASKS])


def most_rollouts(pieces: int, tasks: int) -> int:
    """The bound of the cost: 1 + m(m+1)/2 trees, 6 rollouts of each on each disputed task."""
    return (1 + pieces * (pieces + 1) // 2) * tasks * DEEPEST


def attribute(question: Question) -> AttributionStep:
    """One step: asks, or the verdicts.

    A stage compares the tree at hand with it less each open piece, two rollouts a task at first, then four, then
    six. P ≥ keep: the piece is kept. P ≤ revert as at the first round: it is dropped, with all that are so bad.
    P ≤ revert of this round: only the worst is dropped. After a drop the others that are open begin a new stage.

    A piece that cannot be reverted without later ones that build on it is left out with them: they go together
    (also where a later one alone looks good) unless what they do together holds.
    """
    left: LeftOut = frozenset()
    shares: dict[str, Share] = {}
    while opened := [piece for piece in question.pieces if piece.name not in shares]:
        stage = _stage(question, left, opened)
        if stage.asks or stage.problem:
            return stage
        shares |= {share.piece: share for share in stage.shares}
        left |= stage.dropped
    return AttributionStep(shares=tuple(shares[piece.name] for piece in question.pieces))


def _stage(question: Question, left: LeftOut, opened: Sequence[Piece]) -> AttributionStep:
    """From one tree on: until something is dropped, or nothing is open any more."""
    kept: list[Share] = []
    for depth in range(STEP, DEEPEST + 1, STEP):
        trees = {piece.name: left | {piece.name} | piece.builds_on_it for piece in opened}
        if asks := _asks(question, [left, *trees.values()], depth):
            return AttributionStep(asks=asks)
        seen = [_share(question, name, left, tree, depth) for name, tree in trees.items()]
        if problem := next((share for share in seen if isinstance(share, str)), ""):
            return AttributionStep(problem=problem)
        judged = [share for share in seen if isinstance(share, Share)]
        keep, revert = question.burden.at(depth)
        good = [share for share in judged if share.score >= keep]
        kept += good
        rest = sorted((share for share in judged if share.score < keep), key=lambda share: share.score)
        bad = [share for share in rest if share.score <= question.burden.revert]
        bad = bad or [share for share in rest[:1] if share.score <= revert]
        if bad:
            return AttributionStep(shares=(*kept, *_dropped(bad)))
        opened = [piece for piece in opened if piece.name not in {share.piece for share in good}]
        if not opened:
            break
    return AttributionStep(shares=tuple(kept))


def _asks(question: Question, trees: Sequence[LeftOut], depth: int) -> tuple[TreeAsk, ...]:
    """What is missing to `depth` attempts of each tree, task by task: the trees alternate in time."""
    return tuple(
        TreeAsk(tree, task, depth)
        for task in question.tasks
        for tree in dict.fromkeys(trees)
        if len(question.rolls.get(tree, {}).get(task, ())) < depth
    )


def _share(question: Question, name: str, base: LeftOut, without: LeftOut, depth: int) -> Share | str:
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
    return Share(name, "kept", found.above(), found, pairs, question.of, base, without, together)


def _dropped(shares: Sequence[Share]) -> list[Share]:
    """These as dropped, with the pieces that go with each; a piece's own share wins over one it shares."""
    gone = [replace(share, outcome="reverted") for share in shares]
    own = {share.piece for share in gone}
    with_them = [
        replace(share, piece=name, together=_others(share, name)) for share in gone for name in share.together
    ]
    return [*(share for share in with_them if share.piece not in own), *gone]


def _others(share: Share, name: str) -> tuple[str, ...]:
    return tuple(sorted({share.piece, *share.together} - {name}))


def _tally(outcomes: Sequence[bool | None]) -> Tally:
    missing = sum(outcome is None for outcome in outcomes)
    return Tally(passes=sum(map(bool, outcomes)), n=len(outcomes) - missing, missing=missing)
