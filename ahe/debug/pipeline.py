"""From traces to a debug report without a model: study each task, write.

Tasks are studied in worker processes, one task at a time in each, so memory does not grow with the input. Results
depend neither on the order of the sources nor on the number of workers.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from ahe.debug.readers.read import Source
from ahe.debug.readers.trace import labels
from ahe.debug.report.compose import Section, compose
from ahe.debug.report.detail import PageJob, write_page
from ahe.debug.report.sections import Material, sections
from ahe.debug.signals.outcome import TaskOutcome
from ahe.debug.signals.signatures import clusters
from ahe.debug.study import Job, Study, study
from ahe.records import Cluster

SMALL = 4_000_000
"""Bytes below which starting worker processes costs more than it gains."""

AHEAD = 3
"""Jobs submitted at a time for each worker: finished results that nobody has read yet cost memory."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class MapJobs(Protocol):
    """Applies a function to every job; yields the results in the order in which they finish."""

    def __call__(self, function: Callable[[Item], Result], jobs: Sequence[Item]) -> Iterator[Result]: ...


@contextmanager
def examined(sources: Sequence[Source], workers: int) -> Iterator[Examination]:
    """Study every task. `Examination.write` works only inside of the context."""
    scratch = Path(tempfile.mkdtemp(prefix="ahe-debug-"))
    try:
        jobs = _jobs(sources, scratch)
        with workers_for(sum(source.size for source in sources), workers) as map_jobs:
            for _ in map_jobs(study, jobs):
                pass
            found: list[Study] = [pickle.loads(Path(f"{job.place}.study").read_bytes()) for job in jobs]
            instructions = {each.outcome.task: each.instruction for each in found}
            yield Examination(tuple(each.outcome for each in found), instructions, jobs, map_jobs)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@dataclass(frozen=True)
class Examination:
    """What was found in the traces, by task. `jobs` and `map_jobs` are needed to write the pages."""

    tasks: tuple[TaskOutcome, ...]
    instructions: Mapping[str, str]
    jobs: Sequence[Job]
    map_jobs: MapJobs

    def sources(self, task: str) -> tuple[Source, ...]:
        """The sources of a task's rollouts."""
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
        contents: list[Section] | None = None,
    ) -> str:
        """Write `report.md`, `detail/<task>.md` and `clusters.json` into `out`; returns the report.

        `contents` replaces the sections that the material gives.
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
        for _ in self.map_jobs(write_page, wanted):
            pass
        dump = [cluster.model_dump() for cluster in material.clusters]
        (out / "clusters.json").write_text(json.dumps(dump, indent=1) + "\n", "utf-8")
        text = compose(title, contents or sections(material), budget)
        (out / "report.md").write_text(text, "utf-8", errors="surrogateescape")
        return text


def _jobs(sources: Sequence[Source], scratch: Path) -> list[Job]:
    """One job for each task, by name; its sources by attempt and id."""
    short = labels(source.id for source in sources)
    groups: dict[str, list[Source]] = {}
    for source in sorted(sources, key=lambda source: (source.task, source.attempt, source.id)):
        groups.setdefault(source.task or source.id, []).append(source)
    return [
        Job(task, tuple(group), tuple(short[source.id] for source in group), str(scratch / f"{n:06d}"))
        for n, (task, group) in enumerate(sorted(groups.items()))
    ]


@contextmanager
def workers_for(size: int, workers: int) -> Iterator[MapJobs]:
    """Runs jobs of `size` bytes in total, in worker processes if that is worth it."""
    if workers <= 1 or size < SMALL:
        yield _in_this_process
        return
    # Spawned, not forked: a process with an embedded model has threads, and its fork may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupt) as pool:

        def in_workers(function: Callable[[Item], Result], jobs: Sequence[Item]) -> Iterator[Result]:
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

        yield in_workers


def _in_this_process(function: Callable[[Item], Result], jobs: Sequence[Item]) -> Iterator[Result]:
    return map(function, jobs)


def _ignore_interrupt() -> None:
    """Let the parent handle Ctrl-C: it cancels the jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
