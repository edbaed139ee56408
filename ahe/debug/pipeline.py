"""From traces to a debug report without a model: study each task, rank over all, write.

Tasks are studied in worker processes, one at a time each, so memory does not grow with the input. Results
do not depend on the order of the sources or the number of workers.
"""

from __future__ import annotations

import json
import multiprocessing
import pickle
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from ahe.debug.rank.excerpts import Case
from ahe.debug.rank.rank import Candidate, mechanism, rank
from ahe.debug.readers.find import Skipped, find
from ahe.debug.readers.read import Source
from ahe.debug.readers.trace import labels
from ahe.debug.report.compose import Count, Section, compose
from ahe.debug.report.detail import PageJob, write_page
from ahe.debug.report.sections import Material, sections
from ahe.debug.signals.outcome import Finding, Rollout, TaskOutcome
from ahe.debug.signals.signatures import clusters
from ahe.debug.signals.templates import Frequency
from ahe.debug.study import Job, Study, study
from ahe.records import Citation, Cluster
from ahe.text import estimate_tokens

FINDINGS = 8
QUOTE = 400
SMALL = 4_000_000
"""Bytes below which starting worker processes costs more than it gains."""

AHEAD = 3
"""Jobs handed out at once for each worker: results that wait to be taken cost memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Each(Protocol):
    """Applies a function to every job; results come as they are done, in any order."""

    def __call__(self, function: Callable[[Item], Result], jobs: Sequence[Item]) -> Iterator[Result]: ...


@dataclass(frozen=True)
class Summary:
    """What was made. `skipped` are files below the paths that are no traces."""

    text: str
    tokens: int
    tasks: tuple[TaskOutcome, ...]
    clusters: tuple[Cluster, ...]
    skipped: tuple[Skipped, ...] = ()


def debug(paths: Sequence[Path], out: Path, budget: int, workers: int = 2) -> Summary:
    """The debug report of the traces below some paths, written to `out`."""
    skipped: list[Skipped] = []
    with examined(find(paths, skipped), workers) as found:
        material = Material(found.tasks, found.clusters)
        text = found.write(out, "Debug report", material, budget)
    return Summary(text, estimate_tokens(text), found.tasks, material.clusters, tuple(skipped))


@contextmanager
def examined(sources: Sequence[Source], workers: int) -> Iterator[Examination]:
    """Study every task and rank what was found; it can be written as long as the context lasts."""
    scratch = Path(tempfile.mkdtemp(prefix="ahe-debug-"))
    try:
        jobs = _jobs(sources, scratch)
        with workers_for(sum(source.size for source in sources), workers) as each:
            passing, failing = Frequency(), Frequency()
            for counted in each(study, jobs):
                passing.add(counted.passing)
                failing.add(counted.failing)
            tasks, instructions = [], {}
            for job in jobs:
                found: Study = pickle.loads(Path(f"{job.place}.study").read_bytes())
                cases = tuple(_ranked(case, passing, failing) for case in found.cases)
                tasks.append(TaskOutcome(found.task, cases, found.parting))
                instructions[found.task] = found.instruction
            yield Examination(tuple(tasks), instructions, jobs, each)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@dataclass(frozen=True)
class Examination:
    """What was found in the traces, by task. `jobs` and `each` are what its pages are written with."""

    tasks: tuple[TaskOutcome, ...]
    instructions: Mapping[str, str]
    jobs: Sequence[Job]
    each: Each

    def told(self, instructions: Mapping[str, str]) -> Examination:
        """The same with other instructions."""
        return replace(self, instructions=instructions)

    def sources(self, task: str) -> tuple[Source, ...]:
        """Where the rollouts of a task were read."""
        return next((job.sources for job in self.jobs if job.task == task), ())

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        return clusters(
            (rollout.trial, task.task, rollout.signature)
            for task in self.tasks
            for rollout in task.rollouts
            if rollout.signature is not None and rollout.status == "failed"
        )

    def write(
        self,
        out: Path,
        title: str,
        material: Material,
        budget: int,
        count: Count = estimate_tokens,
        contents: list[Section] | None = None,
    ) -> str:
        """Write `report.md`, `detail/<task>.md` and `clusters.json` into `out`; returns the report.

        `contents` are the report's sections where they are not all that the material gives.
        """
        pages = out / "detail"
        shutil.rmtree(pages, ignore_errors=True)
        pages.mkdir(parents=True)
        wanted = [
            PageJob(
                task,
                f"{job.place}.shown",
                self.instructions.get(task.task, ""),
                material.answers.get(task.task, ""),
                str(pages),
            )
            for task, job in zip(self.tasks, self.jobs, strict=True)
        ]
        for _ in self.each(write_page, wanted):
            pass
        dump = [cluster.model_dump() for cluster in material.clusters]
        (out / "clusters.json").write_text(json.dumps(dump, indent=1) + "\n", "utf-8")
        text = compose(title, contents or sections(material), budget, count)
        (out / "report.md").write_text(text, "utf-8", errors="surrogateescape")
        return text


def _jobs(sources: Sequence[Source], scratch: Path) -> list[Job]:
    """A job a task, by name; in it the sources by attempt and id."""
    short = labels(source.id for source in sources)
    groups: dict[str, list[Source]] = {}
    for source in sorted(sources, key=lambda source: (source.task, source.attempt, source.id)):
        groups.setdefault(source.task or source.id, []).append(source)
    return [
        Job(task, tuple(group), tuple(short[source.id] for source in group), str(scratch / f"{n:06d}"))
        for n, (task, group) in enumerate(sorted(groups.items()))
    ]


def _ranked(case: Case, passing: Frequency, failing: Frequency) -> Rollout:
    """The rollout with its findings, best first, and with the mechanism that they name."""
    known = zip(case.candidates, case.contexts, case.ran, strict=False)
    own = {_spot(candidate): (text, ran) for candidate, text, ran in known}
    ranked = rank(case.candidates, passing, failing)
    findings = tuple(
        Finding(
            Citation(trial=case.rollout.label, step=candidate.step, quote=candidate.line.strip()[:QUOTE]),
            text,
            candidate.score,
            ran,
        )
        for candidate in ranked[:FINDINGS]
        for text, ran in [own.get(_spot(candidate), ("", None))]
    )
    signature = case.rollout.signature
    if signature is not None:
        signature = signature.model_copy(update=mechanism(ranked, failing)._asdict())
    return replace(case.rollout, findings=findings, signature=signature)


def _spot(candidate: Candidate) -> tuple[int, int, int]:
    return candidate.step, candidate.text, candidate.number


@contextmanager
def workers_for(size: int, workers: int) -> Iterator[Each]:
    """A way to work through jobs of `size` bytes in all."""
    if workers <= 1 or size < SMALL:
        yield _in_this_process
        return
    # Not forked: a process with an embedded model has threads, and a fork of it may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt) as pool:

        def spread(function: Callable[[Item], Result], jobs: Sequence[Item]) -> Iterator[Result]:
            waiting: set[Future[Result]] = set()
            try:
                for job in jobs:
                    waiting.add(pool.submit(function, job))
                    if len(waiting) >= AHEAD * workers:
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (each.result() for each in done)
                yield from (each.result() for each in as_completed(waiting))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

        yield spread


def _in_this_process(function: Callable[[Item], Result], jobs: Sequence[Item]) -> Iterator[Result]:
    return map(function, jobs)


def _ignore_interrupt() -> None:
    """Leave Ctrl-C to the parent, which cancels."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
