"""The manifest: everything is demanded, and what it cites must stand in the traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import world
from evolve_bench import MANIFEST, OTHER, QUOTE, TRIAL, Bench, manifest

from ahe.evolve.draft import Manifest, unfounded


def cite(trial: str = TRIAL, step: int = 3, quote: str = QUOTE) -> dict[str, Any]:
    return {"trial": trial, "step": step, "quote": quote}


def problems(bench: Bench, **fields: Any) -> list[str]:
    trials = frozenset({TRIAL, OTHER})
    return unfounded(manifest(**fields), bench.runs / "trials", trials, frozenset(world.TRAIN[:2]))


def test_a_true_manifest_has_no_problem(bench: Bench) -> None:
    assert problems(bench) == []


@pytest.mark.parametrize("field", sorted(MANIFEST))
def test_every_field_is_demanded(field: str) -> None:
    with pytest.raises(ValueError, match=rf"\n{field}\n  Field required"):
        Manifest.model_validate({name: value for name, value in MANIFEST.items() if name != field})


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
        Manifest.model_validate({**MANIFEST, field: value})


@pytest.mark.parametrize(
    ("citation", "told"),
    [
        (cite(quote="no such words"), "does not stand"),
        (cite(step=4), "does not stand"),
        (cite(step=5), f"the quote does not stand at {TRIAL}#5: '{QUOTE}'; it stands at {TRIAL}#3"),
        (cite(step=99), f"{TRIAL} has no step 99; its last is 5"),
        (cite(trial=OTHER), "does not stand"),
        (cite(trial="c" * 24), f"the evidence has no trial '{'c' * 24}'; cite one that the report names"),
        (cite(trial="../../etc"), "the evidence has no trial"),
        (cite(quote="   "), "too short"),
        (cite(quote=""), "too short"),
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
        f"predicts: the train split has no task {world.HELDOUT[0]!r}; use the names that the report uses",
        "risks: the train split has no task 'nothing'; use the names that the report uses",
    ]


def test_an_absent_trace_quotes_nothing(tmp_path: Path) -> None:
    found = unfounded(manifest(), tmp_path, {TRIAL}, set(world.TRAIN))
    assert found == [f"citations: {TRIAL} has no step 3; its last is 0"]
