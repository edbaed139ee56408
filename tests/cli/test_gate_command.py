"""`ahe gate simulate`, as a user calls it."""

from __future__ import annotations

import json


def test_it_takes_the_suite_s_size_and_prints_a_line_an_edit(ahe, project):
    call = ("gate", "simulate", "--runs", "3", "--points", "20")
    done = ahe(*call, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "16 tasks, gate bayes, 3 simulated edits a line" in done.stdout
    assert "sparse +20" in done.stdout and "noop" in done.stdout
    shares = json.loads(ahe(*call, "--gate", "greedy", "--tasks", "6", "--json", cwd=project).stdout)
    assert [share["edit"] for share in shares] == ["sparse +20", "dense +20", "churn", "noop"]
    assert {(share["gate"], share["tasks"], share["rollouts"]) for share in shares} == {("greedy", 6, 12.0)}


def test_the_configured_ceiling_on_rollouts_counts(ahe, project):
    (project / "ahe.toml").write_text("[evolve]\ncomparison = { rollouts = 4 }\n")
    done = ahe("gate", "simulate", "--runs", "5", "--points", "20", "--json", cwd=project)
    assert max(share["rollouts"] for share in json.loads(done.stdout)) <= 4


def test_a_wrong_gate_or_matrix_is_one_line(ahe, project, tmp_path):
    (tmp_path / "matrix.csv").write_text("task\na\n")
    wrong = {
        ("--gate", "paired"): "bayes, strict",
        ("--csv", str(tmp_path / "matrix.csv")): "task,trial,resolved",
    }
    for arguments, says in wrong.items():
        done = ahe("gate", "simulate", "--runs", "1", *arguments, cwd=project)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and says in done.stderr
