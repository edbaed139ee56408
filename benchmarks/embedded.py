"""How fast the embedded model is, alone and beside other work, by how its server is set.

    python -m benchmarks.embedded [--loads 0,2] [--json]

For each number of busy loops beside it (`load`), threads of the server, polling (how much of 100 its threads spin
while they wait for each other) and slots (conversations at once): tokens per second read and written by one slot, and
the seconds until every slot has read a prompt of about 330 tokens and written 40. `ahe` takes as many threads as there
are cores, polling 0, and a slot for each of [evolve] jobs. Needs the weights: `ahe models pull`. Each line starts a
server of its own, in a process of its own. Run it on an idle machine: the whole table takes about 15 minutes.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from typing import Any

import click

from ahe.models.local import LocalServer
from ahe.models.weights import DEFAULT, path_of

PROMPT = "Write a long shell script that prints many things. " + "Look at the names of the files. " * 35
WRITTEN = 40
SECONDS = 600


async def measure(threads: int, poll: int, slots: int) -> dict[str, float]:
    import httpx2

    server = LocalServer(path_of(DEFAULT), DEFAULT, jobs=slots)
    server.threads, server.poll = threads, poll
    url = f"{await server.start()}/chat/completions"

    async def ask(client: Any, slot: int) -> dict[str, float]:
        body = {
            "messages": [{"role": "user", "content": f"Job {slot}. {PROMPT}"}],
            "max_tokens": WRITTEN,
            "temperature": 0,
        }
        answer: dict[str, float] = (await client.post(url, json=body)).json()["timings"]
        return answer

    began = time.monotonic()
    async with httpx2.AsyncClient(timeout=SECONDS, trust_env=False) as client:
        timings = await asyncio.gather(*(ask(client, slot) for slot in range(slots)))
    took = time.monotonic() - began
    await server.stop()
    mean = {key: sum(t[f"{key}_per_second"] for t in timings) / slots for key in ("prompt", "predicted")}
    return {
        "read": round(mean["prompt"], 1),
        "written": round(mean["predicted"], 2),
        "seconds": round(took, 1),
    }


def line(threads: int, poll: int, slots: int, load: int) -> dict[str, float | None]:
    """One measurement in a process of its own, beside `load` busy loops; None where it takes over `SECONDS`."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(load)]
    try:
        command = [sys.executable, "-m", "benchmarks.embedded", "--one", f"{threads},{poll},{slots}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
        found: dict[str, float | None] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        found = {"read": None, "written": None, "seconds": None}
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    return {"load": load, "threads": threads, "poll": poll, "slots": slots, **found}


@click.command()
@click.option("--loads", default="0,2", show_default=True, help="Numbers of busy loops beside the server.")
@click.option("--slots", default="1,2,4", show_default=True, help="Numbers of conversations at once.")
@click.option("--json", "as_json", is_flag=True)
@click.option("--one", hidden=True)
def main(loads: str, slots: str, as_json: bool, one: str | None) -> None:
    if one:
        threads, poll, number = map(int, one.split(","))
        click.echo(json.dumps(asyncio.run(measure(threads, poll, number))))
        return
    cores = os.cpu_count() or 1
    settings = itertools.product(
        map(int, loads.split(",")),
        dict.fromkeys((cores, max(1, cores - 1))),
        (0, 50),
        map(int, slots.split(",")),
    )
    rows = []
    if not as_json:
        click.echo(f"{cores} cores\nload  threads  poll  slots   read/s  written/s  seconds")
    for load, threads, poll, number in settings:
        row = line(threads, poll, number, load)
        rows.append(row)
        if not as_json:
            values = [f"{'–' if row[key] is None else row[key]:>8}" for key in ("read", "written", "seconds")]
            click.echo(f"{load:4}  {threads:7}  {poll:4}  {number:5}  {'  '.join(values)}")
    if as_json:
        click.echo(json.dumps(rows))


if __name__ == "__main__":
    main()
