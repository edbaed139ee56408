"""The exit code of a result, whether the call failed, and its words without the tool's wrapping."""

from __future__ import annotations

import json

import pytest

from ahe.debug.readers.results import result

LONG = json.dumps({"returncode": 2, "output_head": "a", "output_tail": "z", "elided_chars": 9})


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ('{\n  "returncode": 1,\n  "output": "no numpy\\n"\n}', 1, "no numpy\n[exit code 1]"),
        ('{"returncode": 0, "output": "ok"}', 0, "ok"),
        (LONG, 2, "a\n[… 9 characters left out …]\nz\n[exit code 2]"),
        ('{"stdout": "one", "stderr": "two", "exit_code": 3}', 3, "one\ntwo\n[exit code 3]"),
        ('{"output": "gone", "metadata": {"exit_code": 4, "duration": 1}}', 4, "gone\n[exit code 4]"),
        ("<returncode>5</returncode>\n<output>\nbad\n</output>", 5, "bad\n[exit code 5]"),
        ("one\n[exit code 6]", 6, None),
        ("Exit code 7\nls: no such file", 7, None),
        ("Exit code: 8\nWall time: 1 s\nOutput:\nx", 8, None),
        ("x\n[The command completed with exit code 9.]\n[Current working directory: /w]", 9, None),
        ("x\n\nCommand exited with code 10", 10, None),
        ("Output: x\nError: (none)\nExit Code: 11\nSignal: 0", 11, None),
        ("Chunk ID: a\nProcess exited with code 12\nOutput:\nx", 12, None),
        ("x\n\nCommand finished with exit code 0", 0, None),
        ("x\n<exit_code>13</exit_code>", 13, None),
        ("the exit code 3 means nothing here, says the manual", None, None),
        ('{"a": 1, "output": "kept"}', None, None),
        ("{broken", None, None),
        ("<returncode>99999999999999999999</returncode>", None, None),
    ],
)
def test_exit_codes(text: str, code: int | None, said: str | None) -> None:
    found = result(text, "bash")
    assert (found.code, found.text) == (code, text if said is None else said)
    assert found.channel == "result" and found.failed == (None if code is None else code != 0)


def test_a_failed_view_is_an_error_and_a_file_has_no_exit_code() -> None:
    gone = result("File does not exist.", "Read", failed=True)
    assert (gone.channel, gone.failed) == ("error", True)
    assert result("Exit code 1", "Read").code is None
    broken = result("Exit code 2\nno rule", "Bash", failed=True)
    assert (broken.channel, broken.code, broken.failed) == ("result", 2, True)


@pytest.mark.parametrize(
    ("name", "text", "failed"),
    [
        (
            "str_replace_editor",
            "No replacement was performed, old_str did not appear verbatim in /a.py.",
            True,
        ),
        ("Edit", "<tool_use_error>File has not been read yet.</tool_use_error>", True),
        ("view_file", "Error: no such file", True),
        ("Edit", "The file /a.py has been updated.", None),
        ("bash", "error: no such file", None),
    ],
)
def test_an_edit_that_the_tool_refused_failed(name: str, text: str, failed: bool | None) -> None:
    assert result(text, name).failed is failed


def test_metadata_behind_a_result_is_not_part_of_it() -> None:
    text = 'No files found\n\n[metadata] {"filenames": [], "numFiles": 0}'
    assert result(text, "Glob").text == "No files found"
    assert result('x\n[metadata] {"exit_code": 3}', "Bash").code == 3


@pytest.mark.parametrize(
    "text", ["{" * 300_000, "<output>" * 100_000, "[exit code " * 100_000, "\n" * 500_000]
)
def test_hostile_results_are_kept_as_they_are(text: str) -> None:
    assert result(text, "bash").text == text
    assert result("<returncode>1</returncode>" + text, "bash").code == 1
