"""Removals that are enumerated: their order, their commit, what preflight refuses, and what is not tried again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import made_trials
import pytest
import world
from evolve_bench import TRIAL, Bench

from ahe.errors import NothingLeft
from ahe.evolve.draft import Draft
from ahe.evolve.prune import EveryNth, PruneEditor, removable
from ahe.harness.inventory import Stored, Touched
from ahe.records import PRUNE, Brief, Verdict

TOOL = "name: count\ndescription: Count lines.\nparameters: {type: object, properties: {}}\n"
CODE = "async def count(env):\n    return (await env.exec('ls | wc -l')).output\n"
REVIEWER = "---\ndescription: Reviews.\ntools: [count]\n---\n\nReview it.\n"


def add(bench: Bench, path: str, text: str) -> None:
    place = bench.history.path / path
    place.parent.mkdir(exist_ok=True, parents=True)
    place.write_text(text)
    for arguments in (("add", "-A"), ("commit", "-qm", f"Add {path}")):
        world.by_hand(bench.history.path.parent, *arguments)


def editor(bench: Bench, model: str = "m1") -> PruneEditor:
    def removing(worktree: Path, folder: Path, brief: Brief) -> Draft:
        return replace(bench.make_draft(worktree, folder, brief), strategy=PRUNE, evolver="")

    return PruneEditor(bench.history, removing, bench.runs / "scratch", model)


def brief(bench: Bench, **uses: int) -> Brief:
    trials = [made_trials.trial(TRIAL, world.TRAIN[0], "passed", uses={"middleware/10_act.py": 1, **uses})]
    evidence = made_trials.evidence(bench.runs, trials)
    return bench.brief.model_copy(update={"head": bench.history.head(), "evidence": evidence})


def test_the_least_used_goes_first_then_the_largest_then_the_oldest() -> None:
    def stored(text: str) -> Stored:
        return Stored(git_id=text, text=text)

    seed = {"system_prompt.md": stored("Work."), "memory.md": stored("")}
    now = {
        "system_prompt.md": stored("Work."),
        "memory.md": stored("one two three"),
        "middleware/10_used.py": stored("u" * 900),
        "middleware/20_old.py": stored("o" * 90),
        "middleware/30_new.py": stored("n" * 90),
        "skills/tabs": stored("tree"),
        "skills/tabs/SKILL.md": stored("s" * 600),
        "skills/tabs/more.md": stored("s" * 600),
        "tool_descriptions/count.yaml": stored("d" * 150),
        "tools/count.py": stored("t" * 150),
    }
    newest_first = ["middleware/30_new.py", *(path for path in now if path != "middleware/30_new.py")]
    last = {path: Touched(sha=f"{n:02d}", subject="s") for n, path in enumerate(newest_first)}
    found = removable(now, seed, last, {"middleware/10_used.py": 3})
    assert [each.paths for each in found] == [
        ("skills/tabs",),
        ("tool_descriptions/count.yaml", "tools/count.py"),
        ("middleware/20_old.py",),
        ("middleware/30_new.py",),
        ("memory.md",),
        ("middleware/10_used.py",),
    ], "the seed's prompt is not among them, and a tool is one"
    assert [each.in_seed for each in found] == [False, False, False, False, True, False]


async def test_a_removal_is_one_commit_and_the_file_is_gone(bench: Bench) -> None:
    add(bench, "middleware/10_act.py", world.ACT)
    (sha,) = await editor(bench).edit(brief(bench))
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.subject == "middleware: remove middleware/10_act.py"
    assert (commit.action, commit.strategy, commit.evidence) == ("remove", PRUNE, ())
    assert commit.risks == (world.TRAIN[0],), "a task that passed with it may fail without it"
    assert "used in 1 of 1 rollouts" in commit.body
    assert not (bench.history.export(sha, bench.runs / "harnesses") / "middleware" / "10_act.py").exists()


async def test_what_was_added_to_a_file_of_the_seed_goes_and_the_seeds_text_stays(bench: Bench) -> None:
    seed = (bench.history.path / "system_prompt.md").read_text()
    add(bench, "system_prompt.md", seed + "\nAlways list the folder first.\n")
    (sha,) = await editor(bench).edit(brief(bench))
    assert bench.history.contents(sha)["system_prompt.md"].text == seed
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.subject == "system_prompt: remove what was added to system_prompt.md"


async def test_removing_what_something_else_needs_fails_in_preflight_and_the_next_is_tried(
    bench: Bench,
) -> None:
    add(bench, "tool_descriptions/count.yaml", TOOL + "# " + "long " * 200)
    add(bench, "tools/count.py", CODE)
    add(bench, "sub_agents/reviewer.md", REVIEWER)
    (sha,) = await editor(bench).edit(brief(bench))
    assert bench.history.changed_paths(sha) == ["sub_agents/reviewer.md"]


async def test_a_removal_that_did_not_stay_is_tried_again_only_with_another_model_or_content(
    bench: Bench,
) -> None:
    add(bench, "middleware/10_act.py", world.ACT)
    (sha,) = await editor(bench).edit(brief(bench))
    bench.history.advance(sha)
    bench.history.note(sha, Verdict(outcome="reverted", reason="missed"))
    bench.history.revert(sha, "Ahe-Verdict: reverted (missed)")
    with pytest.raises(NothingLeft):
        await editor(bench).edit(brief(bench))
    assert await editor(bench, "m2").edit(brief(bench)), "another model is asked anew"
    add(bench, "middleware/10_act.py", world.ACT + "\n# more\n")
    assert await editor(bench).edit(brief(bench))


class Fixed:
    def __init__(self, *commits: str) -> None:
        self.commits = list(commits)

    async def edit(self, brief: Brief) -> list[str]:
        return self.commits


async def test_every_nth_iteration_removes_unless_there_is_nothing_to_remove(bench: Bench) -> None:
    async def made(iteration: int, *removals: str) -> list[str]:
        given = bench.brief.model_copy(update={"iteration": iteration})
        return await EveryNth(3, Fixed(*removals), Fixed("edit")).edit(given)

    assert [await made(n, "removal") for n in (1, 2, 3, 4, 6)] == [
        ["edit"],
        ["edit"],
        ["removal"],
        ["edit"],
        ["removal"],
    ]
    assert await made(3) == ["edit"]
