"""Files of a harness as a person's editor may write them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from harness_folders import FILES, pair
from task_writer import write_files

from ahe.errors import HarnessError
from ahe.harness.inventory import prompt_tokens
from ahe.harness.load import load
from ahe.harness.preflight import Preflight

READ = (
    "system_prompt.md",
    "memory.md",
    "tool_descriptions/run.yaml",
    "skills/csv-files/SKILL.md",
    "sub_agents/critic.md",
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_files_may_be_in_any_unicode_encoding_with_its_mark(tmp_path: Path, encoding: str, ends: str) -> None:
    plain = load(write_files(tmp_path / "plain", FILES))
    write_files(tmp_path / "odd", FILES)
    for name in READ:
        (tmp_path / "odd" / name).write_bytes(FILES[name].replace("\n", ends).encode(encoding))
    assert load(tmp_path / "odd").model_dump(exclude={"root"}) == plain.model_dump(exclude={"root"})


@pytest.mark.parametrize("name", READ)
def test_another_encoding_is_named_with_the_file_and_the_fix(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, FILES)
    (tmp_path / name).write_bytes(f"{FILES[name]}# zwölf\n".encode("latin-1"))
    lines = FILES[name].count("\n") + 1
    with pytest.raises(
        HarnessError, match=rf"{name}: .*line {lines} is not in UTF-8: save the file as UTF-8"
    ):
        load(tmp_path)
    assert prompt_tokens(tmp_path) > 0


@pytest.mark.parametrize("text", ["tools: 5", "turns: [1]", "turns: !!int ''", "name: !!float ''"])
def test_an_odd_value_is_an_error_that_names_the_file(tmp_path: Path, text: str) -> None:
    write_files(
        tmp_path, {**FILES, "sub_agents/critic.md": f"---\ndescription: x\n{text}\n---\nBe strict.\n"}
    )
    with pytest.raises(HarnessError, match=r"critic\.md"):
        load(tmp_path)


ODD = [
    *(
        "!!int ''",
        "!!float ''",
        "!!bool x",
        "!!timestamp x",
        "!!binary é",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!pairs [1]",
    ),
    *(
        "2020-01-01",
        "2020-99-99",
        ".nan",
        "0x" + "f" * 5000,
        "1:" * 300 + "1",
        "[{bash: 1}]",
        "[[]]",
        "{[]: 1}",
    ),
    *(
        "'\\ud800'",
        '"\\ud800"',
        '"\\0"',
        "~",
        "",
        "&a [*a]",
        "<<: [1]",
        "{<<: 1}",
        "? {}",
        "!x y",
        "%",
        "[" * 500,
    ),
    *(
        "{type: object, required: [[1], {}]}",
        "{type: object, properties: {a: !!set {b}}}",
        "!!python/name:os.system ''",
    ),
    *(
        "{type: object, properties: {a: {enum: 0x" + "f" * 5000 + "}}}",
        "{type: object, $ref: [1]}",
        "{type: {}}",
    ),
]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:20])
def test_no_value_makes_the_checks_or_the_loader_fail(tmp_path: Path, odd: str) -> None:
    """Whatever stands in a field of any component: a problem or a harness, never another exception."""
    root, base = pair(tmp_path)
    sound = {
        "name": "run",
        "description": "Run.",
        "tools": "[run]",
        "turns": "3",
        "parameters": "{type: object}",
    }
    for field in sound:
        lines = "".join(f"{key}: {odd if key == field else value}\n" for key, value in sound.items())
        front = f"---\n{lines}---\nText.\n"
        files = {"skills/csv-files/SKILL.md": front, "sub_agents/critic.md": front}
        write_files(
            root, {**files, "tool_descriptions/run.yaml": lines, "system_prompt.md": "{{ 9" + odd + " }}"}
        )
        assert all("\n" not in str(problem) for problem in Preflight().check(root, base))
        with contextlib.suppress(HarnessError):
            load(root)


def test_a_template_with_a_number_of_five_thousand_digits_is_a_problem(tmp_path: Path) -> None:
    root, base = pair(tmp_path)
    write_files(root, {"system_prompt.md": "{{ " + "9" * 5000 + " }}"})
    assert "4300 digits" in str(Preflight().check(root, base)[0])
