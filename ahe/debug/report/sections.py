"""The sections of a debug report, in the order in which they are read; each part has a worth.

The first screen tells the root causes: the counts, what was not the agent's doing, each failure in the verifier's words
with how it ended and the acts that decided it. Worth decides what is cut: first what only repeats or lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ahe.debug.report.compose import Part, Section
from ahe.debug.report.failures import by_ending, ended, failure_parts, full_words, named
from ahe.debug.report.quote import cite, cite_finding, count, indented, names, recorded
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.debug.signals.vocabulary import NOT_THE_AGENT, NOTHING_DONE, THE_HARNESS
from ahe.records import Cluster, Tally

NAMED = 6
"""Endings and causes that are listed; the rest is only counted."""


@dataclass(frozen=True)
class Material:
    """What a report is made of. `answers` are the debugger agents' paragraphs, by task.

    `history` has one line for each decided change, newest first; `before` are the tallies of the harness before the
    last kept change; `heldout` counts rollouts and never names a task.
    """

    tasks: tuple[TaskOutcome, ...]
    clusters: tuple[Cluster, ...]
    history: tuple[str, ...] = ()
    before: Mapping[str, Tally] = field(default_factory=dict)
    heldout: Tally | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> list[tuple[str, Rollout]]:
        return self.in_status("failed")

    def in_status(self, status: str) -> list[tuple[str, Rollout]]:
        """The rollouts with this status, each with its task."""
        return [(task.task, r) for task in self.tasks for r in task.rollouts if r.status == status]


def sections(material: Material) -> list[Section]:
    """The sections that are not empty."""
    by_trial = {rollout.trial: (task.task, rollout) for task in material.tasks for rollout in task.rollouts}
    unscored = material.in_status("unknown")
    lost = [
        *material.failed,
        *material.in_status("missing"),
        *(u for u in unscored if ended(u[1]) in (*NOTHING_DONE, *THE_HARNESS)),
    ]
    found = [
        Section("Verdicts on earlier changes", tuple(_history(material.history)), "`ahe log`"),
        Section("In short", (*_mean(material), *_endings(material.failed)), "detail/"),
        Section("Not the agent's doing", tuple(by_ending(lost, NOT_THE_AGENT)), "detail/"),
        Section("The harness's own code: to be repaired", tuple(by_ending(lost, THE_HARNESS)), "detail/"),
        Section(
            "Failures: the verifier's words, and the acts that decided",
            tuple(failure_parts(material.clusters, by_trial)),
            "detail/",
        ),
        Section(
            "Passed and failed: the first difference in what was changed", tuple(_partly(material)), "detail/"
        ),
        Section(
            "What the debugger model says (quotes are checked, claims are not)",
            tuple(_answers(material)),
            "detail/",
        ),
        Section("Not scored: what the sessions show", tuple(_unscored(material)), "detail/"),
        Section("Worse than before", tuple(_worse(material)), "detail/"),
        Section("Always passing: preserve these", tuple(_preserve(material)), "detail/"),
        Section("Pass rates", tuple(_rates(material)), "detail/"),
        Section("The verifier's words in full", tuple(full_words(lost)), "detail/"),
        Section("Missing, or damaged", tuple(_unread(material)), "detail/"),
        Section("Where to look", (Part(_where(material), 97),)),
    ]
    return [section for section in found if section.parts]


def scores(material: Material) -> list[Section]:
    """Pass rates alone, to measure what the rest of the report is worth."""
    return [
        Section("Verdicts on earlier changes", tuple(_history(material.history)), "`ahe log`"),
        Section("Pass rates", (*_mean(material), *_rates(material))),
    ]


def _history(lines: Sequence[str]) -> Iterator[Part]:
    for age, line in enumerate(lines):
        yield Part(line, 95 - 10 * age if age < 3 else 30 - age)


def _mean(material: Material) -> Iterator[Part]:
    statuses = Counter(rollout.status for task in material.tasks for rollout in task.rollouts)
    counted = ", ".join(
        f"{statuses[each]} {each}" for each in ("failed", "passed", "missing") if statuses[each]
    )
    unscored = [f"{count(statuses['unknown'], 'rollout')} not scored"] if statuses["unknown"] else []
    yield Part(f"- rollouts: {', '.join(filter(None, [counted, *unscored])) or 'none'}", 100)
    scored = [task for task in material.tasks if task.scored]
    if scored:
        mean = sum(task.passes / task.scored for task in scored) / len(scored)
        states = Counter(task.state for task in material.tasks)
        named = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        yield Part(f"- mean pass rate {mean:.1%} over {count(len(scored), 'task')}: {named}", 99)
    if material.heldout is not None and material.heldout.n:
        yield Part(f"- held-out: {material.heldout.passes} of {material.heldout.n} rollouts passed", 60)


def _endings(failed: Sequence[tuple[str, Rollout]]) -> Iterator[Part]:
    """How the failed rollouts ended: not the agent's doing, the harness's code, the rest with the verifier's causes."""
    signed = [rollout.signature for _, rollout in failed if rollout.signature is not None]
    if not signed:
        return
    others = Counter(sign.status for sign in signed if sign.status in NOT_THE_AGENT)
    if others:
        yield Part(
            f"- not the agent's doing: {others.total()} of {len(signed)} failures ({_listed(others)})", 99
        )
    code = Counter(sign.status for sign in signed if sign.status in THE_HARNESS)
    if code:
        yield Part(
            f"- the harness's own code: {code.total()} of {len(signed)} failures ({_listed(code)})", 98.95
        )
    own = [sign for sign in signed if sign.status not in (*NOT_THE_AGENT, *THE_HARNESS)]
    if own:
        yield Part(f"- the agent's failures ended: {_listed(Counter(sign.status for sign in own))}", 98.9)
        causes = Counter(sign.cause for sign in own)
        yield Part(f"- the verifier found: {_listed(causes)}", 98.8)
    if few := sum(rollout.calls <= 1 and ended(rollout) not in NOT_THE_AGENT for _, rollout in failed):
        yield Part(f"- after at most one command: {few} of them", 70)


