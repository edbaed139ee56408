"""Suites: the splits of suite.toml, the splits by hash, and what is refused."""

from __future__ import annotations

import pytest
from task_writer import TOML, write_task

from ahe.errors import TaskError, UsageError
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
    assert suite.name == "letters"
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
        (SPLITS + 'more = ["a"]', "not 'more'"),
        (SPLITS.replace('"c"', '"no-*"'), "heldout names no-*, and there is no such task"),
        (SPLITS.replace('"c"', '"[cd]"').replace('"d"', '"[d]"'), "d is in heldout and again in test"),
        ('exclude = ["e"]\n' + SPLITS, "exclude names e"),
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


def test_a_task_that_cannot_be_read_is_left_out_and_named(tmp_path):
    write_task(tmp_path / "good")
    write_task(tmp_path / "bad-toml", "broken")
    write_task(tmp_path / "no-instruction", files={"instruction.md": None})
    write_task(tmp_path / "no-toml", files={"task.toml": None})
    write_task(tmp_path / "no-text")
    (tmp_path / "no-text/task.toml").write_bytes(b"\xff\xfe\x00[")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/task.yaml").write_text("instruction: x\n")
    suite = load_suite(tmp_path)
    assert list(suite.tasks) == ["good"]
    reasons = {
        "bad-toml": "not valid TOML",
        "no-instruction": "instruction.md is missing",
        "no-text": "not valid TOML",
        "no-toml": "task.toml is missing",
        "old": "ahe tasks from",
    }
    assert sorted(suite.left_out) == sorted(reasons)
    assert all(text in suite.left_out[name] for name, text in reasons.items())
    assert suite.left_out_text().startswith("5 of 6 tasks are left out:\n")
    assert all(f"/{name}" in suite.left_out_text() for name in reasons)


def test_a_suite_of_broken_tasks_alone_is_an_error_that_names_them(tmp_path):
    for name in "ab":
        write_task(tmp_path / name, "broken")
    with pytest.raises(TaskError, match=r"/a/task\.toml(.|\n)*/b/task\.toml"):
        load_suite(tmp_path)


def test_only_what_was_asked_for_by_name_is_asked_for_in_vain(tmp_path):
    for toml, names in ((TOML + "gpus = 1", ("g-refused", "refused")), ("broken", ("g-broken", "broken"))):
        for name in names:
            write_task(tmp_path / name, toml)
    suite = load_suite(write_suite(tmp_path, '[splits]\ntrain = ["a", "g-*"]\ntest = ["?"]', "abc"))
    ran = suite.runnable(allow_network=False, kind="auto")
    ran.require_named()
    assert [[task.name for task in ran.part(split)] for split in ("train", "test")] == [["a"], ["b", "c"]]
    assert sorted(ran.left_out) == ["broken", "g-broken", "g-refused", "refused"]
    assert ran.left_out_text().startswith("4 of 7 tasks are left out; what remains is 1 of 3 train:\n")
    (tmp_path / "suite.toml").write_text('[splits]\ntrain = ["a", "refused", "broken"]')
    with pytest.raises(TaskError, match=r"broken/task.toml is not valid TOML(.|\n)*refused asks for .*GPUs"):
        load_suite(tmp_path).runnable(allow_network=False, kind="auto").require_named()


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(
    "toml", [TOML + "gpus = 1", "broken", TOML + '[environment.env]\nKEY = "${UNSET_HERE}"']
)
def test_a_split_of_which_nothing_is_left_is_an_error(tmp_path, toml, quick):
    """Without its held-out tasks a gate would never veto."""
    write_task(tmp_path / "h-1", toml)
    text = '[splits]\ntrain = ["a"]\nheldout = ["h-*"]\n[quick]\ntrain = ["a"]\nheldout = ["h-1"]\n'
    suite = load_suite(write_suite(tmp_path, text, "a")).runnable(allow_network=True, kind="auto")
    assert suite.part("heldout", quick=quick) == suite.usable("test", quick=quick) == ()
    with pytest.raises(UsageError, match=r"no heldout tasks that can run here: 1 of 2 tasks(.|\n)*h-1"):
        suite.usable("heldout", quick=quick)


def test_a_quick_part_without_held_out_tasks_has_none(tmp_path):
    suite = load_suite(write_suite(tmp_path, SPLITS + '[quick]\ntrain = ["a"]'))
    assert suite.usable("heldout", quick=True) == ()


def test_a_glob_of_the_quick_part_leaves_out_what_another_split_names(tmp_path):
    names = ("fix-a", "fix-b", "fix-typo")
    text = '[splits]\ntrain = ["fix-*"]\nheldout = ["fix-typo"]\n[quick]\ntrain = ["fix-*"]\nheldout = ["fix-t*"]'
    suite = load_suite(write_suite(tmp_path, text, names))
    assert (suite.quick["train"], suite.quick["heldout"]) == (("fix-a", "fix-b"), ("fix-typo",))


def test_a_list_reads_the_same_tasks_without_their_digests(tmp_path):
    whole = load_suite(write_suite(tmp_path))
    listed = load_suite(tmp_path, digests=False)
    assert all(len(task.digest) == 64 for task in whole.tasks.values())
    bare = {name: task.model_copy(update={"digest": ""}) for name, task in whole.tasks.items()}
    assert listed == whole.model_copy(update={"tasks": bare})


def test_globs_and_excluded_tasks(tmp_path):
    text = (
        'exclude = ["d", "x-*"]\n[splits]\ntrain = ["b", "[a-c]"]\nheldout = ["c"]\n[quick]\ntrain = ["b*"]\n'
    )
    write_task(tmp_path / "x-1", "broken")
    suite = load_suite(write_suite(tmp_path, text))
    assert (suite.splits["train"], suite.splits["heldout"], suite.quick["train"]) == (
        ("b", "a"),
        ("c",),
        ("b",),
    )
    assert (sorted(suite.tasks), suite.left_out, suite.unassigned) == (["a", "b", "c"], {}, ())


def test_files_with_a_byte_order_mark_are_read(tmp_path):
    write_suite(tmp_path, "\ufeff" + SPLITS)
    for name, text in (("task.toml", TOML), ("instruction.md", "Do it.")):
        (tmp_path / "a" / name).write_text("\ufeff" + text)
    suite = load_suite(tmp_path)
    assert suite.splits["train"] == ("a", "b")
    assert (suite.tasks["a"].instruction, suite.tasks["a"].environment.network) == ("Do it.", False)


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
