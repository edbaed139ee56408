"""The presets: a page each, with a source, and valid as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import world

from ahe.errors import UsageError
from ahe.project.config import load_config
from ahe.project.strategies import strategies, strategy

NAMES = ["ahe", "life", "meta", "playbook", "prune", "self"]


def test_each_preset_is_listed_with_its_source_and_documented() -> None:
    assert [each.name for each in strategies()] == NAMES
    page = (world.ROOT / "docs" / "strategies.md").read_text("utf-8")
    assert all(each.source and f"| `{each.name}` |" in page for each in strategies())


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_sets_what_it_says_and_a_flag_goes_before_it(tmp_path: Path, name: str) -> None:
    preset = strategy(name, tmp_path)
    table = load_config(tmp_path, {"evolve.strategy": name}).evolve
    set_ = json.loads(table.model_dump_json())
    assert {key: set_[key] for key in preset.evolve} == preset.evolve
    assert load_config(tmp_path, {"evolve.strategy": name, "evolve.gate": "greedy"}).evolve.gate == "greedy"


def test_a_preset_with_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        'title = "a preset of my own"\nsource = "our own"\n[evolve]\nkinds = ["skills"]\n'
    )
    with pytest.raises(UsageError, match=r"evolve\.kinds"):
        load_config(tmp_path, {"evolve.strategy": "own.toml"})
