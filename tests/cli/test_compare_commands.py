"""Looking back at no cost: compare, best, show and revert read the trials that exist. Nothing here can run one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import world
from made_trials import trial

from ahe.evaluate.store import Store
from ahe.evaluate.suite import load_suite
from ahe.gate.predictions import observed, scored
from ahe.history import History
from ahe.records import Change, Kind, Tally, Verdict

ROLLOUTS = 6


@pytest.fixture
def measured(project: Path) -> Path:
    """A change that was measured: alpha-note 0 of 6 to 6 of 6, beta-note never, gamma-note broke in one arm."""
    suite = load_suite(world.write_suite(project / "suite"))
    (project / "ahe.toml").write_text('[suite]\npath = "suite"\n[model]\nname = "scripted:nowhere"\n')
    history = History(project / "workspace")
    seed = history.head()
    change = Change(id="001-1", kinds=(Kind.MEMORY,), action="improve", subject="act", evidence="e",
                    root_cause="r", fix="f", predicts=("alpha-note",), risks=("beta-note",))  # fmt: skip
    with history.draft(seed) as tree:
        (tree / "memory.md").write_text("Act.\n")
        sha = history.commit_draft(tree, change)
    history.advance(sha)
    store = Store(project / "runs")
    ids = {each: history.harness_id(each) for each in (seed, sha)}
    outcomes = {
        seed: {"alpha-note": "failed", "beta-note": "failed", "gamma-note": "passed"},
        sha: {"alpha-note": "passed", "beta-note": "failed", "gamma-note": "missing"},
    }
    for arm, statuses in outcomes.items():
        for task, status in statuses.items():
            for n in range(ROLLOUTS):
                name = f"{'s' if arm == seed else 'c'}{task[0]}{n}".ljust(24, "0")
                one = trial(name, task, status, n, harness=ids[arm], task_digest=suite.tasks[task].digest)
                store.folder(one.id).mkdir()
                store.put(one)
    store.close()
    arms = {"alpha-note": (Tally(n=6), Tally(passes=6, n=6)), "beta-note": (Tally(n=6), Tally(n=6)),
            "gamma-note": (Tally(passes=6, n=6), Tally(missing=6))}  # fmt: skip
    verdict = Verdict(outcome="kept", reason="r", incumbent=seed, candidate=sha, tasks=observed(arms))
    history.note(sha, scored(verdict, change.predicts, change.risks))
    return project


def test_compare_reads_rates_difference_probability_and_tasks(ahe, measured):
    done = ahe("compare", "001-1~1", "001-1", cwd=measured)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["task", "before", "after", "points", "π"]
    assert lines[1].split()[:4] == ["alpha-note", "0/6", "6/6", "+100.0"]
    assert lines[3].split() == ["gamma-note", "6/6", "0/0", "–", "–"]
    assert "0.0 % → 50.0 % on 2 tasks that both tried (001-1~1 → 001-1)" in done.stdout
    assert "P(001-1 better) = 0.9" in done.stdout


def test_compare_json_and_the_other_way_round(ahe, measured):
    there = json.loads(ahe("compare", "HEAD~1", "HEAD", "--json", cwd=measured).stdout)
    back = json.loads(ahe("compare", "HEAD", "HEAD~1", "--json", cwd=measured).stdout)
    assert there["delta"]["mean"] == pytest.approx(-back["delta"]["mean"])
    assert there["score"] == pytest.approx(1 - back["score"])
    assert there["rates"] == back["rates"][::-1] == [0.0, 0.5]
    alpha = next(each for each in there["trials"] if each["task"] == "alpha-note")
    assert len(alpha["before"]) == len(alpha["after"]) == ROLLOUTS


def test_compare_of_the_same_and_of_the_unmeasured(ahe, measured):
    assert "the same harness" in ahe("compare", "HEAD", "HEAD", cwd=measured).stdout
    none = ahe("compare", "HEAD~1", "HEAD", "--split", "heldout", cwd=measured)
    assert none.returncode == 0
    assert "no task was scored with both" in none.stdout and "--rollouts" in none.stderr


def test_test_tasks_are_not_compared(ahe, measured):
    assert ahe("compare", "HEAD~1", "--split", "test", cwd=measured).returncode == 2


def test_compare_with_rollouts_runs_both_arms_in_turns(ahe, tmp_path):
    root = world.write_project(tmp_path / "live")
    world.ahe(root, "init")
    (root / "workspace" / "middleware" / "10_act.py").write_text(world.ACT)
    world.git(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", "act")
    found = json.loads(world.ahe(root, "compare", "HEAD~1", "--rollouts", "1", "-j", "1", "--json").stdout)
    assert found["rates"] == [0.0, pytest.approx(2 / 3)]
    store = Store(root / "runs")
    trials = [t for harness in found["harnesses"] for t in store.of_harness(harness)]
    store.close()
    order = [t.harness for t in sorted(trials, key=lambda t: t.started)]
    assert order == found["harnesses"] * 3
    again = world.ahe(root, "compare", "HEAD~1", "HEAD", "--json")
    assert json.loads(again.stdout) == found


def test_show_tells_predicted_against_observed_and_names_trials(ahe, measured):
    text = ahe("show", "001-1", cwd=measured).stdout
    assert "fixes        1.0 of 1 came true (precision 0.9" in text
    assert "regressions  0.0 of 1 came true" in text
    row = next(line for line in text.splitlines() if line.startswith("alpha-note"))
    assert row.split()[1:4] == ["0/6", "6/6", "+100.0"]
    assert row.endswith("up         sa000000 sa100000 → ca000000 ca100000")
    assert "at risk" in next(line for line in text.splitlines() if line.startswith("beta-note"))
    shown = json.loads(ahe("show", "001-1", "--json", cwd=measured).stdout)
    assert [each["task"] for each in shown["measured"]["tasks"]] == ["alpha-note", "beta-note", "gamma-note"]
    assert shown["verdict"]["fixes"]["named"] == 1


def test_show_stands_on_the_note_where_suite_and_store_are_gone(ahe, measured):
    for path in (measured / "runs" / "ahe.sqlite", measured / "suite" / "suite.toml"):
        path.rename(path.with_suffix(".gone"))
    (measured / "ahe.toml").write_text('[suite]\npath = "nowhere"\n')
    done = ahe("show", "001-1", cwd=measured)
    assert done.returncode == 0, done.stderr
    assert "alpha-note     0/6    6/6" in done.stdout


def test_log_sums_up_what_the_predictions_were_worth(ahe, measured):
    text = ahe("log", cwd=measured).stdout
    assert "1.0/1" in text.splitlines()[1]
    assert "predicted fixes: 1.0 of 1 came true (precision 0.9" in text and "at random 0.5" in text
    assert "predicted regressions: 0.0 of 1 came true" in text


def test_a_revert_tells_the_rate_of_a_tree_that_is_known(ahe, measured):
    done = ahe("revert", "001-1", "--reason", "no", "--json", cwd=measured, **world.PERSON)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["measured"], found["rate"], found["rollouts"]) == (True, pytest.approx(1 / 3), 18)


def test_a_revert_to_an_unknown_tree_or_without_a_suite_is_done_all_the_same(ahe, measured):
    (measured / "ahe.toml").write_text('[suite]\npath = "nowhere"\n')
    done = ahe("revert", "001-1", cwd=measured, **world.PERSON)
    assert done.returncode == 0, done.stderr
    assert "the next `ahe evolve` measures it" in done.stdout
    assert "ahe/best" not in done.stdout


def test_the_log_ends_with_what_the_run_gained(ahe, measured):
    assert "against seed" not in ahe("log", cwd=measured).stdout
    world.git(measured, "tag", "ahe/best")
    train = json.loads(ahe("best", "--json", cwd=measured).stdout)["train"]
    assert train["gain"]["low"] < train["gain"]["mean"] < train["raw_delta"]
    *_, gained, retries = ahe("log", "-n", "1", cwd=measured).stdout.splitlines()
    said = f"{100 * train['gain']['mean']:+.1f} points"
    assert gained.startswith(f"best against seed: {said} [")
    assert gained.endswith("(shrunk: selected rollouts flatter)")
    assert (
        retries.startswith("retries") and f"{train['twice']['twice']:.1%} with two tries (pass@2)" in retries
    )
    (seed, *_) = reversed(json.loads(ahe("log", "--json", cwd=measured).stdout))
    assert seed["subject"] == world.git(measured, "log", "--format=%s").splitlines()[-1]
    (measured / "ahe.toml").write_text('[suite]\npath = "nowhere"\n')
    done = ahe("log", cwd=measured)
    assert done.returncode == 0 and "against seed" not in done.stdout, "the log needs no suite"


def test_a_revert_takes_best_off_the_change(ahe, measured):
    world.git(measured, "tag", "ahe/best")
    done = ahe("revert", "001-1", cwd=measured, **world.PERSON)
    assert "ahe/best contained this change: it now names" in done.stdout and "Seed harness" in done.stdout
    seed = world.git(measured, "rev-list", "--max-parents=0", "HEAD")
    assert world.git(measured, "rev-parse", "ahe/best") == seed
    assert "This is the seed" in ahe("best", cwd=measured).stdout


def test_a_plain_git_revert_takes_best_off_the_change_as_soon_as_it_is_read(ahe, measured):
    world.git(measured, "tag", "ahe/best")
    world.by_hand(measured, "revert", "--no-edit", "HEAD")
    assert "This is the seed" in ahe("best", cwd=measured).stdout
    world.by_hand(measured, "revert", "--no-edit", "HEAD")
    assert "This is the seed" not in ahe("best", cwd=measured).stdout, "the revert was taken back"


def test_best_is_the_seed_until_the_tag_moves(ahe, measured, tmp_path):
    assert "This is the seed" in ahe("best", cwd=measured).stdout
    world.git(measured, "tag", "ahe/best")
    text = ahe("best", cwd=measured).stdout
    assert "memory: act" in text.splitlines()[0]
    assert "0.0 % → 50.0 % on 2 tasks that both tried (seed → best)" in text
    assert "switch --detach ahe/best" in text and "ahe final" in text
    assert "best against seed: +" in text and "\ndelta" not in text
    target = tmp_path / "mine"
    done = json.loads(ahe("best", "--export", str(target), "--json", cwd=measured).stdout)
    assert (target / "memory.md").read_text() == "Act.\n"
    assert "tools/run_shell_command.py" in done["exported"] and not (target / ".git").exists()
    assert done["train"]["score"] > 0.9
    again = ahe("best", "--export", str(target), cwd=measured)
    assert again.returncode == 2 and "not empty" in again.stderr
