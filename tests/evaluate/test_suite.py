"""Suites: the splits of suite.toml, the splits by hash, and what is refused."""

from __future__ import annotations

import pytest
from task_writer import TOML, write_task

from ahe.errors import TaskError
from ahe.evaluate.suite import hashed_splits, load_suite

SPLITS = '[splits]\ntrain = ["a", "b"]\nheldout = ["c"]\ntest = ["d"]\n'


def write_suite(root, text=SPLITS, names="abcd"):
    for name in names:
        write_task(root / name)
    (root / "suite.toml").write_text(text)
    return root


def test_a_suite_with_its_file(tmp_path):
    text = 'name = "letters"\ndescription = "four"\n' + SPLITS + '[quick]\ntrain = ["b"]\n'
    suite = load_suite(write_suite(tmp_path, text, "abcde"))
    assert (suite.name, suite.description) == ("letters", "four")
    assert [task.name for task in suite.part("train")] == ["a", "b"]
    assert [task.name for task in suite.part("train", quick=True)] == ["b"]
    assert [suite.split_of(name) for name in "acde"] == ["train", "heldout", "test", None]
    assert suite.unassigned == ("e",)


def test_quick_is_the_whole_where_the_suite_names_no_part(tmp_path):
    suite = load_suite(write_suite(tmp_path))
    assert suite.part("train", quick=True) == suite.part("train")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (SPLITS.replace('"b"', '"x"'), "train names x"),
        (SPLITS.replace('"c"', '"a"'), "a is in train and again in heldout"),
        (SPLITS.replace('"a", "b"', '"a", "a"'), "a is in train and again in train"),
        (SPLITS.replace('"a", "b"', ""), "splits.train is empty"),
        (SPLITS + 'more = ["a"]', "not more"),
        (SPLITS + '[quick]\ntrain = ["c"]', "quick.train names tasks outside that split: c"),
        ("[splits]\ntrain = 3", "splits.train must be a list of strings"),
        ("splits", "not valid TOML"),
    ],
)
def test_wrong_files_are_named(tmp_path, text, named):
    with pytest.raises(TaskError) as caught:
        load_suite(write_suite(tmp_path, text))
    assert named in str(caught.value)
    assert "suite.toml" in str(caught.value)


def test_any_folder_of_tasks_is_a_suite(tmp_path):
    for name in ("one", "group/two", "group/three", ".hidden/four", "group/deep/five"):
        write_task(tmp_path / name)
    (tmp_path / "README.md").write_text("no task")
    suite = load_suite(tmp_path)
    assert sorted(suite.tasks) == ["one", "three", "two"]
    assert sorted(name for names in suite.splits.values() for name in names) == ["one", "three", "two"]
    assert suite.unassigned == ()


def test_a_single_task_is_a_suite_of_one(tmp_path):
    assert list(load_suite(write_task(tmp_path / "alone")).tasks) == ["alone"]


def test_hashed_splits_are_stable_under_adding_and_about_40_20_40(tmp_path):
    task = load_suite(write_task(tmp_path / "t")).tasks["t"]
    names = {f"task-{n}": task for n in range(2000)}
    more = hashed_splits(names)
    few = hashed_splits(dict(list(names.items())[:200]))
    assert [round(len(more[split]) / 2000, 1) for split in ("train", "heldout", "test")] == [0.4, 0.2, 0.4]
    assert all(set(few[split]) <= set(more[split]) for split in few)


def test_two_tasks_of_one_name(tmp_path):
    write_task(tmp_path / "x" / "same")
    write_task(tmp_path / "y" / "same")
    with pytest.raises(TaskError, match="two tasks are called same"):
        load_suite(tmp_path)


def test_every_broken_task_is_named(tmp_path):
    for name in "ab":
        write_task(tmp_path / name, "broken")
    write_task(tmp_path / "c")
    with pytest.raises(TaskError) as caught:
        load_suite(tmp_path)
    assert "/a/task.toml" in str(caught.value)
    assert "/b/task.toml" in str(caught.value)


@pytest.mark.parametrize(("folder", "message"), [("none", "no suite at"), ("empty", "holds no tasks")])
def test_no_tasks(tmp_path, folder, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TaskError, match=message):
        load_suite(tmp_path / folder)


def test_refusals_are_listed_with_reasons(tmp_path):
    write_suite(tmp_path)
    write_task(tmp_path / "b", TOML + "gpus = 1")
    found = load_suite(tmp_path).refusals(allow_network=False, kind="auto")
    assert list(found) == ["b"]
    assert "GPUs" in found["b"]
