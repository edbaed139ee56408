from __future__ import annotations

from harness_folders import FILES
from hypothesis import given
from hypothesis import strategies as st

from ahe.harness.inventory import Stored, Touched, inventory
from ahe.records import Kind
from ahe.text import estimate_tokens


def stored(files: dict[str, str]) -> dict[str, Stored]:
    found = {path: Stored(git_id=f"id of {path}", text=text) for path, text in files.items()}
    return found | {"skills/csv-files": Stored(git_id="id of the folder", text="")}


def test_every_kind_is_listed_with_cost_version_change_and_uses() -> None:
    changes = {
        "skills/csv-files/table.md": Touched(sha="c" * 40, subject="newest"),
        "skills/csv-files/SKILL.md": Touched(sha="a" * 40, subject="older"),
        "tools/run.py": Touched(sha="b" * 40, subject="a tool"),
    }
    uses = {"tools/run.py": 4, "skills/csv-files/SKILL.md": 2}
    found = {c.kind: c for c in inventory(stored(FILES), changes, uses)}
    assert list(found) == list(Kind)
    skill = found[Kind.SKILL]
    assert skill.path == "skills/csv-files/SKILL.md" and skill.git_id == "id of the folder"
    assert (skill.last_change, skill.last_subject, skill.uses) == ("c" * 40, "newest", 2)
    text = FILES["skills/csv-files/SKILL.md"], FILES["skills/csv-files/table.md"]
    assert skill.tokens == sum(map(estimate_tokens, text))
    assert found[Kind.TOOL_IMPLEMENTATION].uses == found[Kind.TOOL_DESCRIPTION].uses == 4
    assert found[Kind.MEMORY].last_change == "" and found[Kind.MEMORY].git_id == "id of memory.md"


def test_empty_kinds_are_listed_too() -> None:
    found = inventory({"memory.md": Stored(git_id="x", text="")}, {}, {})
    assert [c.kind for c in found] == list(Kind)
    assert [c.path for c in found if c.path] == ["memory.md"]
    assert all(c.tokens == 0 and c.pattern for c in found)


@given(st.text(), st.text())
def test_the_estimate_grows_with_the_text(a: str, b: str) -> None:
    assert estimate_tokens(a) <= estimate_tokens(a + b) <= estimate_tokens(a) + estimate_tokens(b) + 1
    assert (estimate_tokens(a) == 0) == (a == "")
