"""Time and memory of the Agent Debugger from traces to a report, without a model.

    python -m benchmarks.debug [--big] [--json]

40 MB of made-up traces (`benchmarks/sized_traces.py`), two workers. `seconds` is the wall time of a fresh process,
including interpreter and imports; the traces were just written, so they are in the page cache. `peak_mb` is the
highest sum, sampled every 20 ms, of the resident sets of that process and its descendants, in 10^6 bytes; pages that
processes share count for each of them, so the true peak is lower. `--big` adds a run with ten times as many tasks:
`growth` is the ratio of the times, `peak_mb_big` its memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from benchmarks import sized_traces

SEED = 0
BUDGET = 10_000
BIG = 10
_RUN = """
import asyncio, sys
from pathlib import Path
from ahe.debug.debugger import AgentDebugger
from ahe.debug.readers.find import find
from ahe.records import Evidence

traces, out, budget, workers = sys.argv[1:]
evidence = Evidence(folder=out, budget=int(budget))
asyncio.run(AgentDebugger(workers=int(workers)).report(evidence, find([Path(traces)])))
"""
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Cost:
    seconds: float
    peak_mb: float
    traces_mb: float


def measure(size: int, tasks: int, workers: int) -> Cost:
    """Debug a fresh corpus of about `size` bytes in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="ahe-debug-") as scratch:
        runs, out = Path(scratch) / "runs", Path(scratch) / "out"
        sized_traces.write(runs, SEED, size, tasks)
        total = sum(path.stat().st_size for path in (runs / "trials").rglob("*") if path.is_file())
        began = time.perf_counter()
        command = [sys.executable, "-c", _RUN, str(runs / "trials"), str(out), str(BUDGET), str(workers)]
        with subprocess.Popen(command) as process:
            peak = 0
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(0.02)
        if process.returncode:
            raise SystemExit(f"the debugger ended with exit code {process.returncode}")
        return Cost(round(time.perf_counter() - began, 2), round(peak / 1e6, 1), round(total / 1e6, 1))


def resident(pid: int) -> int:
    """Resident bytes of process `pid` and all its descendants; 0 for a process that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except (OSError, IndexError):
        return 0
    return pages * _PAGE + sum(resident(int(child)) for text in lists for child in text.split())


@click.command(help=__doc__)
@click.option("--big", is_flag=True, help="Also ten times as much.")
@click.option("--workers", default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(big: bool, workers: int, as_json: bool) -> None:
    cost = measure(sized_traces.SIZE, sized_traces.TASKS, workers)
    figures: dict[str, float] = asdict(cost)
    if big:
        more = measure(BIG * sized_traces.SIZE, BIG * sized_traces.TASKS, workers)
        figures |= {"seconds_big": more.seconds, "peak_mb_big": more.peak_mb, "traces_mb_big": more.traces_mb}
        figures["growth"] = round(more.seconds / cost.seconds, 2)
    if as_json:
        print(json.dumps(figures, indent=1))
        return
    print(f"{cost.traces_mb} MB in {cost.seconds} s, at most {cost.peak_mb} MB of memory")
    if big:
        print(
            f"{more.traces_mb} MB in {more.seconds} s ({figures['growth']} times), at most {more.peak_mb} MB"
        )


if __name__ == "__main__":
    main()
