"""Each play of the playbook in the box: once where its occasion arises, and once where it does not."""

import json
from pathlib import Path
from typing import Any

import pytest
from playing import KEY, Played, answers, call, play, shell

from ahe.evolve.plays import ROWS, Play, read_playbook
from ahe.project.content import entry
from ahe.protocols import Environment
from ahe.records import Limits

PLAYS = {play.name: play for play in read_playbook(entry("evolver") / "playbook")}
EXAMPLE = ["user", "assistant", "tool", "assistant", "tool", "assistant"]
ROWS_OF_TRAIN = (
    ("The parcel never arrived and the carrier lost it", "logistics"),
    ("I was charged twice on my card this month", "billing"),
    ("My password reset mail does not come", "accounts"),
)


def edits(play: Play) -> dict[str, str]:
    """What the play adds to the seed, by path."""
    seed, root = entry("components"), Path(play.root)
    found = {}
    for path in sorted((root / "files").rglob("*")):
        if path.is_file():
            found[path.relative_to(root / "files").as_posix()] = path.read_text("utf-8")
    for path in sorted((root / "append").rglob("*")):
        if path.is_file():
            name = path.relative_to(root / "append").as_posix()
            found[name] = (seed / name).read_text("utf-8") + "\n" + path.read_text("utf-8")
    return found


async def with_play(folder: Path, name: str, *steps: Any, **given: Any) -> Played:
    return await play(folder, answers(*steps), {**edits(PLAYS[name]), **given.pop("more", {})}, **given)


def changed(played: Played, hook: str) -> list[dict[str, Any]]:
    assert not played.fired("hook_failed"), played.fired("hook_failed")
    return [firing for firing in played.fired() if firing["hook"] == hook]


def first_message(played: Played) -> str:
    return str(played.payload()["messages"][1]["content"])


async def test_workspace_listing(tmp_path: Path) -> None:
    files = {"/app/sub/cities.csv": "id;name\n1;Ulm\n", "/app/raw.bin": "\0\0"}
    told = "Count the rows of sub/cities.csv and look at raw.bin."
    played = await with_play(tmp_path, "workspace-listing", "Done.", instruction=told, files=files)
    assert "./sub/cities.csv" in first_message(played) and "id;name\n1;Ulm" in first_message(played)
    assert "raw.bin begins" not in first_message(played), "binary files are not shown"


async def test_workspace_listing_says_nothing_of_an_empty_directory(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "workspace-listing", "Done.")
    assert first_message(played) == "Do it." and not changed(played, "before_model")


@pytest.mark.parametrize("task", ["Write the names to /app/out/names.txt.", "Write the sum to `sum.txt`."])
async def test_missing_file_sends_the_answer_back(tmp_path: Path, task: str) -> None:
    path = "/app/out/names.txt" if "names" in task else "sum.txt"
    steps = ("Done.", shell(f"mkdir -p out; echo 1 > {path}"), "Now it is there.")
    played = await with_play(tmp_path, "missing-file", *steps, instruction=task)
    (firing,) = changed(played, "before_finish")
    assert path in firing["after"] and played.outcome.answer == "Now it is there."


async def test_missing_file_leaves_files_alone_that_were_there_or_are_filled(tmp_path: Path) -> None:
    told = "Delete /app/old.txt and write 1 to /app/new.txt."
    steps = (shell("rm old.txt; echo 1 > new.txt"), "Done.")
    played = await with_play(
        tmp_path, "missing-file", *steps, instruction=told, files={"/app/old.txt": "x\n"}
    )
    assert not changed(played, "before_finish")


async def test_missing_file_gives_in_after_two_answers(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "missing-file", "Done.", instruction="Write to /app/never.txt.")
    assert len(changed(played, "before_finish")) == 2 and played.outcome.ended == "answered"


async def test_nothing_changed(tmp_path: Path) -> None:
    files = {"/app/a.py": "print(nmae)\n"}
    steps = (shell('nmae="Ada"'), "Fixed.", shell("sed -i s/nmae/name/ a.py"), "Fixed now.")
    played = await with_play(tmp_path, "nothing-changed", *steps, files=files)
    (firing,) = changed(played, "before_finish")
    assert "Do it." in firing["after"] and played.outcome.answer == "Fixed now."


@pytest.mark.parametrize(
    "command", ["touch -d '2001-01-01' a.py", "chmod +x a.py", "echo >> a.py", "rm a.py"]
)
async def test_nothing_changed_is_silent_after_any_change(tmp_path: Path, command: str) -> None:
    files = {"/app/a.py": "1\n"}
    played = await with_play(tmp_path, "nothing-changed", shell(command), "Done.", files=files)
    assert not changed(played, "before_finish")


