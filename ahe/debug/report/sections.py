"""The sections of a debug report, in the order in which the evolver reads them; each part has a worth.

Worth, highest first: the counts; the large clusters; the newest verdicts; the causes of small clusters; tasks that
got worse; where passing and failing rollouts diverge; then excerpts, the lines of small clusters, limits, what to
preserve, and the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ahe.debug.report.clusters import cluster_parts, names
from ahe.debug.report.compose import Part, Section
from ahe.debug.report.quote import best_finding, cite, indented
from ahe.debug.signals.outcome import TaskOutcome
from ahe.debug.signals.vocabulary import STATUSES
from ahe.records import Cluster, Tally

LIMITS = {"turns", "tokens", "seconds"}
NAMED = 8
"""Endings and causes that are listed; the rest is only counted."""

DONE = ("answered", "answered_after_error")
ABSENT = ("missing_output", "empty_output")


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


def sections(material: Material) -> list[Section]:
    """The sections that are not empty."""
    by_label = {rollout.trial: rollout for task in material.tasks for rollout in task.rollouts}
    found = [
        Section("Verdicts on earlier changes", tuple(_history(material.history)), "`ahe log`"),
        Section("Pass rates", (*_mean(material), *_endings(material), *_rates(material)), "detail/"),
        Section("Failure clusters", tuple(cluster_parts(material.clusters, by_label)), "clusters.json"),
        Section("Partly passing: the same harness passed and failed", tuple(_partly(material)), "detail/"),
        Section(
            "What the debugger model says (quotes are checked, claims are not)",
            tuple(_answers(material)),
            "detail/",
        ),
        Section("Out of turns, tokens or time", tuple(_limits(material.tasks)), "detail/"),
        Section("Worse than before", tuple(_worse(material)), "detail/"),
        Section("Always passing: preserve these", tuple(_preserve(material)), "detail/"),
        Section("Not scored: what stands out", tuple(_unscored(material.tasks)), "detail/"),
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
    states: dict[str, int] = {}
    for task in material.tasks:
        states[task.state] = states.get(task.state, 0) + 1
    counted = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    scored = [task for task in material.tasks if task.scored]
    if scored:
        mean = sum(task.passes / task.scored for task in scored) / len(scored)
        counted = f"mean {mean:.1%} over {len(scored)} tasks; {counted}"
    yield Part(f"- {counted}", 99)
    if material.heldout is not None and material.heldout.n:
        yield Part(f"- held-out: {material.heldout.passes} of {material.heldout.n} rollouts passed", 60)


def _rates(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        if task.scored:
            yield Part(f"- {task.task}: {task.passes} of {task.scored}", 22)


def _endings(material: Material) -> Iterator[Part]:
    if said := endings(material.tasks):
        yield Part(said, 97)


def _partly(material: Material) -> Iterator[Part]:
    partly = _in_state(material.tasks, "partly passed")
    for nth, task in enumerate(sorted(partly, key=lambda task: (task.passes / task.scored, task.task))):
        lines = [f"- {task.task}: {task.passes} of {task.scored}"]
        if task.divergence is not None:
            lines.append(indented(f"failing did {cite(task.divergence.failing)}"))
            lines.append(indented(f"passing did {cite(task.divergence.passing)}"))
        yield Part("\n".join(lines), 84 - nth)


def _answers(material: Material) -> Iterator[Part]:
    order = {"partly passed": 0, "all failed": 1, "all passed": 2}
    asked = [task for task in material.tasks if task.task in material.answers]
    for nth, task in enumerate(sorted(asked, key=lambda task: (order.get(task.state, 3), task.task))):
        said = indented(material.answers[task.task]).lstrip()
        yield Part(f"- {task.task}: {said}", 88 - nth)


def _limits(tasks: Sequence[TaskOutcome]) -> Iterator[Part]:
    for task in tasks:
        ends = sorted({rollout.ended for rollout in task.rollouts if rollout.ended in LIMITS})
        if ends:
            count = sum(rollout.ended in LIMITS for rollout in task.rollouts)
            yield Part(f"- {task.task}: {count} of {len(task.rollouts)} out of {', '.join(ends)}", 62)


def _worse(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        before = material.before.get(task.task)
        if before is None or not before.n or not task.scored:
            continue
        if before.passes / before.n > task.passes / task.scored:
            now = f"{task.passes} of {task.scored}"
            yield Part(f"- {task.task}: {before.passes} of {before.n} before, {now} now", 86)


def _preserve(material: Material) -> Iterator[Part]:
    always = _in_state(material.tasks, "all passed")
    if always:
        yield Part(f"- {names([task.task for task in always], most=60)}", 45)
    for task in always:
        costly = max(task.rollouts, key=lambda rollout: (rollout.tokens, rollout.label))
        if costly.tokens:
            yield Part(f"- {task.task}: up to {costly.turns} turns, {costly.tokens} tokens", 15)


def _unscored(tasks: Sequence[TaskOutcome]) -> Iterator[Part]:
    """Unscored rollouts, each with its best finding; those without a finding are counted."""
    quiet = 0
    for task in tasks:
        for rollout in task.rollouts:
            if rollout.status != "unknown":
                continue
            if found := best_finding(rollout):
                yield Part(f"- {task.task}: {cite(found.citation)}", 40 + min(found.score, 5))
            else:
                quiet += 1
    if quiet:
        yield Part(f"- {quiet} rollouts that nothing scored show nothing that stands out", 39)


def _unread(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        for rollout in task.rollouts:
            if rollout.status == "missing":
                yield Part(f"- {task.task}, {rollout.label}: missing ({rollout.verdict or 'no verdict'})", 20)
            for damage in rollout.damage:
                yield Part(f"- {rollout.label}: {damage.where}: {damage.what}", 35)
    for note in material.notes:
        yield Part(f"- {note}", 55)


def _where(material: Material) -> str:
    return (
        f"- detail/<task>.md for each of {len(material.tasks)} tasks; clusters.json; "
        "`ahe trace LABEL --step N --raw` shows a step as it was recorded"
    )


def _in_state(tasks: Sequence[TaskOutcome], state: str) -> list[TaskOutcome]:
    return [task for task in tasks if task.state == state]


def endings(tasks: Sequence[TaskOutcome]) -> str:
    """How the failed rollouts ended and what the verifier found, as a list of counts; empty if no rollout failed."""
    return "\n".join(_ending_lines(tasks))


def _ending_lines(tasks: Sequence[TaskOutcome]) -> Iterator[str]:
    failed = [
        (task.task, rollout, rollout.signature)
        for task in tasks
        for rollout in task.rollouts
        if rollout.status == "failed" and rollout.signature is not None
    ]
    if not failed:
        return
    yield f"- how the {len(failed)} failed rollouts ended:"
    statuses = Counter(signature.status for _, _, signature in failed)
    for status, count in _ranked(statuses)[:NAMED]:
        yield f"  - {count} {status}: {STATUSES.get(status, status)}"
    if (rest := _rest(statuses)) > 0:
        yield f"  - {rest} otherwise"
    if few := sum(rollout.calls <= 1 for _, rollout, _ in failed):
        none = sum(rollout.calls == 0 for _, rollout, _ in failed)
        yield f"  - {few} of them after at most one command" + (f", {none} after none" if none else "")
    if unseen := sum(s.status in DONE and (s.cause in ABSENT or s.status != DONE[0]) for _, _, s in failed):
        yield (
            f"  - {unseen} of them answered although the output was missing or empty, or their last command had"
            " failed: a check before the answer could catch these"
        )
    causes = Counter(signature.cause for _, _, signature in failed)
    spread = Counter(cause for cause, _ in {(signature.cause, task) for task, _, signature in failed})
    named = [f"{count} {cause} (tasks: {spread[cause]})" for cause, count in _ranked(causes)[:NAMED]]
    more = [f"{rest} otherwise"] if (rest := _rest(causes)) > 0 else []
    yield f"- what the verifier found: {', '.join(named + more)}"


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _rest(counts: Counter[str]) -> int:
    return sum(count for _, count in _ranked(counts)[NAMED:])
