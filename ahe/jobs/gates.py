"""The configured gate as simulations ask it."""

from __future__ import annotations

from ahe.gate.choose import make_gate
from ahe.jobs.costs import Unit
from ahe.project.settings import Config
from ahe.protocols import Gate
from ahe.records import Ceiling


def played_gate(config: Config, one: Unit) -> Gate:
    """The gate of `ahe.toml`, with a ceiling in rollouts alone, at what one rollout takes.

    Made rollouts have no tokens and no price, so a ceiling on either would bind nowhere. No made edit makes the
    prompt grow, so a tax takes nothing.
    """
    table = config.evolve
    return make_gate(
        table.gate, quick=config.suite.quick, tax=table.tax, ceiling=in_rollouts(table.comparison, one)
    )


def in_rollouts(ceiling: Ceiling, one: Unit) -> Ceiling:
    """The tightest of the limits, in rollouts; one at least where there is any."""
    costs = ((ceiling.rollouts, 1.0), (ceiling.tokens, one.tokens), (ceiling.usd, one.usd))
    limits = [limit / cost for limit, cost in costs if limit and cost]
    return Ceiling(rollouts=max(1, int(min(limits)))) if limits else Ceiling()
