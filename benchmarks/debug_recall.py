"""How many planted causes the Agent Debugger finds, without a model, in ten million tokens of made-up traces.

    python -m benchmarks.debug_recall [--seed N] [--json]

200 tasks with four rollouts each fail by causes of 20 kinds; each cause shows in one decisive line somewhere. Odd seeds
plant wordings that nothing was tuned on, even seeds development wordings (`benchmarks/traces`). The exact meaning of
`quoted`, `clustered` and `head_tail_quoted` is in `benchmarks/traces/score.py`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from ahe.text import estimate_tokens
from benchmarks.traces import corpus, known, score

SEED = 11
BUDGET = 10_000


@dataclass(frozen=True)
class Figures:
    """Shares of the tasks with a planted failure. Tokens are estimates; `page_tokens` count detail pages.

    `clustered_new` is `clustered` among the `tasks_new` tasks whose planted lines have no similar line in the lexicon's
    catalogue (`benchmarks/traces/known.py`).
    """

    seed: int
    quoted: float
    clustered: float
    head_tail_quoted: float
    clustered_once: float
    clustered_whole: float
    clustered_new: float
    tasks: int
    tasks_new: int
    clusters: int
    mechanisms: int
    report_tokens: int
    page_tokens_mean: int
    page_tokens_max: int
    kinds: list[score.Row]


def measure(folder: Path, seed: int, size: int, tasks: int, workers: int) -> Figures:
    """Write a corpus below `folder`, debug it, and score the answer."""
    from ahe.debug.debugger import AgentDebugger, Subject
    from ahe.debug.readers.find import find

    planted = corpus.write(folder / "runs", seed, size, tasks)
    trials, out = folder / "runs" / "trials", folder / "out"
    asyncio.run(AgentDebugger(workers=workers).report(Subject(find([trials])), out, BUDGET))
    return figures(seed, planted, trials, score.read_answer(out, (path.name for path in trials.iterdir())))


def figures(seed: int, planted: list[corpus.Planted], trials: Path, answer: score.Answer) -> Figures:
    """Score an answer. Head and tail get as many tokens as its longest page and one task's share of its report."""
    pages = [estimate_tokens(page) for page in answer.pages.values()]
    report = estimate_tokens(answer.report)
    baseline = score.head_and_tail(planted, trials, answer.largest + report // max(1, len(pages)))
    named = score.right(planted, answer.mechanisms)
    rows = score.rows(planted, score.quoted(planted, answer), named, baseline)
    fresh = known.new(planted)
    unseen = score.rows([each for each in planted if each.task in fresh], set(), named, set())[-1]
    whole = score.rows(planted, set(), score.right(planted, answer.signatures), set())[-1]
    total = rows.pop()
    return Figures(
        seed=seed,
        quoted=total.quoted / total.tasks,
        clustered=total.clustered / total.tasks,
        head_tail_quoted=total.head_tail_quoted / total.tasks,
        clustered_once=score.right_once(planted, named),
        clustered_whole=whole.clustered / total.tasks,
        clustered_new=unseen.clustered / max(1, unseen.tasks),
        tasks=total.tasks,
        tasks_new=unseen.tasks,
        clusters=answer.clusters,
        mechanisms=len(set(answer.mechanisms.values())),
        report_tokens=report,
        page_tokens_mean=round(sum(pages) / max(1, len(pages))),
        page_tokens_max=max(pages, default=0),
        kinds=rows,
    )


@click.command(help=__doc__)
@click.option("--seed", default=SEED, show_default=True, help="Even: development wordings. Odd: reporting.")
@click.option("--size", default=corpus.SIZE, show_default=True, help="Bytes of traces.")
@click.option("--tasks", default=corpus.TASKS, show_default=True)
@click.option("--workers", default=2, show_default=True)
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Leave the corpus and the answer in this folder."
)
@click.option("--json", "as_json", is_flag=True)
def main(seed: int, size: int, tasks: int, workers: int, keep: Path | None, as_json: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="ahe-recall-") as scratch:
        found = measure(keep or Path(scratch), seed, size, tasks, workers)
    if as_json:
        print(json.dumps(asdict(found), indent=1))
        return
    half = "reporting" if seed % 2 else "development"
    print(f"seed {found.seed} ({half} wordings), {found.tasks} tasks with planted causes")
    print(f"quoted {found.quoted:.3f}   head and tail {found.head_tail_quoted:.3f}")
    print(
        f"clustered {found.clustered:.3f}   each cause once {found.clustered_once:.3f}   "
        f"by whole signatures {found.clustered_whole:.3f}"
    )
    print(
        f"clustered {found.clustered_new:.3f} of the {found.tasks_new} tasks whose lines the catalogue does not "
        "hold in nearly these words"
    )
    print(
        f"{found.clusters} clusters, {found.mechanisms} mechanisms; report {found.report_tokens} tokens, ",
        end="",
    )
    print(f"detail pages {found.page_tokens_mean} on the average, {found.page_tokens_max} at most")
    for row in found.kinds:
        shares = (
            f"quoted {row.quoted:>2}  clustered {row.clustered:>2}  head and tail {row.head_tail_quoted:>2}"
        )
        print(f"  {row.kind:<22} {row.tasks:>3} tasks  {shares}")


if __name__ == "__main__":
    main()
