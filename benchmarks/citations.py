"""Whether every citation of a debug report and its pages quotes what its place contains.

    python -m benchmarks.citations REPORT TRIALS [--json]

REPORT is a folder that `ahe debug --out` made, TRIALS the folder of the trials (`runs/trials`). A quote may be of
the recorded step or of what a terminal showed; white space and an ellipsis at its end do not count. Exit code 1 where
a quote is not found.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import click

from ahe.debug.ask.citations import CitationChecker
from ahe.debug.readers.read import read_trial
from ahe.debug.readers.trace import full_ids
from ahe.records import Citation

CITED = re.compile(r"“([^”\n]+)” \(([0-9a-f]{8,})#(\d+)\)")
FENCED = re.compile(r"\(([0-9a-f]{8,})#(\d+)\):\n( *)(`{3,}|~{3,})\n(.*?)\n\3\4$", re.DOTALL | re.MULTILINE)
"""A quote of several lines is in a fenced block below its place."""


def cited(report: Path) -> list[Citation]:
    """The citations of a report and its pages, with labels for trials."""
    texts = [
        path.read_text("utf-8") for path in [report / "report.md", *sorted((report / "detail").glob("*.md"))]
    ]
    text = "\n".join(texts)
    found = [(label, step, quote) for quote, label, step in CITED.findall(text)]
    found += [(label, step, quote) for label, step, _, _, quote in FENCED.findall(text)]
    return [Citation(trial=label, step=int(step), quote=quote) for label, step, quote in found]


@click.command(help=__doc__)
@click.argument("report", type=click.Path(exists=True, path_type=Path))
@click.argument("trials", type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
def main(report: Path, trials: Path, as_json: bool) -> None:
    whole = full_ids(path.name for path in trials.iterdir())
    found = [c.model_copy(update={"trial": whole.get(c.trial, c.trial)}) for c in cited(report)]
    traces = {name: read_trial(trials / name) for name in {citation.trial for citation in found}}
    checker = CitationChecker(traces, least=1)
    lost = [str(citation) for citation in found if checker.problem(citation)]
    places = len({str(citation) for citation in found})
    if as_json:
        print(json.dumps({"citations": len(found), "places": places, "lost": lost}))
    else:
        print(f"{len(found)} citations at {places} places, {len(lost)} not found")
        for each in lost:
            print(f"  {each}")
    sys.exit(1 if lost or not found else 0)


if __name__ == "__main__":
    main()
