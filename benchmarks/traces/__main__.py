"""Write a corpus of traces: python -m benchmarks.traces FOLDER [--seed N] [--size BYTES] [--tasks N]."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.traces import corpus


@click.command(help=__doc__)
@click.option(
    "--seed", default=0, show_default=True, help="Even: development wordings. Odd: reporting wordings."
)
@click.option("--size", default=corpus.SIZE, show_default=True, help="Bytes of all trials together, about.")
@click.option("--tasks", default=corpus.TASKS, show_default=True, help="Tasks with a planted failure.")
@click.argument("folder", type=click.Path(path_type=Path))
def main(seed: int, size: int, tasks: int, folder: Path) -> None:
    planted = corpus.write(folder, seed, size, tasks)
    print(f"{len(planted)} planted lines in {tasks} tasks; see {folder / 'truth.json'}")


if __name__ == "__main__":
    main()
