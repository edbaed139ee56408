"""What a comparison may cost, and the tax on a longer prompt: from the configuration to the decision."""

from __future__ import annotations

from pathlib import Path

import pytest
from arms import Pair, pair, same

from ahe.gate.bayes import BayesGate
from ahe.gate.choose import make_gate
from ahe.harness.inventory import prompt_tokens
from ahe.project.config import load_config
from ahe.records import Ceiling, Comparison, Tally


def comparison(train: dict[str, Pair], **spent: float) -> Comparison:
    return Comparison.model_validate({"train": train, "rollouts": 2, "candidate": "c", **spent})


def spend(gate: BayesGate, passes: float) -> tuple[str, str, int]:
    """RolloutRequest until the gate decides; every rollout of the candidate passes with the share `passes` of its tasks."""
    train = {f"t{n:02}": (Tally(passes=1, n=2), Tally()) for n in range(20)}
    good, spent = {*sorted(train)[: round(20 * passes)]}, 0
    while (decision := gate.decide(comparison(train, spent=spent))).outcome == "more":
        for request in decision.requests:
            one, other = train[request.task]
            if request.arm == "candidate":
                spent += request.n - other.n
                train[request.task] = one, Tally(passes=request.n if request.task in good else 0, n=request.n)
            else:
                spent += request.n - one.n
                train[request.task] = Tally(passes=request.n // 2, n=request.n), other
    return decision.outcome, decision.reason, spent


@pytest.mark.parametrize("most", [1, 7, 20, 33, 50])
def test_no_more_rollouts_than_the_ceiling(most: int) -> None:
    outcome, reason, spent = spend(BayesGate(ceiling=Ceiling(rollouts=most)), 0.55)
    assert outcome in ("kept", "reverted") and spent <= most
    free = spend(BayesGate(), 0.55)
    assert free[2] > 50 and reason


def test_what_is_at_hand_decides_by_the_bound_at_which_both_meet() -> None:
    sure, unsure = same(20, (1, 2), (2, 2)), {**same(11, (1, 2), (2, 2)), **same(9, (1, 2), (0, 2), "u")}
    spent = {"spent": 40, "spent_tokens": 9_000, "spent_usd": 0.5}
    for ceiling in (Ceiling(rollouts=40), Ceiling(tokens=9_000), Ceiling(usd=0.5)):
        gate = BayesGate(ceiling=ceiling)
        assert gate.decide(comparison(sure, **spent)).outcome == "kept"
        decision = gate.decide(comparison(unsure, **spent))
        assert decision.outcome == "reverted" and "unproven" in decision.reason
    assert BayesGate().decide(comparison(unsure, **spent)).outcome == "more"
    assert BayesGate(ceiling=Ceiling(tokens=9_001)).decide(comparison(unsure, **spent)).outcome == "more"


def test_a_ceiling_that_leaves_nothing_leaves_it_undecided() -> None:
    nothing = {"t": (Tally(passes=1, n=2), Tally())}
    gate = BayesGate(ceiling=Ceiling(tokens=1))
    decision = gate.decide(comparison(nothing, spent_tokens=1))
    assert decision.outcome == "undecided" and "[evolve] comparison" in decision.reason


def test_heldout_is_no_part_of_it() -> None:
    gate = BayesGate(ceiling=Ceiling(rollouts=4))
    asked = gate.decide(
        Comparison(train=same(6, (0, 2), (2, 2)), heldout_tasks=("h",), rollouts=2, spent=12, candidate="c")
    )
    assert asked.outcome == "more" and {request.task for request in asked.requests} == {"h"}


def test_the_configuration_reaches_the_gate(tmp_path: Path) -> None:
    (tmp_path / "ahe.toml").write_text(
        "[evolve]\ntax = 2.0\ncomparison = { rollouts = 60, tokens = 500000, usd = 0.25 }\n"
    )
    table = load_config(tmp_path).evolve
    gate = make_gate(table.gate, tax=table.tax, ceiling=table.comparison)
    assert isinstance(gate, BayesGate) and gate.tax == pytest.approx(0.02)
    assert gate.ceiling == Ceiling(rollouts=60, tokens=500_000, usd=0.25)
    assert make_gate("greedy", tax=2.0, ceiling=gate.ceiling).name == "greedy"


def test_the_prompt_is_what_every_request_carries(tmp_path: Path) -> None:
    assert prompt_tokens(tmp_path) == 0
    (tmp_path / "system_prompt.md").write_text("x" * 360)
    (tmp_path / "tool_descriptions").mkdir()
    (tmp_path / "tool_descriptions" / "run.yaml").write_text("y" * 36)
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "long.md").write_text("z" * 9_000)
    assert prompt_tokens(tmp_path) == 110


def test_a_tax_reverts_what_a_longer_prompt_does_not_pay_for() -> None:
    train = {**same(12, (1, 2), (1, 2)), **same(8, (0, 2), (2, 2), "u"), "w": pair((1, 2), (1, 2))}
    question = comparison(train, grown=10_000)
    assert [make_gate("bayes", tax=tax).decide(question).outcome for tax in (0.0, 5.0)] == [
        "kept",
        "reverted",
    ]
