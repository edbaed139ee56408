"""The configured gate on simulated edits: for `ahe gate simulate`, the estimate, and the calibration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ahe.gate.choose import make_gate
from ahe.jobs.known import UnitCost
from ahe.power.simulate import SimulationResult
from ahe.power.simulate import simulate as simulate_edit
from ahe.power.worlds import Edit, read_matrix
from ahe.project.config import Config
from ahe.project.project import Project
from ahe.protocols import Gate
from ahe.records import Ceiling

SIZES = (15.0, 5.0, -5.0, -15.0)
"""Edits that are simulated by default, in points of the mean pass rate."""


def simulate(
    project: Project,
    *,
    tasks: int | None = None,
    rollouts: int | None = None,
    gate: str | None = None,
    points: Sequence[float] = (),
    runs: int = 200,
    matrix: Path | None = None,
) -> list[SimulationResult]:
    """How often the gate keeps simulated edits of known size, and the rollouts it takes. Asks no model.

    What is None is taken from the project. `matrix` is a table of outcomes to resample. Raises `UsageError`.
    """
    config = project.config.evolve
    count = tasks or len(project.tasks_in_use(project.suite())[0])
    sizes = [Edit(kind, size) for size in points or SIZES for kind in ("sparse", "dense")]
    rates = read_matrix(matrix) if matrix else ()
    made = make_gate(gate or config.gate, ceiling=Ceiling(rollouts=config.comparison.rollouts))
    k = rollouts or config.rollouts
    return [
        simulate_edit(lambda: made, edit, tasks=count, rollouts=k, runs=runs, matrix=rates)
        for edit in (*sizes, Edit("churn"), Edit("noop"))
    ]


def simulated_gate(config: Config, one: UnitCost) -> Gate:
    """The gate of `ahe.toml`, with a ceiling in rollouts alone, converted at the cost of one rollout.

    Simulated rollouts have no tokens and no price, so a ceiling on either would never bind. Simulated edits do not
    lengthen the prompt, so a tax takes nothing.
    """
    table = config.evolve
    ceiling = ceiling_in_rollouts(table.comparison, one)
    return make_gate(table.gate, quick=config.suite.quick, tax=table.tax, ceiling=ceiling)


def ceiling_in_rollouts(ceiling: Ceiling, one: UnitCost) -> Ceiling:
    """The tightest of the limits, in rollouts; at least one where any limit is set."""
    costs = ((ceiling.rollouts, 1.0), (ceiling.tokens, one.tokens), (ceiling.usd, one.usd))
    limits = [limit / cost for limit, cost in costs if limit and cost]
    return Ceiling(rollouts=max(1, int(min(limits)))) if limits else Ceiling()