def _listed(counts: Counter[str]) -> str:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(n for _, n in ranked[NAMED:])
    return ", ".join([f"{n} {word}" for word, n in ranked[:NAMED]] + [f"{rest} otherwise"] * (rest > 0))


def _partly(material: Material) -> Iterator[Part]:
    partly = _in_state(material.tasks, "partly passed")
    for nth, task in enumerate(sorted(partly, key=lambda task: (task.passes / task.scored, task.task))):
        lines = [f"- {task.task}: {task.passes} of {task.scored}"]
        if task.divergence is not None:
            lines += [indented(f"{side}: {cite(citation)}") for side, citation in task.divergence.sides]
        else:
            lines[0] += "; no difference in what they changed: chance, or something outside of the agent"
        yield Part("\n".join(lines), 84 - nth)


def _answers(material: Material) -> Iterator[Part]:
    order = {"partly passed": 0, "all failed": 1, "all passed": 2}
    asked = [task for task in material.tasks if task.task in material.answers]
    for nth, task in enumerate(sorted(asked, key=lambda task: (order.get(task.state, 3), task.task))):
        said = indented(material.answers[task.task]).lstrip()
        yield Part(f"- {task.task}: {said}", 88 - nth)


def _unscored(material: Material) -> Iterator[Part]:
    """Unscored rollouts, those that show most first."""
    pairs = material.in_status("unknown")
    for nth, (task, rollout) in enumerate(
        sorted(pairs, key=lambda pair: (-len(pair[1].notes), pair[1].label))
    ):
        sign = rollout.signature
        how = ", ".join(
            filter(None, (f"{sign.status} / {sign.mechanism}" if sign else "", recorded(rollout)))
        )
        yield Part(f"- {named(task, rollout)}: {how}, {count(rollout.turns, 'turn')}", 90 - nth)
        acted = [cite_finding(finding) for finding in rollout.findings]
        yield from (
            Part(indented(f"- {note}"), 89 - nth - k) for k, note in enumerate((*rollout.notes, *acted))
        )


def _worse(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        before = material.before.get(task.task)
        if before is None or not before.n or not task.scored:
            continue
        if before.passes / before.n > task.passes / task.scored:
            now = f"{task.passes} of {task.scored}"
            yield Part(f"- {task.task}: {before.passes} of {before.n} before, {now} now", 92)


def _preserve(material: Material) -> Iterator[Part]:
    if always := _in_state(material.tasks, "all passed"):
        yield Part(f"- {names([task.task for task in always], most=60)}", 45)


def _rates(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        if task.scored:
            yield Part(f"- {task.task}: {task.passes} of {task.scored}", 42)


def _unread(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        for rollout in task.rollouts:
            if rollout.status == "missing":
                yield Part(
                    f"- {task.task}, {rollout.label}: missing ({rollout.verdict or rollout.ended or 'no verdict'})",
                    20,
                )
            for damage in rollout.damage:
                yield Part(f"- {rollout.label}: {damage.where}: {damage.what}", 35)
    for note in material.notes:
        yield Part(f"- {note}", 55)


def _where(material: Material) -> str:
    return (
        f"- detail/<task>.md for each of {count(len(material.tasks), 'task')}; clusters.json; "
        "`ahe trace LABEL --step N --raw` shows a step as it was recorded"
    )


def _in_state(tasks: Sequence[TaskOutcome], state: str) -> list[TaskOutcome]:
    return [task for task in tasks if task.state == state]
