"""Values set in and removed from the text of JSON, whatever its layout."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.render.json_text import drop, put

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
PATHS = st.lists(st.sampled_from(("a", "b", "hooks")), min_size=1, max_size=3).map(tuple)


def _set(tree: dict[str, Any], at: tuple[str, ...], value: Any) -> dict[str, Any]:
    *path, last = at
    for key in path:
        tree = tree.setdefault(key, {})
    tree[last] = value
    return tree


@given(
    st.dictionaries(st.text(), VALUES, max_size=4),
    PATHS,
    VALUES,
    st.sampled_from((None, 2, "\t")),
    st.sampled_from(((",", ":"), (", ", ": "))),
)
def test_a_value_is_set_and_taken_away_again(tree, at, value, indent, separators):
    tree.pop(at[0], None)
    text = json.dumps(tree, indent=indent, separators=separators)
    made = put(text, at, value)
    wanted = json.loads(text)
    _set(wanted, at, value)
    assert json.loads(made) == wanted
    assert put(made, at, value) == made
    assert drop(made, at) == text


def test_an_element_of_a_list_is_known_by_its_mark():
    text = '{"hooks": {"Stop": [ {"x": 1} ]}}'
    one = put(text, ("hooks", "Stop"), {"run": "ahe hook 1"}, "ahe hook")
    two = put(one, ("hooks", "Stop"), {"run": "ahe hook 2"}, "ahe hook")
    assert json.loads(two)["hooks"]["Stop"] == [{"x": 1}, {"run": "ahe hook 2"}]
    assert drop(two, ("hooks", "Stop"), "ahe hook") == text
    new = put("{}", ("hooks", "Stop"), {"run": "ahe hook"}, "ahe hook")
    assert json.loads(new) == {"hooks": {"Stop": [{"run": "ahe hook"}]}}
    assert drop(new, ("hooks", "Stop"), "ahe hook") == "{}"


def test_what_comes_first_goes_with_its_comma():
    assert drop('{"ahe": 1, "b": 2}', ("ahe",)) == '{"b": 2}'
    assert drop('{"b": 2}', ("ahe",)) == '{"b": 2}'
    assert drop("", ("ahe",)) == ""


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', "{} // mine"])
def test_other_text_is_refused(text):
    with pytest.raises(ValueError):
        put(text, ("a", "b"), 1)
