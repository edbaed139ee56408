"""Reward files, read as Harbor reads them."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.evaluate.verifier import BadReward, one_reward, read_rewards

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_any_finite_float_is_a_reward(value):
    assert read_rewards({"reward.txt": f" {value!r}\n".encode()}) == {"reward": value}


@given(st.dictionaries(st.text(), finite | st.integers(-(2**53), 2**53), min_size=1))
def test_any_flat_table_of_numbers_is_rewards(rewards):
    found = read_rewards({"reward.json": json.dumps(rewards).encode(), "reward.txt": b"no"})
    assert found == rewards
    assert (one_reward(found) >= 1) == (
        rewards["reward"] >= 1 if "reward" in rewards else all(value >= 1 for value in rewards.values())
    )


@given(st.sampled_from(["reward.txt", "reward.json"]), st.binary(max_size=40))
def test_any_bytes_are_finite_rewards_or_refused(name, content):
    with suppress(BadReward):
        found = read_rewards({name: content})
        assert found
        assert all(math.isfinite(value) for value in found.values())


@pytest.mark.parametrize("text", ["", "yes", "1 0", "nan", "inf", "1e999", "0x1"])
def test_text_that_is_no_reward(text):
    with pytest.raises(BadReward, match=r"reward\.txt"):
        read_rewards({"reward.txt": text.encode()})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '"1"',
        '{"a": "1"}',
        '{"a": {"b": 1}}',
        '{"a": NaN}',
        '{"a": 1e999}',
        "null",
        "9" * 400,
    ],
)
def test_json_that_is_no_reward_hides_the_text(text):
    with pytest.raises(BadReward, match=r"reward\.json"):
        read_rewards({"reward.json": text.encode(), "reward.txt": b"1"})


def test_lone_numbers_and_truth_values():
    assert read_rewards({"reward.json": b"0.5"}) == {"reward": 0.5}
    assert read_rewards({"reward.json": b'{"reward": true}'}) == {"reward": 1.0}


def test_the_reward_called_reward_decides():
    assert one_reward({"reward": 1.0, "style": 0.0}) == 1.0
    assert one_reward({"tests": 1.0, "style": 0.5}) == 0.5


def test_nothing_written():
    with pytest.raises(BadReward, match="neither"):
        read_rewards({"other.txt": b"1"})
