"""The sections of a debug report, in the order in which they are read; each part has a worth.

The first screen tells the root causes: the counts, what was not the agent's doing, each failure in the verifier's words
with how it ended and the acts that decided it. Worth decides what is cut: first what only repeats or lists.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ahe.debug.report.compose import Part, Section, Worth
from ahe.debug.report.failures import by_ending, ended, failure_parts, full_words, named
from ahe.debug.report.quote import cite, cite_finding, indented, names, recorded
from ahe.debug.signals.layers import LAYERS, RESIDUAL, layer
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.debug.signals.vocabulary import NOT_THE_AGENT, NOTHING_DONE, THE_HARNESS
from ahe.records import Cluster, Tally
from ahe.text import plural

NAMED = 6
"""Endings and causes that are listed; the rest is only counted."""


@dataclass(frozen=True)
class Material:
    """What a report is made of. `answers` are the debugger agents' paragraphs, by task.

    `history` has one line for each decided change, newest first; `before` are the tallies of the harness before the
    last kept change; `heldout` counts rollouts and never names a task.
    """

    tasks: Sequence[TaskOutcome]
    clusters: tuple[Cluster, ...]
    history: Sequence[str] = ()
    before: Mapping[str, Tally] = field(default_factory=dict)
    heldout: Tally | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    layered: bool = False

    def in_status(self, status: str) -> list[tuple[str, Rollout]]:
        """The rollouts with this status, each with its task."""
        return [(task.task, r) for task in self.tasks for r in task.rollouts if r.status == status]

    def in_state(self, state: str) -> list[TaskOutcome]:
        return [task for task in self.tasks if task.state == state]


def sections(material: Material) -> list[Section]:
    """The sections of a report."""
    failed = material.in_status("failed")
    unscored = [u for u in material.in_status("unknown") if ended(u[1]) in (*NOTHING_DONE, *THE_HARNESS)]
    always = [task.task for task in material.in_state("all passed")]
    lost = [*failed, *material.in_status("missing"), *unscored]
    failures = failure_parts(material.clusters, material.tasks)
    parts = {
        "In short": (*_mean(material), *_endings(failed)),
        "Layers, earliest bottleneck first: one edit for one layer": _layers(material),
        "Not the agent's doing": by_ending(lost, NOT_THE_AGENT),
        "The harness's own code: to be repaired": by_ending(lost, THE_HARNESS),
        "Failures: the verifier's words, and the acts that decided": failures,
        "Passed and failed: the first difference in what was changed": _partly(material),
        "What the debugger model says (quotes are checked, claims are not)": _answers(material),
        "Not scored: what the sessions show": _unscored(material),
        "Worse than before": _worse(material),
        "Always passing: preserve these": [Part(f"- {names(always, most=60)}", Worth.RATE)] if always else (),
        "Pass rates": _rates(material),
        "The verifier's words in full": full_words(lost),
        "Missing, or damaged": _unread(material),
    }
    where = (
        f"- detail/<task>.md for each of {plural(len(material.tasks), 'task')}; clusters.json; "
        "`ahe trace LABEL --step N --raw` shows a step as it was recorded"
    )
    return [
        _history(material),
        *(Section(title, tuple(found), "detail/") for title, found in parts.items()),
        Section("Where to look", (Part(where, Worth.COUNT),)),
    ]


def scores(material: Material) -> list[Section]:
    """Pass rates alone, to measure what the rest of the report is worth."""
    return [_history(material), Section("Pass rates", (*_mean(material), *_rates(material)))]


def _history(material: Material) -> Section:
    parts = (
        Part(line, Worth.FAILURE if age < 3 else Worth.LENGTH + 1 / age)
        for age, line in enumerate(material.history)
    )
    return Section("Verdicts on earlier changes", tuple(parts), "`ahe log`")


def _mean(material: Material) -> Iterator[Part]:
    statuses = Counter(rollout.status for task in material.tasks for rollout in task.rollouts)
    counted = [f"{statuses[each]} {each}" for each in ("failed", "passed", "missing") if statuses[each]]
    counted += [f"{plural(statuses['unknown'], 'rollout')} not scored"] if statuses["unknown"] else []
    yield Part(f"- rollouts: {', '.join(counted) or 'none'}", Worth.COUNT)
    scored = [task for task in material.tasks if task.scored]
    if scored:
        mean = sum(task.passes / task.scored for task in scored) / len(scored)
        states = Counter(task.state for task in material.tasks)
        named = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
        yield Part(f"- mean pass rate {mean:.1%} over {plural(len(scored), 'task')}: {named}", Worth.COUNT)
    if (heldout := material.heldout) is not None and heldout.n:
        yield Part(f"- held-out: {heldout.passes} of {heldout.n} rollouts passed", Worth.NOTE)


def _endings(failed: Sequence[tuple[str, Rollout]]) -> Iterator[Part]:
    """How the failed rollouts ended: not the agent's doing, the harness's code, the rest with the verifier's causes."""
    signed = [rollout.signature for _, rollout in failed if rollout.signature is not None]
    for name, endings in (("not the agent's doing", NOT_THE_AGENT), ("the harness's own code", THE_HARNESS)):
        if others := [sign.status for sign in signed if sign.status in endings]:
            yield Part(f"- {name}: {len(others)} of {len(signed)} failures ({_listed(others)})", Worth.COUNT)
    if own := [sign for sign in signed if sign.status not in (*NOT_THE_AGENT, *THE_HARNESS)]:
        yield Part(f"- the agent's failures ended: {_listed(sign.status for sign in own)}", Worth.COUNT)
        yield Part(f"- the verifier found: {_listed(sign.cause for sign in own)}", Worth.COUNT)
    if few := sum(rollout.calls <= 1 and ended(rollout) not in NOT_THE_AGENT for _, rollout in failed):
        yield Part(f"- after at most one command: {few} of them", Worth.MORE)


