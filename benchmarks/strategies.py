"""Each strategy from the same seed at the same budget of rollouts, then once on the test split: a Markdown table.

    python -m benchmarks.strategies --suite evals/tickets --rollouts 600 playbook self ahe

Every strategy has a project of its own below `--folder`, made and run by the commands that people use. What is there is
continued: Ctrl-C or a crash costs nothing. Nothing else may run on the cores of an embedded model.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from ahe.history import History
from ahe.history.commits import prediction_scores
from ahe.jobs.compare import compare_stored
from ahe.project.project import open_project
from ahe.records import Interval, Split
from ahe.views.text import count, duration

HEAD = (
    "strategy",
    "tried, kept",
    "train: best less seed",
    "held-out",
    "test: seed → best",
    "best less seed",
    "seed, two tries",
    "tokens a task",
    "predicted fixes",
    "the run",
)


def ahe(*arguments: str) -> None:
    """Run the command; what it prints goes to the terminal."""
    subprocess.run([sys.executable, "-m", "ahe", *arguments], stdout=sys.stderr, check=True)


def points(found: Interval | None) -> str:
    if found is None:
        return "–"
    mean, low, high = (format(100 * value, "+.1f") for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"


def seed(history: History) -> str:
    return history.commits()[-1].sha


def run(strategy: str, folder: Path, options: argparse.Namespace) -> float:
    """Evolve until the budget is spent, then score the test split; returns the seconds of all runs so far."""
    if not (folder / "ahe.toml").is_file():
        ahe("init", str(folder), "--suite", options.suite)
    clock = folder / "seconds.json"
    before = json.loads(clock.read_text()) if clock.is_file() else 0.0
    began = time.monotonic()
    limits = (
        "--iterations",
        "100",
        "--rollouts",
        str(options.attempts),
        "--max-rollouts",
        str(options.rollouts),
    )
    try:
        ahe("evolve", "-C", str(folder), "--strategy", strategy, *limits)
    finally:
        seconds = before + time.monotonic() - began
        clock.write_text(json.dumps(seconds))
    history = open_project(folder).history()
    if not history.finals() and history.tags().get("ahe/best", seed(history)) != seed(history):
        ahe("final", "-C", str(folder), "--rollouts", str(options.test_rollouts))
    return seconds


def row(strategy: str, folder: Path, seconds: float) -> tuple[str, ...]:
    """What the project holds, as a row of the table."""
    project = open_project(folder)
    history = project.history()
    commits = [commit for commit in history.commits() if commit.verdict]
    kept = sum(commit.state == "kept" for commit in commits)
    tokens = sum(commit.verdict.usage.tokens for commit in commits if commit.verdict)
    spent = f"{count(tokens)} tokens for verdicts, {duration(seconds)}"
    first = (strategy, f"{len(commits)}, {kept}")
    last = (str(prediction_scores(commits)[0]), spent)
    finals = history.finals()
    if not finals:
        return (*first, *["–"] * (len(HEAD) - len(first) - len(last)), *last)
    first_sha, best = seed(history), history.resolve("ahe/best")

    def gain(split: Split) -> str:
        return points(compare_stored(project, history, first_sha, best, split=split).gain)

    final = finals[0]
    return (
        *first,
        gain("train"),
        gain("heldout"),
        f"{final.seed_rate:.1%} → {final.best_rate:.1%}",
        points(final.given_tasks),
        f"{final.twice.twice:.1%}" if final.twice else "–",
        " → ".join(f"{each:,.0f}" for each in final.tokens or ()),
        *last,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("strategies", nargs="+", help="names or files")
    parser.add_argument("--suite", default="evals/tickets")
    parser.add_argument("--folder", type=Path, default=Path("runs/strategies"))
    parser.add_argument(
        "--rollouts", type=int, default=600, help="budget of each strategy, all trials together"
    )
    parser.add_argument("--attempts", type=int, default=1, help="rollouts per task and evaluation")
    parser.add_argument("--test-rollouts", type=int, default=2)
    options = parser.parse_args()
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD), flush=True)
    for strategy in options.strategies:
        folder = options.folder / Path(strategy).stem
        seconds = run(strategy, folder, options)
        print("| " + " | ".join(row(strategy, folder, seconds)) + " |", flush=True)


if __name__ == "__main__":
    main()
