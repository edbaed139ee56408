"""What tokens cost: the configuration's own prices first, then the offline table of `genai-prices`."""

from __future__ import annotations

from ahe.models.identity import on_loopback, served_here
from ahe.records import ModelSpec, Usage

MILLION = 1_000_000


def cost(spec: ModelSpec, usage: Usage) -> float | None:
    """US dollars for this usage, or None where the price is unknown."""
    own_input, own_output = spec.usd_per_million_input, spec.usd_per_million_output
    if own_input is not None or own_output is not None:
        spent = usage.input_tokens * (own_input or 0.0) + usage.output_tokens * (own_output or 0.0)
        return spent / MILLION
    if served_here(spec):
        return 0.0
    if on_loopback(spec.base_url):
        # A server at home may be free, or a proxy to one that is not: only its owner knows.
        return None
    return _listed(spec.name, spec.base_url, usage)


def _listed(name: str, base_url: str, usage: Usage) -> float | None:
    import genai_prices

    tokens = genai_prices.Usage(
        input_tokens=usage.input_tokens,
        cache_read_tokens=min(usage.cached_tokens, usage.input_tokens),
        output_tokens=usage.output_tokens,
    )
    # By the address first (a router's price differs from the maker's), then by the name alone.
    for url in (base_url, None):
        try:
            return float(genai_prices.calc_price(tokens, name, provider_api_url=url).total_price)
        except LookupError:
            continue
    return None
