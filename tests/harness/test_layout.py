from __future__ import annotations

import pytest
from harness_folders import FILES
from hypothesis import given
from hypothesis import strategies as st

from ahe.errors import HarnessError
from ahe.harness.layout import FOLDERS, NAMES, PLACES, classify, component_name, counts
from ahe.project.content import entry
from ahe.records import Kind


def test_each_kind_has_one_mount_in_the_order_of_the_kinds() -> None:
    assert [place.kind for place in PLACES] == list(Kind)
    mounts = {place.pattern.split("/")[0] for place in PLACES}
    assert len(mounts) == 7 and mounts == set(NAMES) - {"harness.toml"}


def test_a_file_at_its_mount_is_of_its_kind() -> None:
    assert {path: classify(path) for path in FILES} == {
        "harness.toml": None,
        "system_prompt.md": Kind.SYSTEM_PROMPT,
        "memory.md": Kind.MEMORY,
        "tool_descriptions/run.yaml": Kind.TOOL_DESCRIPTION,
        "tools/run.py": Kind.TOOL_IMPLEMENTATION,
        "middleware/10_guard.py": Kind.MIDDLEWARE,
        "skills/csv-files/SKILL.md": Kind.SKILL,
        "skills/csv-files/table.md": Kind.SKILL,
        "sub_agents/critic.md": Kind.SUB_AGENT,
    }


@pytest.mark.parametrize("path", ["README.md", "tools/README.md", "skills/.gitkeep", ".gitkeep"])
def test_notes_to_people_are_no_component(path: str) -> None:
    assert classify(path) is None
    assert not counts(path)


@pytest.mark.parametrize(
    "path",
    [
        "notes.txt",
        ".gitignore",
        "tools/run.sh",
        "tools/run-fast.py",
        "tools/sub/run.py",
        "tools/../memory.md",
        "tool_descriptions/run.yml",
        "middleware/guard.py",
        "middleware/1_guard.py",
        "skills/notes.md",
        "skills/CSV/SKILL.md",
        "skills/a--b/SKILL.md",
        "skills/a/../../memory.md",
        "skills/a/.hidden",
        "sub_agents/critic.yaml",
        "memory.md/x",
        "system_prompt.md\n",
        "",
    ],
)
def test_any_other_name_is_refused_with_the_right_one(path: str) -> None:
    with pytest.raises(HarnessError, match=r"is called|unknown name"):
        classify(path)


@given(
    st.text(alphabet="abA_09-./\n \u00e9", max_size=30),
    st.sampled_from(["", *(f"{folder}/" for folder in FOLDERS)]),
)
def test_every_path_is_a_kind_none_or_an_error(path: str, mount: str) -> None:
    try:
        kind = classify(mount + path)
    except HarnessError:
        return
    assert kind is None or counts(mount + path)
    if kind is not None and kind is not Kind.SKILL:
        assert component_name(mount + path) or kind in (Kind.SYSTEM_PROMPT, Kind.MEMORY)


def test_the_seed_is_close_to_zero() -> None:
    root = entry("components")
    kinds = {classify(path.relative_to(root).as_posix()) for path in root.rglob("*") if path.is_file()}
    kinds.discard(None)
    assert kinds == {Kind.SYSTEM_PROMPT, Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION, Kind.MEMORY}
