"""The failures in the report: what was not the agent's doing, then the others by cluster, in the verifier's words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ahe.debug.report.compose import Part, Worth
from ahe.debug.report.quote import cite, cite_finding, fenced, indented, names, recorded, words
from ahe.debug.signals.outcome import Finding, Rollout, TaskOutcome
from ahe.debug.signals.vocabulary import NOT_THE_AGENT, NOTHING_DONE, THE_HARNESS
from ahe.records import Cluster
from ahe.text import plural

TESTS, ACTS, FULL, END, SHORT = 3, 4, 1_500, 7, 240
"""Failed tests and acts of a rollout in the report, characters of a message in full, lines of plain output, characters
of a message that is shown whole anyway."""


def by_ending(rollouts: Sequence[tuple[str, Rollout]], endings: Mapping[str, str]) -> Iterator[Part]:
    """Failures with these endings, by ending: how many, the line that shows it, the verifier's words."""
    for word, meaning in endings.items():
        members = [pair for pair in rollouts if ended(pair[1]) == word]
        if not members:
            continue
        yield Part(f"- **{word}**: {meaning}; {_size(members)}", Worth.COUNT)
        lines: dict[str, list[Rollout]] = {}
        for _, rollout in members:
            lines.setdefault(rollout.ending[0].quote if rollout.ending else "", []).append(rollout)
        for nth, (_, alike) in enumerate(sorted(lines.items(), key=lambda one: (-len(one[1]), one[0]))):
            first = alike[0]
            shown = "; ".join(filter(None, (*map(cite, first.ending), recorded(first))))
            more = f", and so {len(alike) - 1} more" if len(alike) > 1 else ""
            parts = [Part(f"{shown}{more}", Worth.COUNT)] if shown else []
            parts += _words(first)
            if word not in NOTHING_DONE:
                parts += (Part(cite_finding(finding), Worth.MORE) for finding in first.findings[-2:])
            for text, worth in parts:
                yield Part(indented(text), min(worth, Worth.MORE) if nth else worth)


def failure_parts(clusters: Iterable[Cluster], tasks: Iterable[TaskOutcome]) -> Iterator[Part]:
    """The other failures, by cluster in the given order: each with the verifier's words and its decisive acts."""
    rollouts = {rollout.trial: (task.task, rollout) for task in tasks for rollout in task.rollouts}
    for cluster in sorted(clusters, key=lambda each: each.signature.cause == "no_verdict"):
        members = [rollouts[trial] for trial in cluster.trials]
        if cluster.signature.status in (*NOT_THE_AGENT, *THE_HARNESS):
            continue
        alone = len(members) == 1
        if not alone:
            yield Part(f"- **{cluster.signature}**: {_size(members)}", Worth.FAILURE)
        for task, alike in _alike(members):
            first = alike[0]
            others = names([each.label for each in alike[1:]], 6)
            also = f" (and {others}, with the same words)" if others else ""
            signed = f": **{cluster.signature}**" if alone else ""
            word = f", {said}" if (said := recorded(first)) else ""
            got = f", reward {first.partial:.2f}" if first.partial else ""
            head = f"- {named(task, first)}{also}{signed}{word}{got}, {plural(first.turns, 'turn')}"
            parts = [Part(head, Worth.FAILURE), *told(first, _shown(first))]
            yield from parts if alone else (Part(indented(text), worth) for text, worth in parts)


def told(rollout: Rollout, shown: Iterable[Finding]) -> Iterator[Part]:
    """What is said below the line that names a failure: the verifier's words, how it ended, its acts."""
    found = [*_words(rollout)] if rollout.status != "unknown" else []
    if rollout.ending:
        found.append(Part(f"it ended with {'; '.join(map(cite, rollout.ending))}", Worth.ACT))
    found += (Part(cite_finding(finding), Worth.ACT) for finding in shown)
    return (Part(indented(text), worth) for text, worth in found)


def full_words(rollouts: Iterable[tuple[str, Rollout]]) -> Iterator[Part]:
    """All that the verifier says about each failure, where that is more than the failures' section shows."""
    seen: set[str] = set()
    for task, rollout in rollouts:
        output, end = rollout.output, ""
        if output.count("\n") > TESTS and any(each.test for each in rollout.said) and output not in seen:
            seen.add(output)
            end = output[-FULL:].partition("\n")[2] if len(output) > FULL else output
            yield from [Part(f"- {named(task, rollout)} ends:\n{fenced(end)}", Worth.LENGTH)] if end else []
        for nth, failure in enumerate(rollout.said):
            text = failure.message.strip()[:FULL]
            short = "\n" not in text and len(text) < SHORT
            known = text in seen or all(each.strip() in end for each in text.split("\n"))
            if known or (short and nth < TESTS):
                continue
            seen.add(text)
            name = f" {failure.test}" if failure.test and failure.test not in text else ""
            body = f": {text}" if short else f":\n{fenced(text)}"
            yield Part(f"- {named(task, rollout)}{name}{body}", Worth.LENGTH + 1 / (nth + 2))


def named(task: str, rollout: Rollout) -> str:
    """Task and label, unless the label says it all."""
    return rollout.label if task in rollout.label else f"{task}, {rollout.label}"


def ended(rollout: Rollout) -> str:
    return rollout.signature.status if rollout.signature is not None else ""


def _words(rollout: Rollout) -> Iterator[Part]:
    """The first failed tests in the verifier's words; the very first line is worth most."""
    lines = rollout.output.split("\n")
    if len(lines) > 1 and not any(failure.test for failure in rollout.said):
        yield Part("the verifier's output ends:\n" + fenced("\n".join(lines[-END:])), Worth.FAILURE)
        return
    for nth, failure in enumerate(rollout.said[:TESTS]):
        yield Part(f"verifier: {words(failure)}", Worth.MORE if nth else Worth.FAILURE)
    if (more := rollout.failed_tests - TESTS) > 0:
        yield Part(f"verifier: {more} more tests failed", Worth.MORE)
    if not rollout.said:
        yield Part("the verifier left nothing to read", Worth.FAILURE)


def _shown(rollout: Rollout) -> list[Finding]:
    """The acts to show, in the order of steps: the chief one and the last ones."""
    found, more = rollout.findings, len(rollout.findings) - ACTS
    return [each for at, each in enumerate(found) if more <= 0 or at > more or at == rollout.chief]


def _alike(members: Sequence[tuple[str, Rollout]]) -> list[tuple[str, list[Rollout]]]:
    """The rollouts of a cluster by task, first verdict, recorded ending and reward."""
    groups: dict[tuple[str, str, str, float], list[Rollout]] = {}
    for task, rollout in members:
        groups.setdefault((task, rollout.verdict, rollout.ended, rollout.partial), []).append(rollout)
    return [(task, alike) for (task, *_), alike in groups.items()]


def _size(members: Sequence[tuple[str, Rollout]]) -> str:
    tasks = sorted({task for task, _ in members})
    return f"{plural(len(members), 'rollout')} of {plural(len(tasks), 'task')} ({names(tasks, 6)})"