async def test_look_at_result_shows_what_was_written(tmp_path: Path) -> None:
    told = "Write the three names of names.csv to /app/names.txt."
    files = {"/app/names.csv": "Ada\n"}
    steps = (shell("printf 'Ada\\nBob\\n' > /app/names.txt"), "Done.")
    played = await with_play(tmp_path, "look-at-result", *steps, instruction=told, files=files)
    (firing,) = changed(played, "before_finish")
    assert "/app/names.txt now:\nAda\nBob\n(2 lines)" in firing["after"]
    assert "names.csv now" not in firing["after"], "what did not change is not shown"


async def test_look_at_result_is_silent_where_nothing_was_written(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "look-at-result", "42", instruction="How many lines has a.txt?")
    assert not changed(played, "before_finish")


async def test_failed_command(tmp_path: Path) -> None:
    steps = (shell("cat nowhere.txt"), "Done.", shell("echo fine"), "Really done.")
    played = await with_play(tmp_path, "failed-command", *steps)
    (firing,) = changed(played, "before_finish")
    assert "cat nowhere.txt" in firing["after"] and "No such file" in firing["after"]
    assert played.outcome.answer == "Really done."


@pytest.mark.parametrize("command", ["echo fine", "grep -q absent /etc/passwd", "diff /dev/null /dev/null"])
async def test_failed_command_is_silent(tmp_path: Path, command: str) -> None:
    played = await with_play(tmp_path, "failed-command", shell(command), "Done.")
    assert not changed(played, "before_finish")


@pytest.mark.parametrize(
    ("reply", "command"),
    [
        ('{"name": "run_shell_command", "arguments": {"command": "echo six"}}', "echo six"),
        ('Here:\n```json\n{"cmd": "echo six"}\n```\nDone.', "echo six"),
        ('[{"function": "shell", "parameters": "{\\"command\\": \\"echo six\\"}"}]', "echo six"),
        ("You can run this:\n$ echo six", "echo six"),
        ("echo six > /tmp/six\ncat /tmp/six\n", "echo six > /tmp/six\ncat /tmp/six"),
        (shell("```bash\necho six\n```"), "echo six"),
        (shell("$ echo six\n$ echo seven"), "echo six\necho seven"),
    ],
)
async def test_call_repair(tmp_path: Path, reply: Any, command: str) -> None:
    played = await with_play(tmp_path, "call-repair", reply, "Done.")
    (firing,) = changed(played, "after_model")
    assert [call["arguments"]["command"] for call in firing["after"]["tool_calls"]] == [command]
    assert "six" in played.results()[0]


async def test_call_repair_does_not_run_an_empty_block(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "call-repair", "```bash\n```\n```", shell("echo real"), mode="text")
    assert changed(played, "after_model")[0]["after"]["tool_calls"] == []


@pytest.mark.parametrize(
    "reply",
    [
        shell("echo '$ 5'"),
        shell("cat <<E > a.md\ntext\nE"),
        "It costs {5} $ in all.",
        "sort is what I used, and /app/a.txt is written.",
        "find shows six files.",
    ],
)
async def test_call_repair_leaves_right_replies_alone(tmp_path: Path, reply: Any) -> None:
    played = await with_play(tmp_path, "call-repair", reply, "Done.")
    assert not changed(played, "after_model")


async def test_syntax_check(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "syntax-check", shell("touch made\necho 'open"), shell("ls"), "Done.")
    assert played.results()[0].startswith("Nothing was run") and "made" not in played.results()[1]


async def test_syntax_check_lets_a_command_run_that_parses(tmp_path: Path) -> None:
    command = "cat <<'E' > a.txt\nit's $(fine\nE\ncat a.txt"
    played = await with_play(tmp_path, "syntax-check", shell(command), "Done.")
    assert played.results()[0].startswith("it's $(fine") and not changed(played, "before_tool")


async def test_block_repeats(tmp_path: Path) -> None:
    played = await with_play(
        tmp_path, "block-repeats", *[shell("ls nowhere")] * 2, *[shell("echo x")] * 3, "Done."
    )
    results = played.results()
    assert results[1].startswith("Not run again") and "No such file" in results[1]
    assert [result.startswith("x") for result in results[2:5]] == [True, True, False]


async def test_block_repeats_lets_a_changing_result_through(tmp_path: Path) -> None:
    command = "echo >> n; wc -l < n"
    played = await with_play(tmp_path, "block-repeats", *[shell(command)] * 4, "Done.")
    assert played.results()[3].startswith("4") and not changed(played, "before_tool")


@pytest.mark.parametrize(
    ("commands", "fires"),
    [
        (["ls a; false", "ls b; false", "ls c; false", "ls d; false"], True),
        (["echo 1", "echo 2", "echo 1", "echo 2"], True),
        (["echo 1", "echo 2", "echo 3", "echo 4"], False),
        (["false", "false", "false", "echo 4"], False),
    ],
)
async def test_going_in_circles(tmp_path: Path, commands: list[str], fires: bool) -> None:
    played = await with_play(tmp_path, "going-in-circles", *map(shell, commands), "Done.")
    assert bool(changed(played, "after_tool")) is fires
    assert ("in circles" in played.results()[3]) is fires


