"""Files of a harness as a person's editor may write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness_folders import FILES
from task_writer import write_files

from ahe.errors import HarnessError
from ahe.harness.inventory import prompt_tokens
from ahe.harness.load import load

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
