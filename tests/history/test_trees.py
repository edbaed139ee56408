from __future__ import annotations

from pathlib import Path

import pytest
from history_helpers import by_hand, evolve, git, snapshot

from ahe.errors import WorkspaceError
from ahe.history import History


def test_only_what_counts_changes_the_identity(history: History) -> None:
    base = history.harness_id(history.head())
    for name in ("README.md", "tools/README.md", "skills/.gitkeep", "LICENSE", "docs.md"):
        assert history.harness_id(by_hand(history, name, "words\n")) == base
    seen = {base}
    (history.path / "skills/one").mkdir()
    (history.path / "sub_agents").mkdir(exist_ok=True)
    for name in (
        "memory.md",
        "system_prompt.md",
        "harness.toml",
        "tools/run.py",
        "tool_descriptions/run.yaml",
        "middleware/10_x.py",
        "skills/one/SKILL.md",
        "skills/one/README.md",
        "sub_agents/a.md",
    ):
        seen.add(history.harness_id(by_hand(history, name, f"{name}\n")))
    assert len(seen) == 10


def test_equal_content_is_one_harness_in_any_repository(tmp_path: Path, seed: Path, history: History) -> None:
    other = History.create(tmp_path / "other", seed)
    assert other.harness_id(other.head()) == history.harness_id(history.head())


def test_export_is_whole_reused_and_equal_to_the_commit(history: History, tmp_path: Path) -> None:
    sha = evolve(history, "data\r\n$Id$ n\u00e4mlich\n", path="skills/one/SKILL.md")
    (history.path / "memory.md").write_text("not committed\n")
    folder = history.export(sha, tmp_path / "cache")
    assert folder.name == history.harness_id(sha)
    wanted = snapshot(history.path) | {"memory.md": b""}
    assert snapshot(folder) == {
        name: data for name, data in wanted.items() if not name.endswith((".gitkeep", "README.md"))
    }
    (folder / "marker").write_text("")
    assert history.export(sha, tmp_path / "cache") == folder
    assert (folder / "marker").exists()
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [folder.name]


def test_a_link_in_the_harness_is_not_exported(history: History, tmp_path: Path) -> None:
    (history.path / "tools/link.py").symlink_to("/etc/passwd")
    git(history.path, "add", "-A")
    git(history.path, "commit", "-qm", "link")
    with pytest.raises(WorkspaceError, match="link"):
        history.export(history.head(), tmp_path / "cache")


def test_an_unknown_commit_is_an_error(history: History) -> None:
    with pytest.raises(WorkspaceError, match="no object"):
        history.harness_id("0" * 40)


def test_a_harness_copied_into_a_skill_is_read(history: History) -> None:
    git(history.path, "read-tree", "--prefix=skills/copy/", "-u", "HEAD")
    git(history.path, "commit", "-qm", "copy")
    assert "skills/copy/tools/run.py" in history.contents(history.head())
