"""What stands in a debug report, in the order in which the evolver reads it, each part with its worth.

Worth, highest first: what the clusters are; the newest verdicts; tasks that got worse; where rollouts part;
then excerpts, limits, what to preserve, and the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ahe.debug.finding.rank import STANDS_OUT
from ahe.debug.outcome import Finding, Rollout, TaskOutcome
from ahe.debug.reporting.report import Part, Section
from ahe.records import Citation, Cluster, Tally

NAMES = 12
LIMITS = {"turns", "tokens", "seconds"}


@dataclass(frozen=True)
class Material:
    """What a report is made of. `answers` are the debugger agents' paragraphs, by task.

    `history` has a line a decided change, newest first; `before` are the tallies of the harness before the
    last kept change; `heldout` is a count, never a name.
    """

    tasks: tuple[TaskOutcome, ...]
    clusters: tuple[Cluster, ...]
    history: tuple[str, ...] = ()
    before: Mapping[str, Tally] = field(default_factory=dict)
    heldout: Tally | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    traces: str = "`ahe trace LABEL --step N --raw` shows a step as it was recorded"


def sections(material: Material) -> list[Section]:
    """The sections that have something to say."""
    by_label = {rollout.trial: rollout for task in material.tasks for rollout in task.rollouts}
    found = [
        Section("Verdicts on earlier changes", tuple(_history(material.history)), "`ahe log`"),
        Section("Pass rates", tuple(_rates(material)), "detail/"),
        Section("Failure clusters", tuple(_clusters(material.clusters, by_label)), "clusters.json"),
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
    """Pass rates alone, for measuring what the rest of the report is worth."""
    return [
        Section("Verdicts on earlier changes", tuple(_history(material.history)), "`ahe log`"),
        Section("Pass rates", tuple(_rates(material))),
    ]


def cite(citation: Citation) -> str:
    return f"“{citation.quote}” ({citation})"


def _history(lines: Sequence[str]) -> Iterator[Part]:
    for age, line in enumerate(lines):
        yield Part(line, 95 - 10 * age if age < 3 else 30 - age)


def _rates(material: Material) -> Iterator[Part]:
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
    for task in scored:
        yield Part(f"- {task.task}: {task.passes} of {task.scored}", 22)


def _clusters(clusters: Sequence[Cluster], rollouts: Mapping[str, Rollout]) -> Iterator[Part]:
    for rank, cluster in enumerate(clusters):
        name = f"- **{cluster.signature}**: {len(cluster.trials)} rollouts of {len(cluster.tasks)} tasks"
        yield Part(f"{name} ({_names(cluster.tasks)})", 100 - min(rank, 40) / 2)
        members = [rollouts[trial] for trial in cluster.trials if trial in rollouts]
        for nth, rollout in enumerate(_examples(members)):
            yield Part(_example(rollout), 90 - rank - 20 * nth)


def _examples(members: Sequence[Rollout]) -> list[Rollout]:
    """The two members that say most, of different findings where there are such."""
    ranked = sorted(members, key=lambda r: (-(r.findings[0].score if r.findings else 0.0), r.label))
    seen: set[str] = set()
    chosen = []
    for rollout in ranked:
        line = rollout.findings[0].citation.quote if rollout.findings else ""
        if line not in seen:
            seen.add(line)
            chosen.append(rollout)
    return chosen[:2]


def _example(rollout: Rollout) -> str:
    lines = []
    if rollout.findings:
        lines += [f"  {cite(rollout.findings[0].citation)}", *_fenced(rollout.findings[0])]
    elif rollout.last is not None:
        lines.append(f"  no line stands out; last done: {cite(rollout.last)}")
    if rollout.verdict:
        lines.append(f"  verifier of {rollout.label}: {rollout.verdict}")
    return "\n".join(lines) or f"  {rollout.label} shows nothing that stands out"


def _fenced(finding: Finding) -> list[str]:
    fence = "```" if "```" not in finding.context else "~~~~"
    return [f"  {line}" for line in (fence, *finding.context.splitlines(), fence)]


def _partly(material: Material) -> Iterator[Part]:
    for nth, task in enumerate(_in_state(material.tasks, "partly passed")):
        lines = [f"- {task.task}: {task.passes} of {task.scored}"]
        if task.parting is not None:
            lines.append(f"  failing did {cite(task.parting.failing)}")
            lines.append(f"  passing did {cite(task.parting.passing)}")
        yield Part("\n".join(lines), 84 - nth)


def _answers(material: Material) -> Iterator[Part]:
    order = {"partly passed": 0, "all failed": 1, "all passed": 2}
    asked = [task for task in material.tasks if task.task in material.answers]
    for nth, task in enumerate(sorted(asked, key=lambda task: (order.get(task.state, 3), task.task))):
        yield Part(f"- {task.task}: {material.answers[task.task]}", 88 - nth)


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
        yield Part(f"- {_names([task.task for task in always], most=60)}", 45)
    for task in always:
        costly = max(task.rollouts, key=lambda rollout: (rollout.tokens, rollout.label))
        if costly.tokens:
            yield Part(f"- {task.task}: up to {costly.turns} turns, {costly.tokens} tokens", 15)


def _unscored(tasks: Sequence[TaskOutcome]) -> Iterator[Part]:
    """Rollouts that nothing scored, each with its most telling line; those that show none are counted."""
    quiet = 0
    for task in tasks:
        for rollout in task.rollouts:
            if rollout.status != "unknown":
                continue
            if rollout.findings and rollout.findings[0].score >= STANDS_OUT:
                found = rollout.findings[0]
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
    return f"- detail/<task>.md for each of {len(material.tasks)} tasks; clusters.json; {material.traces}"


def _in_state(tasks: Sequence[TaskOutcome], state: str) -> list[TaskOutcome]:
    return [task for task in tasks if task.state == state]


def _names(names: Sequence[str], most: int = NAMES) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
