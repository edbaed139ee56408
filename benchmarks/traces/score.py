"""How well a debugger did on a corpus, measured from what it wrote: report.md, detail/<task>.md, clusters.json.

*Quoted.* A decisive line is quoted when the words of the program that printed it (without what a logger put before
them; white space is all alike) stand in report.md or in its task's detail page. A task has one cause or two; it counts
when for each of them a planted line is quoted.

*Clustered.* The clusters are told apart by what they are called, and a signature has three parts of which only the
mechanism says why; status and verifier's cause split a kind for good reasons. So trials are grouped by their cluster's
mechanism, or where that is `unknown` by the phrase in its place, if it has one. A planted trial of kind K is right when

1. its mechanism is not empty, `unknown` or `none`;
2. more than half of the planted trials of that mechanism are of kind K;
3. that mechanism has planted trials of K from at least two tasks;
4. it is one of the three mechanisms that have most planted trials of K.

A task counts when all its planted trials are right; `clustered_once` asks for one of them for each of its causes, as
*quoted* does. One cluster for everything fails 2, one a trial fails 3, and 4
bounds how far a kind may be scattered. `clustered_whole` is the same with whole signatures for mechanisms.

*Head and tail.* What a reader would have found who, for the same tokens, took the first and last halves of the task's
failing rollouts, one after the other.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ahe.text import BYTES_PER_TOKEN, estimate_tokens
from benchmarks.traces.corpus import Planted

FRAGMENTS = 3
_NAMELESS = ("", "unknown", "none")


@dataclass(frozen=True)
class Answer:
    """What a debugger wrote. `mechanisms` and `signatures` are by trial."""

    report: str
    pages: Mapping[str, str]
    mechanisms: Mapping[str, str]
    signatures: Mapping[str, str]
    clusters: int

    @property
    def largest(self) -> int:
        """Tokens of the longest detail page."""
        return max(map(estimate_tokens, self.pages.values()), default=0)


@dataclass(frozen=True)
class Row:
    """Figures of one kind, or of all: numbers of tasks. A task of two kinds is in the rows of both."""

    kind: str
    tasks: int
    quoted: int
    clustered: int
    head_tail_quoted: int


def read_answer(out: Path, trials: Iterable[str]) -> Answer:
    """Read a debugger's folder. Clusters may name trials by their ids or by beginnings of them."""
    pages = {path.stem: path.read_text("utf-8") for path in sorted((out / "detail").glob("*.md"))}
    clusters = json.loads((out / "clusters.json").read_text("utf-8"))
    known = sorted(trials)
    mechanisms, signatures = {}, {}
    for cluster in clusters:
        signature = cluster["signature"]
        named = set(cluster["trials"])
        for trial in known:
            if trial in named or trial[:8] in named:
                mechanisms[trial] = signature["phrase"] or signature["mechanism"]
                signatures[trial] = json.dumps(signature, sort_keys=True)
    return Answer((out / "report.md").read_text("utf-8"), pages, mechanisms, signatures, len(clusters))


def quoted(planted: Sequence[Planted], answer: Answer) -> set[tuple[str, str]]:
    """The (task, kind) pairs of which a decisive line is quoted."""
    report = _flat(answer.report)
    pages = {task: _flat(page) for task, page in answer.pages.items()}
    return {
        (each.task, each.kind)
        for each in planted
        if _flat(each.line) in report or _flat(each.line) in pages.get(each.task, "")
    }


def right(planted: Sequence[Planted], names: Mapping[str, str]) -> set[str]:
    """The trials that stand in the right cluster, where `names` has the name of each trial's cluster."""
    named = [(each, names.get(each.trial, "")) for each in planted]
    named = [(each, name) for each, name in named if name not in _NAMELESS]
    of_name = Counter(name for _, name in named)
    of_both = Counter((each.kind, name) for each, name in named)
    tasks = Counter((kind, name) for kind, name, _ in {(each.kind, name, each.task) for each, name in named})
    best = {kind: _best(of_both, kind) for kind, _ in of_both}
    return {
        each.trial
        for each, name in named
        if 2 * of_both[each.kind, name] > of_name[name]
        and tasks[each.kind, name] >= 2
        and name in best[each.kind]
    }


def right_once(planted: Sequence[Planted], trials: set[str]) -> float:
    """The share of tasks of which each cause has a trial that stands in the right cluster."""
    causes = {(each.task, each.kind) for each in planted}
    found = {(each.task, each.kind) for each in planted if each.trial in trials}
    lost = {task for task, _ in causes - found}
    tasks = {task for task, _ in causes}
    return 1 - len(lost) / len(tasks)


def _best(of_both: Counter[tuple[str, str]], kind: str) -> set[str]:
    counts = sorted((-count, name) for (own, name), count in of_both.items() if own == kind)
    return {name for _, name in counts[:FRAGMENTS]}


def head_and_tail(planted: Sequence[Planted], trials: Path, tokens: int) -> set[tuple[str, str]]:
    """The (task, kind) pairs that the first and last `tokens` / 2 of each task's failing rollouts show."""
    failing: dict[str, list[tuple[int, Path]]] = {}
    for path in sorted(trials.iterdir()):
        result = json.loads((path / "result.json").read_bytes())
        if result["status"] == "failed":
            failing.setdefault(result["task"], []).append((result["attempt"], path))
    half = int(tokens * BYTES_PER_TOKEN / 2)
    found = set()
    for task in sorted({each.task for each in planted}):
        raw = "\n".join(_text(path) for _, path in sorted(failing[task])).encode()
        kept = raw if len(raw) <= 2 * half else raw[:half] + b"\n" + raw[-half:]
        shown = _flat(kept.decode("utf-8", "ignore"))
        found |= {(task, each.kind) for each in planted if each.task == task and _flat(each.line) in shown}
    return found


def rows(
    planted: Sequence[Planted], seen: set[tuple[str, str]], trials: set[str], baseline: set[tuple[str, str]]
) -> list[Row]:
    """One row for each kind and, last, one for all tasks."""
    kinds = sorted({each.kind for each in planted})
    return [
        _row(kind, [each for each in planted if each.kind == kind], seen, trials, baseline) for kind in kinds
    ] + [_row("all", planted, seen, trials, baseline)]


def _row(
    name: str,
    planted: Sequence[Planted],
    seen: set[tuple[str, str]],
    trials: set[str],
    baseline: set[tuple[str, str]],
) -> Row:
    tasks = {each.task for each in planted}
    unseen = {each.task for each in planted if (each.task, each.kind) not in seen}
    wrong = {each.task for each in planted if each.trial not in trials}
    lost = {each.task for each in planted if (each.task, each.kind) not in baseline}
    return Row(name, len(tasks), len(tasks - unseen), len(tasks - wrong), len(tasks - lost))


def _text(folder: Path) -> str:
    """Everything in a trial's trace that a reader would see, raw."""
    parts: list[str] = []
    for step in json.loads((folder / "trajectory.json").read_bytes())["steps"]:
        parts += [step.get("reasoning_content", ""), step["message"]]
        parts += [call["arguments"]["command"] for call in step.get("tool_calls", ())]
        parts += [result["content"] for result in step.get("observation", {}).get("results", ())]
    return "\n".join(parts)


def _flat(text: str) -> str:
    return " ".join(text.split())
