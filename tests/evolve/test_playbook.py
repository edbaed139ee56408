"""Reading, ranking and applying plays."""

import json
import shutil
from pathlib import Path

import pytest

from ahe.environments.bwrap import BwrapEnvironment
from ahe.errors import HarnessError
from ahe.evaluate.suite import load_suite
from ahe.evolve.plays import NO_EXAMPLES, ROWS, WORTH_ALWAYS, Examples, Play, best_first, read_playbook
from ahe.evolve.smoke import SmokeTrial
from ahe.harness.load import load
from ahe.harness.preflight import Preflight
from ahe.project.assemble import examples, preflight
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.records import Cluster, Signature

HEAD = """---
title: look before you leap, always
kinds: [{kinds}]
fits: [{fits}]
source: made for this test
---

It helps because it helps, it costs a little, and it hurts where it is not needed.
"""


QUESTIONS = Examples([("a question of the train split", "label")])


def make(folder: Path, name: str, fits: str = "wrong_value", kinds: str = "memory", **files: str) -> Path:
    """A play in `folder`; `files` have `__` for a slash and `_md` for `.md`."""
    root = folder / name
    root.mkdir(parents=True)
    (root / "PLAY.md").write_text(HEAD.format(fits=fits, kinds=kinds), "utf-8")
    for key, text in (files or {"append__memory_md": "- Look first.\n"}).items():
        path = root / key.replace("__", "/").replace("_md", ".md").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def cluster(cause: str, status: str = "answered", mechanism: str = "none", trials: int = 1) -> Cluster:
    names = tuple(f"{cause}{n}" for n in range(trials))
    return Cluster(
        signature=Signature(cause=cause, status=status, mechanism=mechanism), trials=names, tasks=("t",)
    )


def seed(folder: Path) -> Path:
    return Path(shutil.copytree(entry("components"), folder / "seed"))


def bundled() -> tuple[Play, ...]:
    return read_playbook(entry("evolver") / "playbook")


def test_the_bundled_plays_pass_the_static_checks_of_a_commit(tmp_path: Path) -> None:
    for play in bundled():
        before, after = seed(tmp_path / play.name), seed(tmp_path / f"{play.name}-with")
        play.apply(after, QUESTIONS if play.data else NO_EXAMPLES)
        assert not Preflight().check(after, before, "add"), play.name
        load(after)


@pytest.mark.parametrize("suite", ["shell-basics", "tickets"])
def test_the_bundled_plays_hold_nothing_of_the_bundled_tasks(tmp_path: Path, suite: str) -> None:
    checks = preflight(load_suite(entry("evals") / suite))
    for play in bundled():
        if not play.data:
            before, after = seed(tmp_path / play.name), seed(tmp_path / f"{play.name}-with")
            play.apply(after)
            problems = checks.check(after, before, "add")
            assert not [each for each in problems if each.rule.startswith("task ")], play.name


def test_a_play_is_known_by_its_content(tmp_path: Path) -> None:
    root = make(tmp_path, "look")
    (one,) = read_playbook(tmp_path)
    (root / "append" / "memory.md").write_text("- Look twice.\n")
    (other,) = read_playbook(tmp_path)
    assert one.name == other.name == "look" and one.key != other.key


def test_a_later_folder_replaces_a_play_of_the_same_name(tmp_path: Path) -> None:
    make(tmp_path / "bundled", "look")
    make(tmp_path / "own", "look", fits="leftover")
    make(tmp_path / "own", "act")
    found = read_playbook(tmp_path / "bundled", tmp_path / "own")
    assert [(play.name, play.fits) for play in found] == [("act", ("wrong_value",)), ("look", ("leftover",))]


def test_the_fit_is_the_share_of_failures_with_a_word_of_the_play(tmp_path: Path) -> None:
    make(tmp_path, "look", fits="wrong_value, looping, no_such_path")
    (play,) = read_playbook(tmp_path)
    clusters = [
        cluster("wrong_value", trials=2),
        cluster("leftover", status="looping"),
        cluster("leftover", mechanism="no_such_path"),
        cluster("leftover", trials=4),
    ]
    assert play.fit(clusters) == 0.5 and play.fit([]) == 0.0


def test_best_fit_first_without_those_that_were_tried(tmp_path: Path) -> None:
    make(tmp_path, "some", fits="leftover")
    make(tmp_path, "most", fits="wrong_value")
    make(tmp_path, "none", fits="too_slow")
    make(tmp_path, "ever", fits="always")
    plays = read_playbook(tmp_path)
    clusters = [cluster("wrong_value", trials=6), cluster("leftover", trials=4)]
    assert [p.name for p in best_first(plays, clusters, ())] == ["most", "some", "ever"]
    tried = [play.key for play in plays if play.name == "most"]
    assert [p.name for p in best_first(plays, clusters, tried)] == ["some", "ever"]
    rare = [cluster("wrong_value", trials=1), cluster("unknown", trials=19)]
    assert [p.name for p in best_first(plays, rare, ())] == ["ever", "most"], WORTH_ALWAYS


