"""What a small model's rule must be. The refused texts are of the kinds that the embedded model wrote."""

import pytest

from ahe.evolve.rules import faults, of_one_task, repeats

INSTRUCTIONS = (
    "Delete all files below /app/work whose names end in `.tmp`, in all subfolders too.",
    "Write the names of all files in the folder /app/notes that end in `.txt` to /app/names.txt, for example `budget.txt`.",
    "Write the number of lines to /app/count.txt.",
    "Write how often the word `apple` occurs to /app/count.txt.",
)
HARNESS = (
    "You solve tasks in a Linux shell. Look first, then act, then check the result.",
    "- Quote every file name in a command.",
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The passing rollout uses find to delete all files, the failing one does not.", "what happened"),
        ("Ensure that the agent handles subfolders when it deletes files.", "what happened"),
        (
            "The `rm -rf` command is used to remove all files and should be used with caution.",
            "states something",
        ),
        ("It was caused by a pattern that does not reach into subfolders.", "states something"),
        (
            "Ensure that the folder holds a `budget.txt` file before you end.",
            "'budget.txt', which belongs to one task",
        ),
        (
            "Search in /app/work with find when files are to be deleted.",
            "'/app/work', which belongs to one task",
        ),
        ("Look at /srv/data/list.csv before you write the result.", "'/srv/data/list.csv'"),
        ("Look first, then act, then check the result.", "the harness says this already"),
        ("Quote every file name in a command.", "the harness says this already"),
        ("Be careful.", "says too little"),
    ],
)
def test_an_unusable_rule_is_refused_with_its_reason(text: str, said: str) -> None:
    found = faults(text, INSTRUCTIONS, HARNESS)
    assert len(found) >= 1 and any(said in each for each in found), found


@pytest.mark.parametrize(
    "text",
    [
        "When files in subfolders are meant, use find instead of a pattern with an asterisk.",
        "Before you answer, print the file that the task asks for and compare it with the task.",
        "Redirect the output to the file that the task names; printing it on the screen is not enough.",
        "Write only what the task asks for into the result, for example a name without its folder.",
        "Run `git status` before and after every change of a branch.",
        "If a command fails, read its error and try another one. Never end with an error.",
        "Write temporary files to /tmp, never beside the input.",
    ],
)
def test_a_usable_rule_passes(text: str) -> None:
    assert faults(text, INSTRUCTIONS, HARNESS) == []


def test_what_several_tasks_share_is_general() -> None:
    assert of_one_task("Write a number to /app/count.txt and nothing else.", INSTRUCTIONS) == ""


def test_repeating_is_a_matter_of_words_and_not_of_their_order() -> None:
    assert repeats(
        "Check the result, then look first and act.", "Look first, then act, then check the result."
    )
    assert not repeats(
        "Check the result with cat and wc before you answer it.", "Look first, check the result."
    )