def _layers(material: Material) -> Iterator[Part]:
    for each in (*LAYERS, RESIDUAL) if material.layered else ():
        if found := [cluster for cluster in material.clusters if layer(cluster.signature) is each]:
            count = plural(sum(len(cluster.trials) for cluster in found), "failure")
            signed = "; ".join(str(cluster.signature) for cluster in found[:NAMED])
            yield Part(f"- **{each.name}** ({each.meaning}): {count}: {signed}", Worth.COUNT)


def _listed(words: Iterable[str]) -> str:
    ranked = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))
    rest = sum(n for _, n in ranked[NAMED:])
    return ", ".join([f"{n} {word}" for word, n in ranked[:NAMED]] + [f"{rest} otherwise"] * (rest > 0))


def _partly(material: Material) -> Iterator[Part]:
    partly = material.in_state("partly passed")
    for task in sorted(partly, key=lambda task: (task.passes / task.scored, task.task)):
        none = "; no difference in what they changed: chance, or something outside of the agent"
        head = f"- {task.task}: {task.passes} of {task.scored}{'' if task.divergence else none}"
        sides = (indented(f"{side}: {cite(citation)}") for side, citation in task.divergence)
        yield Part("\n".join((head, *sides)), Worth.ANSWER)


def _answers(material: Material) -> Iterator[Part]:
    order = {"partly passed": 0, "all failed": 1, "all passed": 2}
    asked = [task for task in material.tasks if task.task in material.answers]
    for task in sorted(asked, key=lambda task: (order.get(task.state, 3), task.task)):
        yield Part(f"- {task.task}: {indented(material.answers[task.task]).lstrip()}", Worth.ANSWER)


def _unscored(material: Material) -> Iterator[Part]:
    """Unscored rollouts, those that show most first."""
    pairs = material.in_status("unknown")
    for task, rollout in sorted(pairs, key=lambda pair: (-len(pair[1].notes), pair[1].label)):
        signed = f"{sign.status} / {sign.mechanism}" if (sign := rollout.signature) else ""
        how = filter(None, (signed, recorded(rollout), plural(rollout.turns, "turn")))
        yield Part(f"- {named(task, rollout)}: {', '.join(how)}", Worth.ANSWER)
        for said in (*rollout.notes, *map(cite_finding, rollout.findings)):
            yield Part(indented(f"- {said}"), Worth.ACT)


def _worse(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        before = material.before.get(task.task)
        if before and before.n and task.scored and before.passes / before.n > task.passes / task.scored:
            now = f"{task.passes} of {task.scored}"
            yield Part(f"- {task.task}: {before.passes} of {before.n} before, {now} now", Worth.FAILURE)


def _rates(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        if task.scored:
            yield Part(f"- {task.task}: {task.passes} of {task.scored}", Worth.RATE)


def _unread(material: Material) -> Iterator[Part]:
    for task in material.tasks:
        for rollout in task.rollouts:
            if rollout.status == "missing":
                why = rollout.verdict or rollout.ended or "no verdict"
                yield Part(f"- {task.task}, {rollout.label}: missing ({why})", Worth.DAMAGE)
            for damage in rollout.damage:
                yield Part(f"- {rollout.label}: {damage.where}: {damage.what}", Worth.DAMAGE)
    for note in material.notes:
        yield Part(f"- {note}", Worth.NOTE)