def test_a_play_adds_files_and_appends_text(tmp_path: Path) -> None:
    files = {
        "files__middleware__10_look_py": "class Look:\n    pass\n",
        "append__memory_md": "- Look first.\n",
    }
    make(tmp_path / "book", "look", kinds="memory, middleware", **files)
    (play,) = read_playbook(tmp_path / "book")
    harness = seed(tmp_path)
    (harness / "memory.md").write_text("- Old.\n")
    play.apply(harness)
    assert (harness / "memory.md").read_text() == "- Old.\n\n- Look first.\n"
    assert (harness / "middleware" / "10_look.py").read_text().startswith("class Look")
    with pytest.raises(HarnessError, match="the harness has it already"):
        play.apply(harness)


def test_a_play_does_not_replace_what_somebody_wrote(tmp_path: Path) -> None:
    make(tmp_path / "book", "look", kinds="middleware", files__middleware__10_look_py="class Look: ...\n")
    (play,) = read_playbook(tmp_path / "book")
    harness = seed(tmp_path)
    (harness / "middleware" / "10_look.py").write_text("class Mine: ...\n")
    with pytest.raises(HarnessError, match=r"a middleware/10_look\.py of its own"):
        play.apply(harness)


def test_examples_come_from_the_train_split(tmp_path: Path) -> None:
    play = next(play for play in bundled() if play.data)
    harness = seed(tmp_path)
    with pytest.raises(HarnessError, match="no questions with answers"):
        play.apply(harness)
    play.apply(harness, Examples([("Wo ist „x“?", "hier")], "Which one?"))
    first, second = map(json.loads, (harness / ROWS).read_text("utf-8").splitlines())
    assert first == {"before": "Which one?"} and second == {"question": "Wo ist „x“?", "answer": "hier"}


def test_on_questions_only_plays_without_a_shell_are_tried(tmp_path: Path) -> None:
    harness, clusters = seed(tmp_path), [cluster("wrong_value")]
    order = best_first(bundled(), clusters, ())
    possible = [p.name for p in order if not p.obstacle(harness, QUESTIONS)]
    assert possible == ["likely-label", "nearest-examples", "checklist"]
    assert "this suite's questions have none" in next(p for p in order if p.shell).obstacle(
        harness, QUESTIONS
    )


def test_the_train_rows_of_a_suite_may_go_in_and_no_others(tmp_path: Path) -> None:
    suite = load_suite(entry("evals") / "tickets")
    check, play = preflight(suite), next(play for play in bundled() if play.data)
    before = Path(shutil.copytree(suite.seed or "", tmp_path / "before"))
    after = Path(shutil.copytree(before, tmp_path / "after"))
    play.apply(after, examples(suite))
    assert len((after / ROWS).read_text("utf-8").splitlines()) == 205
    assert not check.check(after, before, "add")
    (task, *_) = suite.part("test")
    assert task.row is not None
    with (after / ROWS).open("a", encoding="utf-8") as rows:
        rows.write(json.dumps({"question": task.row.question, "answer": task.row.answer}) + "\n")
    assert [problem.rule for problem in check.check(after, before, "add")] == ["task text"]


async def test_a_harness_with_a_skill_and_no_tool_passes_the_smoke_trial(tmp_path: Path) -> None:
    suite = load_suite(entry("evals") / "tickets")
    harness = Path(shutil.copytree(suite.seed or "", tmp_path / "harness"))
    next(play for play in bundled() if play.data).apply(harness, examples(suite))
    smoke = SmokeTrial(BwrapEnvironment, lambda: make_executor(False), tmp_path / "scratch")
    assert await smoke(harness) == []


@pytest.mark.parametrize(
    ("fits", "kinds", "said"),
    [
        ("wrong_valu", "memory", "wrong_valu: not a word that the debugger uses"),
        ("always", "skill", "kinds: files/ and append/ hold memory"),
        ("always", "magic", "kinds"),
        ("", "memory", "fits"),
    ],
)
def test_a_faulty_play_is_named(tmp_path: Path, fits: str, kinds: str, said: str) -> None:
    make(tmp_path, "look", fits=fits, kinds=kinds)
    with pytest.raises(HarnessError, match=r"look/PLAY\.md") as caught:
        read_playbook(tmp_path)
    assert said in str(caught.value)
