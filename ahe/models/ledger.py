"""The price of tokens, what a run has spent, and the limits that stop it cleanly.

Prices come from the configuration, else from the offline table of `genai-prices`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ahe.errors import BudgetExceeded
from ahe.models.identity import on_loopback, served_here
from ahe.models.secrets import shown
from ahe.records import ModelSpec, Role, Usage

MILLION = 1_000_000
ADVICE = "What is done is kept: raise the limit under [budget] in ahe.toml and run the same command again"


@dataclass
class Ledger:
    """Counts every model call. A limit of 0 means no limit; `minutes_limit` is wall-clock time since the ledger
    was made.

    `total` begins with what earlier processes of the same run have used, `spent` with nothing. `on_charge` is called
    after every call with the role, the usage of the call and the new total.
    """

    usd_limit: float = 0.0
    token_limit: int = 0
    minutes_limit: float = 0.0
    total: Usage = field(default_factory=Usage)
    on_charge: Callable[[Role, Usage, Usage], None] = lambda role, usage, total: None
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._started = self.clock()
        self.spent = Usage(usd=None if self.total.usd is None else 0.0)

    def charge(self, role: Role, usage: Usage) -> None:
        """Adds what one call used. Never raises at a limit, because what was paid for is kept."""
        self.total, self.spent = self.total + usage, self.spent + usage
        self.on_charge(role, usage, self.total)

    def check(self) -> None:
        """Raises BudgetExceeded once a limit is reached; models call this before every request."""
        usd = self.total.usd or 0.0
        if self.usd_limit and usd >= self.usd_limit:
            raise BudgetExceeded(f"the budget of ${self.usd_limit:.2f} is spent (${usd:.2f}). {ADVICE}")
        if self.token_limit and self.total.tokens >= self.token_limit:
            raise BudgetExceeded(
                f"the budget of {self.token_limit:,} tokens is spent ({self.total.tokens:,}). {ADVICE}"
            )
        minutes = (self.clock() - self._started) / 60.0
        if self.minutes_limit and minutes >= self.minutes_limit:
            raise BudgetExceeded(
                f"the budget of {self.minutes_limit:g} minutes is spent ({minutes:.1f}). {ADVICE}"
            )

    def warning(self, spec: ModelSpec) -> str | None:
        """A warning to show before the first call if there is a money limit but no price for this model, else None."""
        priced = cost(spec, Usage(calls=1, input_tokens=1, output_tokens=1)) is not None
        if priced or not self.usd_limit:
            return None
        return (
            f"no price is known for {spec.name} at {shown(spec.base_url)}: "
            f"the limit of ${self.usd_limit:.2f} does not count its cost. "
            "Set usd_per_million_input and usd_per_million_output in ahe.toml, or a limit in tokens"
        )


def cost(spec: ModelSpec, usage: Usage) -> float | None:
    """US dollars for this usage, or None if the price is unknown."""
    own_input, own_output = spec.usd_per_million_input, spec.usd_per_million_output
    if own_input is not None or own_output is not None:
        spent = usage.input_tokens * (own_input or 0.0) + usage.output_tokens * (own_output or 0.0)
        return spent / MILLION
    if served_here(spec):
        return 0.0
    if on_loopback(spec.base_url):
        # A local server may be free, or a proxy to one that is not: only its owner knows.
        return None
    import genai_prices

    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_tokens=usage.output_tokens,
    )
    # By address first (a router's price differs from the maker's), then by name alone.
    for url in (spec.base_url, None):
        try:
            return float(genai_prices.calc_price(tokens, spec.name, provider_api_url=url).total_price)
        except LookupError:
            continue
    return None