async def test_output_around_errors(tmp_path: Path) -> None:
    command = "seq 1000; echo 'x.c:5: error: no semicolon'; seq 2000 3000"
    played = await with_play(tmp_path, "output-around-errors", shell(command), shell("seq 50"), "Done.")
    long, short = played.results()[:2]
    assert "error: no semicolon" in long and "lines left out]" in long and len(long) < 1500
    assert short.splitlines()[:50] == [str(n) for n in range(1, 51)]


async def test_near_names(tmp_path: Path) -> None:
    files = {"/app/data/customers.csv": "x\n"}
    played = await with_play(
        tmp_path, "near-names", shell("cat data/customer.csv"), shell("ls"), "Done.", files=files
    )
    assert "there is /app/data/customers.csv" in played.results()[0]
    assert len(changed(played, "after_tool")) == 1


async def test_near_names_is_silent_where_nothing_is_alike(tmp_path: Path) -> None:
    played = await with_play(
        tmp_path, "near-names", shell("cat zzz"), "Done.", files={"/app/customers.csv": "x"}
    )
    assert not changed(played, "after_tool")


async def test_missing_command(tmp_path: Path) -> None:
    played = await with_play(
        tmp_path, "missing-command", shell("csvtool -h"), shell("echo 'not found'"), "Done."
    )
    assert "csvtool: not installed here" in played.results()[0] and " awk " in played.results()[0]
    assert len(changed(played, "after_tool")) == 1


async def test_plan_file(tmp_path: Path) -> None:
    steps = [shell("echo '- look' > /tmp/plan.md"), *[shell(f"echo {n}") for n in range(4)]]
    played = await with_play(tmp_path, "plan-file", *steps, "Done.")
    assert "/tmp/plan.md" in played.system()
    assert ["your plan" in result for result in played.results()] == [False, False, False, True, False]


async def test_plan_file_is_silent_without_a_plan(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "plan-file", *[shell(f"echo {n}") for n in range(5)], "Done.")
    assert not changed(played, "after_tool")


async def test_last_turns(tmp_path: Path) -> None:
    few = Limits(turns=4, tokens=0, seconds=60, command_seconds=20)
    played = await with_play(
        tmp_path, "last-turns", *[shell(f"echo {n}") for n in range(3)], "Done.", limits=few
    )
    assert [("Few turns are left" in result) for result in played.results()] == [False, True, False]


async def test_last_turns_is_silent_in_a_short_trial(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "last-turns", shell("echo 1"), "Done.")
    assert not changed(played, "after_tool")


async def test_reviewer(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "reviewer", "Done.")
    assert "ask_reviewer" in played.tools() and "ask_reviewer" in played.system()


async def test_reviewer_looks_at_the_work_in_a_conversation_of_its_own(tmp_path: Path) -> None:
    script = {
        **answers(shell("echo 1 > n.txt"), call("ask_reviewer", question="Is n.txt right?"), "Done."),
        f"{KEY}/1.reviewer/0": shell("cat n.txt"),
        f"{KEY}/1.reviewer/1": "all right",
    }
    played = await play(tmp_path, script, edits(PLAYS["reviewer"]))
    assert played.results()[1].startswith("all right")
    asked = played.payload(f"{KEY}/1.reviewer/0")["messages"]
    assert "You do not change anything" in asked[0]["content"] and asked[1]["content"] == "Is n.txt right?"


async def test_checklist(tmp_path: Path) -> None:
    told = "Sort /app/a.txt into /app/b.txt, one per line. Do not change a.txt. It is a list."
    played = await with_play(tmp_path, "checklist", "Done.", "Checked.", instruction=told)
    (firing,) = changed(played, "before_finish")
    assert "- Do not change a.txt." in firing["after"] and "It is a list" not in firing["after"]


async def test_checklist_is_silent_without_conditions(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "checklist", "Done.")
    assert not changed(played, "before_finish")


async def test_failed_step(tmp_path: Path) -> None:
    played = await with_play(
        tmp_path, "failed-step", shell("ls nowhere\necho on"), shell("echo a; echo b"), "Done."
    )
    assert (
        "[failed: ls nowhere (exit code 2)]" in played.results()[0] and "[exit code 0]" in played.results()[0]
    )
    assert played.results()[1].startswith("a\nb\n") and "failed" not in played.results()[1]


