"""Worker processes for long input, none for short."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from contextlib import contextmanager
from typing import Protocol, TypeVar

SMALL = 4_000_000
"""Bytes below which starting worker processes costs more than it gains."""

AHEAD = 3
"""Jobs handed out at once for each worker: results that wait to be taken cost memory."""

Job = TypeVar("Job")
Result = TypeVar("Result")


class Each(Protocol):
    """Applies a function to every job; results come as they are done, in any order."""

    def __call__(self, function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]: ...


@contextmanager
def workers_for(size: int, workers: int) -> Iterator[Each]:
    """A way to work through jobs of `size` bytes in all."""
    if workers <= 1 or size < SMALL:
        yield _here
        return
    # Not forked: a process with an embedded model has threads, and a fork of it may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_quiet) as pool:

        def spread(function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
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


def _here(function: Callable[[Job], Result], jobs: Sequence[Job]) -> Iterator[Result]:
    return map(function, jobs)


def _quiet() -> None:
    """Leave Ctrl-C to the parent, which cancels."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
