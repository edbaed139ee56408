"""The run's account: what was spent, and the limits that stop it cleanly."""

from __future__ import annotations

import time
from collections.abc import Callable

from ahe.errors import BudgetExceeded
from ahe.models import prices
from ahe.records import ModelSpec, Role, Usage

ADVICE = "What is done is kept: raise the limit under [budget] in ahe.toml and run the same command again"


class Ledger:
    """Counts every model call. Limits of 0 mean none; `usd_limit` is in dollars, `minutes_limit` wall clock.

    `spent` and `minutes_spent` are what earlier processes of the same run have used. `on_charge` hears, after
    every call, the role, the call's usage and the new total.
    """

    def __init__(
        self,
        usd_limit: float = 0.0,
        token_limit: int = 0,
        minutes_limit: float = 0.0,
        spent: Usage | None = None,
        *,
        minutes_spent: float = 0.0,
        on_charge: Callable[[Role, Usage, Usage], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.usd_limit = usd_limit
        self.token_limit = token_limit
        self.minutes_limit = minutes_limit
        self.total = spent or Usage()
        self.by_role: dict[Role, Usage] = {}
        self.unpriced_calls = 0
        self._on_charge = on_charge
        self._clock = clock
        self._started = clock() - 60.0 * minutes_spent

    @property
    def minutes(self) -> float:
        """Minutes since the run began, earlier processes included."""
        return (self._clock() - self._started) / 60.0

    def charge(self, role: Role, usage: Usage) -> None:
        """Adds what one call used. Never raises on a limit: what was paid for is kept."""
        self.total = self.total + usage
        self.by_role[role] = self.by_role.get(role, Usage()) + usage
        self.unpriced_calls += usage.calls if usage.usd is None else 0
        if self._on_charge is not None:
            self._on_charge(role, usage, self.total)

    def check(self) -> None:
        """Raises BudgetExceeded once a limit is reached; models ask before every call."""
        usd = self.total.usd or 0.0
        if self.usd_limit and usd >= self.usd_limit:
            raise BudgetExceeded(f"the budget of ${self.usd_limit:.2f} is spent (${usd:.2f}). {ADVICE}")
        if self.token_limit and self.total.tokens >= self.token_limit:
            raise BudgetExceeded(
                f"the budget of {self.token_limit:,} tokens is spent ({self.total.tokens:,}). {ADVICE}"
            )
        if self.minutes_limit and self.minutes >= self.minutes_limit:
            raise BudgetExceeded(
                f"the budget of {self.minutes_limit:g} minutes is spent ({self.minutes:.1f}). {ADVICE}"
            )

    def priced(self, spec: ModelSpec) -> bool:
        """Whether calls to this model count against the money limit at all."""
        return prices.cost(spec, Usage(calls=1, input_tokens=1, output_tokens=1)) is not None

    def warning(self, spec: ModelSpec) -> str | None:
        """What a run must say before the first call where a money limit cannot see this model's cost."""
        if not self.usd_limit or self.priced(spec):
            return None
        return (
            f"no price is known for {spec.name} at {spec.base_url}: "
            f"the limit of ${self.usd_limit:.2f} does not see its cost. "
            "Set usd_per_million_input and usd_per_million_output in ahe.toml, or a limit in tokens"
        )
