from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import world

from ahe.history import History
from ahe.records import Change, Interval, Kind, Usage, Verdict


@pytest.fixture
def changed(project: Path) -> Path:
    """The project after one change that was kept."""
    history = History(project / "workspace")
    change = Change(
        id="001-1",
        kinds=(Kind.MEMORY,),
        action="improve",
        subject="remember to count without the header",
        evidence="t1#3 counted the header",
        root_cause="the header was taken for data",
        fix="a line in memory",
        predicts=("count-distinct-cities",),
    )
    with history.draft(history.head()) as tree:
        (tree / "memory.md").write_text("Skip the header.\n")
        sha = history.commit_draft(tree, change)
    history.advance(sha)
    verdict = Verdict(
        outcome="kept",
        reason="score 0.97",
        gate="paired",
        score=0.97,
        delta=Interval(mean=0.1, low=0.02, high=0.18),
        incumbent_rate=0.5,
        candidate_rate=0.6,
        rollouts=48,
        usage=Usage(calls=3, input_tokens=1200, usd=0.0),
    )
    history.note(sha, verdict)
    history.tag("ahe/iter-001", sha)
    return project


def test_log_has_a_line_a_change_with_its_verdict(ahe, changed):
    done = ahe("log", cwd=changed)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[1:3]
    assert "iter-001" in first and "memory" in first and "kept" in first and "+10.0 [+2.0, +18.0]" in first
    assert "0.97" in first and first.endswith("48  1.2k tokens")
    assert "seed" in second
    assert "1 kept" in done.stdout


def test_log_works_from_any_folder_inside_and_with_C(ahe, changed, tmp_path):
    inside = changed / "workspace" / "tools"
    assert (
        ahe("log", cwd=inside).stdout
        == ahe("log", "-C", str(changed)).stdout
        == ahe("-C", str(changed), "log").stdout
    )


def test_log_json_holds_the_numbers(ahe, changed):
    rows = json.loads(ahe("log", "--json", cwd=changed).stdout)
    assert [row["outcome"] for row in rows] == ["kept", ""]
    assert rows[0]["verdict"]["score"] == 0.97
    assert rows[0]["change"] == "001-1"


@pytest.mark.parametrize("name", ["001-1", "ahe/iter-001", "HEAD"])
def test_show_tells_hypothesis_verdict_and_diff(ahe, changed, name):
    text = ahe("show", name, cwd=changed).stdout
    assert "Root cause: the header was taken for data" in text
    assert "expected up  count-distinct-cities" in text
    assert "P = 0.970 (paired)" in text and "50.0 % → 60.0 %" in text
    assert "+Skip the header." in text
    assert "Ahe-Record" not in text


def test_show_json(ahe, changed):
    shown = json.loads(ahe("show", "001-1", "--json", cwd=changed).stdout)
    assert shown["verdict"]["outcome"] == "kept"
    assert "+Skip the header." in shown["diff"]


def test_an_unknown_change_is_a_usage_error(ahe, changed):
    done = ahe("show", "009-9", cwd=changed)
    assert done.returncode == 2
    assert "009-9" in done.stderr


def test_diff_can_be_applied_and_is_0_also_without_a_difference(ahe, changed):
    done = ahe("diff", "HEAD~1", cwd=changed)
    assert done.returncode == 0
    assert done.stdout.startswith("diff --git a/memory.md b/memory.md")
    same = ahe("diff", "HEAD", cwd=changed)
    assert (same.returncode, same.stdout) == (0, "")
    assert set(json.loads(ahe("diff", "HEAD~1", "--json", cwd=changed).stdout)) == {"a", "b", "diff"}


def test_an_agents_escape_codes_do_not_reach_the_reader_of_show(ahe, project):
    workspace = project / "workspace"
    (workspace / "memory.md").write_text("\x1b]0;owned\x07\n")
    subprocess.run(
        ["git", "-C", workspace, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "x\x1b[2J"],
        check=True,
    )
    assert "\x1b" not in ahe("show", "HEAD", cwd=project).stdout
    assert "\x1b" not in ahe("log", cwd=project).stdout


def test_components_lists_all_seven_kinds(ahe, changed):
    found = json.loads(ahe("components", "--json", cwd=changed).stdout)
    assert {component["kind"] for component in found} == {kind.value for kind in Kind}
    memory = next(component for component in found if component["kind"] == "memory")
    assert memory["tokens"] > 0
    assert memory["last_subject"].startswith("memory: ")
    text = ahe("components", cwd=changed).stdout
    assert all(kind.value in text for kind in Kind)
    assert "run_shell_command" in text


def test_a_person_takes_a_change_back(ahe, changed):
    done = ahe("revert", "001-1", "--reason", "too long", cwd=changed, **world.PERSON)
    assert done.returncode == 0, done.stderr
    commits = History(changed / "workspace").commits()
    assert commits[0].author == "Ada" and commits[0].by_person
    assert commits[0].reverts == commits[1].sha
    verdict = commits[1].verdict
    assert verdict is not None
    assert (verdict.outcome, verdict.decided_by, verdict.reason) == ("reverted", "person", "too long")
    assert verdict.score == 0.97
    assert (changed / "workspace" / "memory.md").read_text() != "Skip the header.\n"
    assert "by hand" not in ahe("log", cwd=changed).stdout


def test_a_revert_needs_a_name(ahe, changed, tmp_path):
    (tmp_path / "home" / ".gitconfig").write_text("[user]\nuseConfigOnly = true\n")
    done = ahe("revert", "001-1", cwd=changed)
    assert done.returncode == 2
    assert "git config --global user.name" in done.stderr
    assert len(History(changed / "workspace").commits()) == 2


def test_a_revert_that_conflicts_changes_nothing_and_lists_the_choices(ahe, changed):
    history = History(changed / "workspace")
    with history.draft(history.head()) as tree:
        (tree / "memory.md").write_text("Skip the header, always.\n")
        change = Change(id="002-1", kinds=(Kind.MEMORY,), action="improve", subject="more", evidence="e",
                        root_cause="r", fix="f")  # fmt: skip
        history.advance(history.commit_draft(tree, change))
    head = history.head()
    done = ahe("revert", "001-1", cwd=changed, **world.PERSON)
    assert done.returncode == 2
    assert "cannot be reverted" in done.stderr and "git -C" in done.stderr
    assert history.head() == head
    history.require_clean()
    assert history.commits()[1].outcome == "kept"


def test_an_edit_that_is_not_committed_stops_a_revert(ahe, changed):
    (changed / "workspace" / "memory.md").write_text("mine\n")
    done = ahe("revert", "001-1", cwd=changed, **world.PERSON)
    assert done.returncode == 2
    assert "not committed" in done.stderr
    assert (changed / "workspace" / "memory.md").read_text() == "mine\n"
