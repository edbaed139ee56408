"""What the budgets of a project still allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ahe.project.settings import BudgetTable
from ahe.records import Cost, Usage


@dataclass(frozen=True)
class Allowance:
    """One budget: its name for people, what is `left` of it, and how much of it a part of a run `needs`.

    `needs` is None where that is not known, as with the money of a model without a price.
    """

    name: str
    left: float
    needs: Callable[[Cost], float | None]


def allowances(budget: BudgetTable, spent: Usage, rollouts: int) -> tuple[Allowance, ...]:
    """The budgets that are set. `spent` and `rollouts` are what the project has used of them by now."""
    found = []
    if budget.usd:
        left = max(0.0, budget.usd - (spent.usd or 0.0))
        found.append(Allowance(f"${budget.usd:.2f}", left, lambda cost: cost.usd))
    if budget.tokens:
        left = max(0.0, budget.tokens - spent.tokens)
        found.append(Allowance(f"{budget.tokens:,} tokens", left, lambda cost: cost.tokens))
    if budget.rollouts:
        left = max(0.0, budget.rollouts - rollouts)
        found.append(Allowance(f"{budget.rollouts:,} rollouts", left, lambda cost: cost.rollouts))
    if budget.minutes:
        found.append(Allowance(f"{budget.minutes:g} minutes", 60 * budget.minutes, lambda cost: cost.seconds))
    return tuple(found)
