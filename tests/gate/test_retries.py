"""pass@2 without bias, and what two tries cost."""

from itertools import combinations, permutations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_trials import trial

from ahe.gate.retries import pass_at, two_tries
from ahe.records import Usage


@given(st.lists(st.booleans(), min_size=2, max_size=7), st.integers(1, 2))
def test_pass_at_k_is_the_mean_over_all_choices_of_k_rollouts(rollouts: list[bool], k: int) -> None:
    chosen = [any(each) for each in combinations(rollouts, k)]
    assert pass_at(k, sum(rollouts), len(rollouts)) == pytest.approx(fmean(chosen))


@pytest.mark.parametrize(("k", "passes", "n"), [(2, 0, 1), (2, 3, 2), (1, -1, 2)])
def test_too_few_rollouts_are_refused(k: int, passes: int, n: int) -> None:
    with pytest.raises(ValueError, match="needs"):
        pass_at(k, passes, n)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1000)), min_size=2, max_size=5))
def test_the_second_try_is_paid_where_the_first_one_failed(rollouts: list[tuple[bool, int]]) -> None:
    made = [
        trial(f"t{n}", status="passed" if passed else "failed", attempt=n, usage=Usage(input_tokens=tokens))
        for n, (passed, tokens) in enumerate(rollouts)
    ]
    spent = [a[1] + (0 if a[0] else b[1]) for a, b in permutations(rollouts, 2)]
    found = two_tries(made)
    assert found is not None and found.tokens_twice == pytest.approx(fmean(spent))
    assert found.tokens_once == pytest.approx(fmean(tokens for _, tokens in rollouts))


def test_tasks_count_equally_and_missing_trials_do_not_count() -> None:
    made = [trial("a", "one", "passed"), trial("b", "one", "failed", 1), trial("c", "one", "missing", 2)]
    made += [trial(f"d{n}", "two", "failed", n) for n in range(6)] + [trial("e", "three", "passed")]
    found = two_tries(made)
    assert found is not None and (found.tasks, found.once, found.twice) == (2, 0.25, 0.5)
    assert two_tries([trial("e", "three", "passed")]) is None