async def test_nearest_examples(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in ROWS_OF_TRAIN)
    told = "The carrier has lost my parcel"
    played = await with_play(tmp_path, "nearest-examples", "logistics", instruction=told, more={ROWS: rows})
    messages = [(message["role"], message["content"]) for message in played.payload()["messages"][1:]]
    assert messages[-3:] == [("user", ROWS_OF_TRAIN[0][0]), ("assistant", "logistics"), ("user", told)]
    assert len(messages) == 7, "the most alike stands last"


async def test_nearest_examples_is_silent_without_rows(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "nearest-examples", "logistics")
    assert first_message(played) == "Do it."


async def test_show_changes(tmp_path: Path) -> None:
    files = {"/app/old.txt": "x\n", "/app/raw.bin": "\0"}
    steps = (shell("printf 'a\\nb\\n' > new.txt; printf '\\0\\0' > raw.bin"), shell("rm old.txt"), "Done.")
    played = await with_play(tmp_path, "show-changes", *steps, files=files)
    first, second = played.results()
    assert "./new.txt:\na\nb\n(2 lines)" in first and "./raw.bin" in first and "old.txt" not in first
    assert "the names in ." in second


async def test_show_changes_says_that_nothing_changed(tmp_path: Path) -> None:
    steps = (shell("cat old.txt"), shell("git init -q ."), shell("chmod 600 old.txt"), "Done.")
    played = await with_play(tmp_path, "show-changes", *steps, files={"/app/old.txt": "x\n"})
    first, second, third = played.results()
    assert "changed no file" in first and "[this command changed]" in second and "./old.txt" in third


async def test_worked_example(tmp_path: Path) -> None:
    messages = (await with_play(tmp_path, "worked-example", "Done.")).payload()["messages"]
    assert [message["role"] for message in messages[1:]] == [*EXAMPLE, "user"]
    assert messages[-1]["content"] == "Do it." and "timeout" in messages[1]["content"]


async def test_worked_example_in_text_mode_shows_code_blocks(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "worked-example", "```bash\necho 1 > n.txt\n```", "Done.", mode="text")
    first, second = (request["payload"]["messages"] for request in played.requests)
    assert "```bash\nhead -n 3 /data/access.log\n```" in first[2]["content"] and second[-1]["role"] == "user"
    assert [message["content"] for message in second[:8]] == [message["content"] for message in first]


async def test_cookbook(tmp_path: Path) -> None:
    told = "Delete the branch `old`, which is checked out at the moment."
    messages = (await with_play(tmp_path, "cookbook", "Done.", instruction=told)).payload()["messages"]
    before, _, task = messages[-1]["content"].rpartition("Your task, done in the same way:\n")
    assert task == told and before.startswith("Example: ")
    assert "branch -q -d old" in before.split("Example: ")[-1], "the best stands last"


async def test_cookbook_is_silent_for_what_it_does_not_know(tmp_path: Path) -> None:
    played = await with_play(tmp_path, "cookbook", "Done.", instruction="Compose a sonnet.")
    assert first_message(played) == "Compose a sonnet."


async def test_likely_label(tmp_path: Path) -> None:
    rows = [
        {"question": f"{question}, {n}", "answer": answer}
        for n in range(3)
        for question, answer in ROWS_OF_TRAIN
    ]
    more = {ROWS: "".join(json.dumps(row) + "\n" for row in rows)}
    asked = {"instruction": "My card was charged two times", "more": more}
    text = first_message(await with_play(tmp_path, "likely-label", "billing", **asked))
    assert text.splitlines()[-1] == "The answer is probably: billing"


async def test_likely_label_is_silent_where_answers_do_not_repeat(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in ROWS_OF_TRAIN)
    played = await with_play(tmp_path, "likely-label", "billing", more={ROWS: rows})
    assert first_message(played) == "Do it."


async def test_examples_leave_the_task_to_the_other_plays(tmp_path: Path) -> None:
    both = {**edits(PLAYS["worked-example"]), **edits(PLAYS["workspace-listing"])}
    files = {"/app/cities.csv": "id;name\n"}
    played = await play(tmp_path, answers("Done."), both, instruction="Count cities.csv.", files=files)
    messages = played.payload()["messages"]
    assert "cities.csv begins" in messages[-1]["content"] and "cities" not in messages[1]["content"]


def test_every_play_is_tried_here() -> None:
    named = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert set(PLAYS) <= {name for name in PLAYS for test in named if test.startswith(name)}
    assert len(PLAYS) >= 16


async def environment_is_left_alone(environment: Environment) -> None:
    """Plays leave nothing behind in the work directory."""
    assert (await environment.exec("ls -A /app", timeout=10)).output.strip() == b""


@pytest.mark.parametrize("name", sorted(PLAYS))
async def test_a_play_leaves_no_files_behind(tmp_path: Path, name: str) -> None:
    played = await with_play(tmp_path, name, "Done.", look=environment_is_left_alone)
    assert played.outcome.ended == "answered" and not played.fired("hook_failed")
