from __future__ import annotations

import pytest

from ahe.errors import BudgetExceeded
from ahe.models.ledger import Ledger, cost
from ahe.records import ModelSpec, Usage

MILLION = Usage(calls=1, input_tokens=1_000_000, output_tokens=1_000_000)


def test_money_counts_what_earlier_processes_spent():
    ledger = Ledger(usd_limit=2.0, total=Usage(usd=1.5))
    ledger.check()
    ledger.charge("coder", Usage(calls=1, usd=0.75))
    with pytest.raises(BudgetExceeded, match=r"\$2\.00 is spent \(\$2\.25\).*ahe\.toml"):
        ledger.check()


def test_tokens():
    ledger = Ledger(token_limit=1000)
    ledger.charge("coder", Usage(input_tokens=600))
    ledger.check()
    ledger.charge("evolver", Usage(output_tokens=400))
    with pytest.raises(BudgetExceeded, match="1,000 tokens"):
        ledger.check()


def test_minutes():
    now = [100.0]
    ledger = Ledger(minutes_limit=6, clock=lambda: now[0])
    now[0] += 300
    ledger.check()
    now[0] += 61
    with pytest.raises(BudgetExceeded, match="6 minutes"):
        ledger.check()


def test_no_limits_no_end():
    ledger = Ledger()
    ledger.charge("coder", MILLION)
    ledger.check()
    assert ledger.total == MILLION


def test_own_prices_come_first():
    spec = ModelSpec(
        name="gpt-4o-mini",
        base_url="https://api.openai.com/v1",
        usd_per_million_input=3.0,
        usd_per_million_output=5.0,
    )
    assert cost(spec, MILLION) == pytest.approx(8.0)


@pytest.mark.parametrize("address", ["https://api.openai.com/v1", "https://proxy.example.com/v1"])
def test_listed_prices_by_address_or_by_name(address):
    usd = cost(ModelSpec(name="gpt-4o-mini", base_url=address), MILLION)
    assert usd == pytest.approx(0.75, rel=0.5)


def test_cached_tokens_are_cheaper():
    spec = ModelSpec(name="gpt-4o-mini", base_url="https://api.openai.com/v1")
    full, cached = (
        cost(spec, MILLION),
        cost(spec, MILLION.model_copy(update={"cached_tokens": 900_000})),
    )
    assert full is not None
    assert cached is not None
    assert cached < full


@pytest.mark.parametrize("name", ["local", "local:tiny", "scripted:/s.yaml"])
def test_what_ahe_serves_itself_is_free(name):
    assert cost(ModelSpec(name=name), MILLION) == 0.0


def test_a_money_limit_that_cannot_see_the_cost_is_told():
    spec = ModelSpec(name="gpt-4o-mini", base_url="http://localhost:11434/v1")
    ledger = Ledger(usd_limit=1.0)
    assert "usd_per_million_input" in (ledger.warning(spec) or "")
    assert Ledger().warning(spec) is None
    assert ledger.warning(ModelSpec(name="local")) is None
