"""The failures in the report: what was not the agent's doing, then the others by cluster, in the verifier's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ahe.debug.report.compose import Part
from ahe.debug.report.quote import cite, cite_finding, count, fenced, indented, names, recorded, words
from ahe.debug.signals.outcome import Finding, Rollout
from ahe.debug.signals.vocabulary import ENDINGS, NOT_THE_AGENT, NOTHING_DONE, THE_HARNESS
from ahe.records import Cluster
from ahe.text import estimate_tokens

TESTS, ACTS, FULL, END = 3, 4, 1_500, 7
"""Failed tests and acts of a rollout in the report, characters of a message in full, lines of plain output."""

Rollouts = Mapping[str, tuple[str, Rollout]]
"""Task and rollout by trial id."""


def by_ending(rollouts: Sequence[tuple[str, Rollout]], endings: Sequence[str]) -> Iterator[Part]:
    """Failures with these endings, by ending: how many, the line that shows it, the verifier's words."""
    for rank, word in enumerate(endings):
        members = [pair for pair in rollouts if ended(pair[1]) == word]
        if not members:
            continue
        tasks = sorted({task for task, _ in members})
        yield Part(
            f"- **{word}**: {ENDINGS[word]}; {_size(len(members), len(tasks))} ({names(tasks, 6)})",
            98.5 - rank / 10,
        )
        lines: dict[str, list[Rollout]] = {}
        for _, rollout in members:
            lines.setdefault(rollout.ending[0].quote if rollout.ending else "", []).append(rollout)
        for nth, (_, alike) in enumerate(sorted(lines.items(), key=lambda one: (-len(one[1]), one[0]))):
            first = alike[0]
            shown = "; ".join(filter(None, (*map(cite, first.ending), recorded(first))))
            more = f", and so {len(alike) - 1} more" if len(alike) > 1 else ""
            yield from [Part(indented(f"{shown}{more}"), 98 - rank / 10 - nth)] if shown else []
            acted = word not in NOTHING_DONE
            yield from _words(first, 90 - rank - nth)
            yield from (
                Part(indented(cite_finding(f)), 80 - rank - nth) for f in first.findings[-2:] if acted
            )


def failure_parts(clusters: Sequence[Cluster], rollouts: Rollouts) -> Iterator[Part]:
    """The other failures, by cluster in the given order: each with the verifier's words and its decisive acts."""
    rank = 0
    for cluster in sorted(clusters, key=lambda each: each.signature.cause == "no_verdict"):
        members = [rollouts[trial] for trial in cluster.trials if trial in rollouts]
        if not members or cluster.signature.status in (*NOT_THE_AGENT, *THE_HARNESS):
            continue
        alone = len(members) == 1
        if not alone:
            tasks = f"{_size(len(members), len(cluster.tasks))} ({names(cluster.tasks, 6)})"
            yield Part(f"- **{cluster.signature}**: {tasks}", 97 - min(rank, 90) / 10)
        for task, alike in _alike(members):
            first = alike[0]
            also = (
                f" (and {names([each.label for each in alike[1:]], 6)}, with the same words)"
                if alike[1:]
                else ""
            )
            signed = f": **{cluster.signature}**" if alone else ""
            word = f", {said}" if (said := recorded(first)) else ""
            head = f"- {named(task, first)}{also}{signed}{word}, {count(first.turns, 'turn')}"
            yield Part(head if alone else indented(head), 96 - min(rank, 900) / 100)
            yield from (_in(part, not alone) for part in _words(first, 95.5 - min(rank, 900) / 100))
            if first.ending:
                said = f"it ended with {'; '.join(map(cite, first.ending))}"
                yield _in(Part(indented(said), 89 - min(rank, 400) / 10), not alone)
            for nth, finding in enumerate(_shown(first)):
                worth = 88 - min(rank, 400) / 10 - nth / 100
                yield _in(Part(indented(cite_finding(finding)), worth), not alone)
            rank += 1


def full_words(rollouts: Sequence[tuple[str, Rollout]]) -> Iterator[Part]:
    """All that the verifier says about each failure, where that is more than the failures' section shows."""
    seen: set[str] = set()
    for task, rollout in rollouts:
        end = ""
        if (
            rollout.output.count("\n") > TESTS
            and any(each.test for each in rollout.said)
            and rollout.output not in seen
        ):
            seen.add(rollout.output)
            end = rollout.output[-FULL:].partition("\n")[2] if len(rollout.output) > FULL else rollout.output
            yield from [Part(f"- {named(task, rollout)} ends:\n{fenced(end)}", 9)] if end else []
        for nth, failure in enumerate(rollout.said):
            text = failure.message.strip()[:FULL]
            if (
                text in seen
                or all(line.strip() in end for line in text.split("\n"))
                or (nth < TESTS and "\n" not in text and len(text) < 240)
            ):
                continue
            seen.add(text)
            name = f" {failure.test}" if failure.test and failure.test not in text else ""
            body = f": {text}" if "\n" not in text and len(text) < 300 else f":\n{fenced(text)}"
            worth = 30 - 20 * min(nth, 40) / 40 - estimate_tokens(text) / 1_000
            yield Part(f"- {named(task, rollout)}{name}{body}", worth)


def named(task: str, rollout: Rollout) -> str:
    """Task and label, unless the label says it all."""
    return rollout.label if task in rollout.label else f"{task}, {rollout.label}"


def ended(rollout: Rollout) -> str:
    return rollout.signature.status if rollout.signature is not None else ""


def _words(rollout: Rollout, worth: float) -> Iterator[Part]:
    """The first failed tests in the verifier's words; the very first line is worth most."""
    lines = rollout.output.split("\n")
    plain = all(not failure.test for failure in rollout.said) and len(lines) > 1
    if plain:
        yield Part(indented(f"the verifier's output ends:\n{fenced(chr(10).join(lines[-END:]))}"), worth)
        return
    for nth, failure in enumerate(rollout.said[:TESTS]):
        yield Part(indented(f"verifier: {words(failure)}"), worth - 8 * nth)
    if (more := rollout.failed_tests - TESTS) > 0:
        yield Part(indented(f"verifier: {more} more tests failed"), worth - 8 * TESTS)
    if not rollout.said:
        yield Part(indented("the verifier left nothing to read"), worth)


def _shown(rollout: Rollout) -> list[Finding]:
    """The acts to show, in the order of steps: the chief one and the last ones."""
    if len(rollout.findings) <= ACTS:
        return list(rollout.findings)
    kept = {rollout.chief, *range(len(rollout.findings) - ACTS + 1, len(rollout.findings))}
    return [finding for at, finding in enumerate(rollout.findings) if at in kept]


def _alike(members: Sequence[tuple[str, Rollout]]) -> list[tuple[str, list[Rollout]]]:
    """The rollouts of a cluster by task, first verdict and recorded ending."""
    groups: dict[tuple[str, str, str], list[Rollout]] = {}
    for task, rollout in members:
        groups.setdefault((task, rollout.verdict, rollout.ended), []).append(rollout)
    return [(task, alike) for (task, _, _), alike in groups.items()]


def _in(part: Part, deeper: bool) -> Part:
    return Part(indented(part.text), part.worth) if deeper else part


def _size(rollouts: int, tasks: int) -> str:
    return f"{count(rollouts, 'rollout')} of {count(tasks, 'task')}"
