"""What happens in each rollout, before any text is made: who fails, by which cause, and where the decisive line stands.

Of the tasks with a planted failure 35 % fail always, 45 % sometimes, 20 % by two different causes. In half of the
tasks every failing rollout shows the decisive line once; in the others a single one does, and the rest fail silently.
A third of the passing rollouts have decoys: the wording of a cause (in partly passing tasks often that of the
task's own) with other details, met and mended. Rollouts that fail have no decoy, so the truth is not in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.kinds import Kind, Line, Symptom, worded
from benchmarks.traces.loud import LOUD
from benchmarks.traces.quiet import QUIET

KINDS = (*LOUD, *QUIET)
SIGMA = 0.8
TURN = 4_000
"""Bytes by which a rollout goes beyond its size, on the average: its last turn is written whole."""
NOISE = 10
"""One task that always passes for so many with a planted failure."""


@dataclass(frozen=True)
class Insert:
    """Something that has to happen when `at` of the trial's bytes are written."""

    at: float
    role: Literal["cause", "decoy", "herring", "symptom"]
    line: Line | None = None


@dataclass(frozen=True)
class Rollout:
    """One trial to write; `size` in bytes.

    `symptom` is what its verifier complains of; `cause` numbers the causes of its task.
    """

    id: str
    task: str
    attempt: int
    size: int
    failed: bool
    ended: str
    gave_up: bool
    inserts: tuple[Insert, ...]
    symptom: Symptom | None = None
    cause: int = 0


@dataclass(frozen=True)
class _Cause:
    kind: Kind
    wording: str
    symptom: Symptom
    line: Line


def tasks(seed: int, size: int, count: int, rollouts: int) -> Iterator[tuple[Rollout, ...]]:
    """The rollouts of each task; `count` tasks have a planted failure, and a tenth as many always pass."""
    chance = Chance(seed, "plan")
    total = count + count // NOISE
    weights = [
        [min(8.0, max(0.15, chance.skewed(1.0, SIGMA))) for _ in range(rollouts)] for _ in range(total)
    ]
    unit = size / sum(map(sum, weights))
    shapes = ["all"] * (count * 35 // 100) + ["two"] * (count // 5)
    shapes += ["partly"] * (count - len(shapes)) + ["passing"] * (total - count)
    deck = _deck(chance)

    def sizes(row: list[float]) -> list[int]:
        return [max(3_000, int(weight * unit) - TURN) for weight in row]

    for number, shape in enumerate(chance.shuffled(shapes)):
        name = f"{chance.pick(words.VERBS)}-{chance.pick(words.NOUNS)}-{number:04d}"
        causes = [
            _cause(seed, name, next(deck), chance) for _ in range({"two": 2, "passing": 0}.get(shape, 1))
        ]
        yield _task(chance, seed, name, shape, causes, sizes(weights[number]))


def _deck(chance: Chance) -> Iterator[Kind]:
    """Every kind as often as any other; never the same twice in a row."""
    last: Kind | None = None
    while True:
        hand = chance.shuffled(KINDS)
        if hand[0] is last:
            hand.append(hand.pop(0))
        yield from hand
        last = hand[-1]


def _cause(seed: int, name: str, kind: Kind, chance: Chance) -> _Cause:
    wording = chance.pick(kind.wordings(seed))
    usual, other = kind.symptoms
    line = worded(kind, wording, name, Chance(seed, name, kind.name))
    return _Cause(kind, wording, usual if chance.maybe(0.7) else other, line)


def _task(
    chance: Chance, seed: int, name: str, shape: str, causes: list[_Cause], sizes: list[int]
) -> tuple[Rollout, ...]:
    count = len(sizes)
    fails = {"all": count, "passing": 0, "two": chance.number(min(2, count), count)}.get(shape)
    fails = chance.number(1, max(1, count - 1)) if fails is None else fails
    failing = chance.sample(range(count), fails)
    each = chance.maybe(0.5)
    plans = []
    for attempt, size in enumerate(sizes):
        label = chance.hex(24)
        if attempt not in failing:
            inserts = _passing(chance, seed, name, causes)
            plans.append(Rollout(label, name, attempt, size, False, "answered", False, inserts))
            continue
        turn = failing.index(attempt)
        which = turn % len(causes)
        shown = causes[which].line if each or turn < len(causes) else None
        ended = chance.pick(("answered",) * 15 + ("turns",) * 3 + ("seconds", "tokens"))
        gave_up = ended == "answered" and chance.maybe(0.07)
        inserts = _failing(chance, shown)
        plans.append(
            Rollout(label, name, attempt, size, True, ended, gave_up, inserts, causes[which].symptom, which)
        )
    return tuple(plans)


def _failing(chance: Chance, shown: Line | None) -> tuple[Insert, ...]:
    at = 0.03 + 0.85 * chance.real()
    inserts = [Insert(at, "cause", shown)] if shown else []
    if chance.maybe(0.55):
        inserts.append(Insert(max(at + 0.05, 0.8 + 0.17 * chance.real()), "symptom"))
    return tuple(sorted([*inserts, *_herrings(chance)], key=lambda insert: insert.at))


def _passing(chance: Chance, seed: int, name: str, causes: list[_Cause]) -> tuple[Insert, ...]:
    inserts = _herrings(chance)
    if chance.maybe(0.35):
        own = bool(causes) and chance.maybe(0.6)
        kind = chance.pick(causes).kind if own else chance.pick(KINDS)
        wording = (
            chance.pick([cause.wording for cause in causes]) if own else chance.pick(kind.wordings(seed))
        )
        kind = next(known for known in KINDS if wording in known.wordings(seed))
        line = worded(kind, wording, name, Chance(seed, name, "decoy", chance.hex(8)))
        inserts.append(Insert(0.03 + 0.85 * chance.real(), "decoy", line))
    return tuple(sorted(inserts, key=lambda insert: insert.at))


def _herrings(chance: Chance) -> list[Insert]:
    count = chance.pick((0, 0, 0, 1, 1, 2))
    return [Insert(0.85 + 0.13 * chance.real(), "herring") for _ in range(count)]
