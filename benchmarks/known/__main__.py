"""Known answers for the whole loop: what has to be found and kept is, what harms goes, what does nothing moves nothing.

    python -m benchmarks.known [--found 1] [--runs 8] [--nulls 4] [--jobs 2] [--json]
    python -m benchmarks.known --model embedded          the same in small on the embedded model; takes long

Part 1, real but for the model's mind: a coder with a planted flaw that one play of the bundled playbook repairs, and
`ahe evolve --strategy playbook`. `--found` projects a flaw; 0: none.
Part 2, without sandboxes: the loop over 40 train and 30 held-out rows, under edits of known size. `--runs` projects of
each size and shape, in each a harmful edit and then a helpful one; `--nulls` projects with 40 null edits in a row.

After ± is the standard error: of a share the standard deviation that a uniform prior leaves (6 of 6 is not certain);
of null edits that over their projects, because edits in a row share the incumbent's rollouts.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import fmean
from typing import Any

import click

from ahe.power.worlds import Edit
from benchmarks.known.flaws import FLAWS, Coder, Flaw
from benchmarks.known.found import FoundResult, find, found_share, repairs
from benchmarks.known.judged import NULLS, JudgedEdit, RunResult, judge_now, pairs
from benchmarks.known.shares import Share, mean_text, standard_error, table
from benchmarks.known.small_model import judge_small


async def find_all(
    projects: int, seed: int, jobs: int
) -> tuple[dict[str, tuple[str, ...]], list[FoundResult]]:
    """By play what repairs its flaw, and the runs on all flaws, as many at once as `jobs`."""
    slots = asyncio.Semaphore(jobs)

    async def one(flaw: Flaw, number: int) -> FoundResult:
        async with slots:
            return await find(Coder(flaw, seed + number))

    async def what(flaw: Flaw) -> tuple[str, ...]:
        async with slots:
            return await repairs(flaw)

    repaired = await asyncio.gather(*(what(flaw) for flaw in FLAWS))
    results = await asyncio.gather(*(one(flaw, number) for flaw in FLAWS for number in range(projects)))
    return {flaw.play: plays for flaw, plays in zip(FLAWS, repaired, strict=True)}, list(results)


def judge_all(runs: int, nulls: int, seed: int, jobs: int) -> tuple[list[RunResult], list[RunResult]]:
    """The projects with harmful and helpful edits, and those with null edits in a row."""
    edits = [list(pair) for _ in range(runs) for pair in pairs()]
    edits += [[Edit("noop")] * NULLS] * nulls
    with ProcessPoolExecutor(jobs) as pool:
        # The long ones first, so that no process is left with one at the end.
        results = list(pool.map(judge_now, edits[::-1], [f"{seed} {n}" for n in range(len(edits))][::-1]))
    results.reverse()
    return results[: len(edits) - nulls], results[len(edits) - nulls :]


def mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def found_tables(repaired: dict[str, tuple[str, ...]], results: Sequence[FoundResult]) -> list[str]:
    rows = [
        (
            each.what,
            each.play,
            ", ".join(name or "nothing" for name in repaired[each.play]) or "none",
            each.iteration or "not kept",
            ", ".join(f"{name} {outcome}" for name, outcome in each.tried if name != each.play) or "none",
            " → ".join("–" if rate is None else f"{100 * rate:.0f} %" for rate in each.rates),
            each.rollouts,
        )
        for each in results
    ]
    heads = (
        "planted flaw",
        "play",
        "repaired by",
        "kept in iteration",
        "other plays tried",
        "train",
        "rollouts",
    )
    return [table(heads, rows)]


def edits_of(results: Sequence[RunResult]) -> list[JudgedEdit]:
    return [edit for result in results for edit in result.edits]


def kept(edits: Sequence[JudgedEdit]) -> Share:
    return Share.count(edit.outcome == "kept" for edit in edits)


def judged_tables(paired: Sequence[RunResult], nulls: Sequence[RunResult]) -> list[str]:
    edits, tables = edits_of(paired), []
    names = [str(edit) for pair in zip(*pairs(), strict=True) for edit in pair]
    rows = []
    for name in reversed(names):
        own = [edit for edit in edits if edit.edit == name]
        true, cost = mean_text([e.true for e in own], "+.1f"), mean_text([e.rollouts for e in own])
        rows.append((name, true, kept(own), cost))
    if edits:
        tables.append(table(("edit", "true points on train", "kept", "rollouts an edit"), rows))
    if nulls:
        heads = (
            "null edits in a row",
            "kept",
            "true rate moved",
            "ahe/best moved",
            "claimed",
            "rollouts an edit",
        )
        columns = [
            (
                len(each.edits),
                kept(each.edits),
                f"{each.moved:+.1f}",
                f"{each.best_moves} times",
                f"{each.claimed:+.1f}",
                mean_text([edit.rollouts for edit in each.edits]),
            )
            for each in nulls
        ]
        tables.append(table(heads, columns))
    return tables


def figures(
    repaired: dict[str, tuple[str, ...]],
    found: Sequence[FoundResult],
    paired: Sequence[RunResult],
    nulls: Sequence[RunResult],
) -> dict[str, Any]:
    """What --json prints: shares from 0 to 1 with their errors, points, and every project."""
    edits, null = edits_of(paired), edits_of(nulls)
    shares = {
        "found": found_share(found),
        "others_kept": Share.count(outcome == "kept" for each in found for outcome in each.before),
        "helpful_kept": kept([edit for edit in edits if edit.points > 0]),
        "harmful_kept": kept([edit for edit in edits if edit.points < 0]),
        "null_kept": kept(null),
    }
    values: dict[str, Any] = {}
    for name, share in shares.items():
        values |= {name: share.value, f"{name}_se": share.se if share.of else None, f"{name}_of": share.of}
    by_project = [float(kept(each.edits).value or 0) for each in nulls]
    values["null_kept_se"] = standard_error(by_project) or values["null_kept_se"]
    return {
        **values,
        "repaired_by_one": all(plays == (play,) for play, plays in repaired.items()) if repaired else None,
        "found_iteration_mean": mean([each.iteration for each in found if each.iteration]),
        "null_moved": max((abs(each.moved) for each in nulls), default=None),
        "null_claimed": mean([each.claimed for each in nulls]),
        "best_moves": mean([float(each.best_moves) for each in nulls]),
        "rollouts_mean": mean([float(edit.rollouts) for edit in (*edits, *null)]),
        "found_projects": [each.model_dump() for each in found],
        "edits": [edit.model_dump() for edit in edits],
        "nulls": [each.model_dump() for each in nulls],
    }


def summary(given: dict[str, Any]) -> str:
    def line(what: str, name: str) -> str:
        if given[name] is None:
            return f"{what}: –"
        return f"{what}: {100 * given[name]:.0f} % ± {100 * given[f'{name}_se']:.0f} of {given[f'{name}_of']}"

    return "\n".join(
        [
            line("planted flaws found", "found"),
            line("other plays kept on the way", "others_kept"),
            line("helpful edits kept", "helpful_kept"),
            line("harmful edits kept", "harmful_kept"),
            line("null edits kept", "null_kept"),
            f"CPU seconds: {given['cpu_found']:.0f} for part 1, {given['cpu_judged']:.0f} for part 2",
        ]
    )


def cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@click.command(help=__doc__)
@click.option("--found", "projects", default=1, show_default=True, help="projects for each planted flaw")
@click.option("--runs", default=8, show_default=True, help="projects for each size and shape of edits")
@click.option("--nulls", default=4, show_default=True, help="projects with null edits in a row")
@click.option("--seed", default=0, show_default=True)
@click.option("--jobs", default=2, show_default=True, help="projects at once")
@click.option("--model", type=click.Choice(["scripted", "embedded"]), default="scripted", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(projects: int, runs: int, nulls: int, seed: int, jobs: int, model: str, as_json: bool) -> None:
    if model == "embedded":
        small = asyncio.run(judge_small())
        rows = [[*each.model_dump().values()] for each in small]
        text = json.dumps([each.model_dump() for each in small], indent=1)
        print(text if as_json else table(list(type(small[0]).model_fields), rows))
        return
    began = time.monotonic()
    repaired, found = asyncio.run(find_all(projects, seed, jobs)) if projects else ({}, [])
    cpu_found = cpu()
    paired, null = judge_all(runs, nulls, seed, jobs)
    given = figures(repaired, found, paired, null)
    given |= {"cpu_found": cpu_found, "cpu_judged": cpu() - cpu_found, "seconds": time.monotonic() - began}
    if as_json:
        print(json.dumps(given, indent=1))
        return
    tables = [*(found_tables(repaired, found) if found else []), *judged_tables(paired, null)]
    print("\n\n".join([*tables, summary(given)]))


if __name__ == "__main__":
    main()
