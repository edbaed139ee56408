"""The manifest: everything is demanded, and what it cites must stand in the traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import world
from evolve_bench import MANIFEST, OTHER, QUOTE, TRIAL, Bench, manifest

from ahe.agents.forms import parsed
from ahe.debug.ask.citations import quoted
from ahe.evolve.draft import Manifest, subject_line, unfounded
from ahe.records import Citation, Kind


def cite(trial: str = TRIAL, step: int = 3, quote: str = QUOTE) -> dict[str, Any]:
    return {"trial": trial, "step": step, "quote": quote}


def problems(bench: Bench, **fields: Any) -> list[str]:
    trials = frozenset({TRIAL, OTHER})
    return unfounded(manifest(**fields), bench.runs / "trials", trials, frozenset(world.TRAIN[:2]))


def test_a_true_manifest_has_no_problem(bench: Bench) -> None:
    assert problems(bench) == []


@pytest.mark.parametrize("field", sorted(MANIFEST))
def test_every_field_is_demanded(field: str) -> None:
    with pytest.raises(ValueError, match=f"the manifest is not complete: {field}"):
        parsed(Manifest, {name: value for name, value in MANIFEST.items() if name != field}, "manifest")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "short"),
        ("subject", "two\nlines of subject"),
        ("subject", "x" * 101),
        ("action", "rewrite"),
        ("evidence", "   \n  "),
        ("fix", "x" * 2001),
        ("citations", []),
        ("citations", [cite()] * 11),
        ("citations", [{"trial": TRIAL}]),
        ("predicts", "alpha-note"),
        ("extra", 1),
    ],
)
def test_what_is_wrong_is_named(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        parsed(Manifest, {**MANIFEST, field: value}, "manifest")


@pytest.mark.parametrize(
    ("citation", "told"),
    [
        (cite(quote="no such words"), "does not stand"),
        (cite(step=4), "does not stand"),
        (cite(step=99), "does not stand"),
        (cite(trial=OTHER), "does not stand"),
        (cite(trial="c" * 24), "no trial of the evidence"),
        (cite(trial="../../etc"), "no trial of the evidence"),
        (cite(quote="   "), "does not stand"),
        (cite(quote=""), "does not stand"),
    ],
)
def test_a_citation_that_does_not_stand_is_refused(bench: Bench, citation: dict[str, Any], told: str) -> None:
    (problem,) = problems(bench, citations=[citation])
    assert told in problem


@pytest.mark.parametrize(
    "citation",
    [
        cite(quote="cat report.txt"),  # the call
        cite(quote="cat:  report.txt:\n No such file"),  # space does not count
        cite(step=4, quote="other.txt [exit code 0]"),  # as the debugger cleaned it
        cite(step=4, quote="\x1b[31mother.txt"),  # as it was
        cite(step=2, quote="Do it."),  # the instruction
    ],
)
def test_a_quote_may_stand_anywhere_in_the_step(bench: Bench, citation: dict[str, Any]) -> None:
    assert problems(bench, citations=[citation]) == []


def test_predictions_are_about_train_tasks(bench: Bench) -> None:
    found = problems(bench, predicts=[world.TRAIN[0], world.HELDOUT[0]], risks=["nothing"])
    assert found == [
        f"predicts: {world.HELDOUT[0]!r} is no task of the train split",
        "risks: 'nothing' is no task of the train split",
    ]


def test_an_absent_trace_quotes_nothing(tmp_path: Path) -> None:
    assert not quoted(Citation(trial="x", step=1, quote="a"), tmp_path)


def test_the_subject_names_its_kinds() -> None:
    kinds = (Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION)
    assert subject_line(kinds, "Add a reader.") == "tool_description+tool_implementation: add a reader"
