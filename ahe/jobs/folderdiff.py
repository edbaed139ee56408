"""Differences between a person's folder and the copy that an agent worked on.

The copy is not to be trusted: a link in it may point anywhere on the machine. No link is ever followed.
"""

from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

MAX_SHOWN = 200_000


def changed_paths(before: Path, after: Path) -> tuple[str, ...]:
    """Relative paths of files and links that were added, changed or removed; `.git` folders do not count."""
    old, new = _entries(before), _entries(after)
    return tuple(
        name for name in sorted(old | new) if _content(before, name, old) != _content(after, name, new)
    )


def unified(before: Path, after: Path, changed: Sequence[str]) -> str:
    """A unified diff of the changed paths; what is not text is only named."""
    old, new = _entries(before), _entries(after)
    parts = []
    for name in changed:
        sides = [_lines(_content(before, name, old)), _lines(_content(after, name, new))]
        if sides[0] is None or sides[1] is None:
            parts.append(f"Binary file {name} differs\n")
            continue
        labels = [
            f"{side}/{name}" if name in known else "/dev/null" for side, known in (("a", old), ("b", new))
        ]
        for line in difflib.unified_diff(sides[0], sides[1], labels[0], labels[1]):
            parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)


def write_back(source: Path, target: Path, changed: Sequence[str]) -> None:
    """Bring the changed paths of `source` to `target`."""
    known = _entries(source)
    for name in changed:
        new, old = source / name, target / name
        if old.is_symlink() or old.is_file():
            old.unlink()
        if name in known:
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(new, old, follow_symlinks=False)


def _entries(root: Path) -> set[str]:
    found = set()
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = [name for name in folders if name != ".git" and name not in links]
        places = (Path(folder, name) for name in (*files, *links))
        found |= {p.relative_to(root).as_posix() for p in places if p.is_symlink() or p.is_file()}
    return found


def _content(root: Path, name: str, known: set[str]) -> bytes | None:
    """The bytes of a file, a link as text, None where it does not exist."""
    path = root / name
    if name not in known:
        return None
    return f"link to {os.readlink(path)}\n".encode() if path.is_symlink() else path.read_bytes()


def _lines(content: bytes | None) -> list[str] | None:
    """Lines of a text; none for a file that does not exist; None for what is not text or is too long."""
    if content is None:
        return []
    if b"\0" in content[:8000] or len(content) > MAX_SHOWN:
        return None
    return content.decode("utf-8", "replace").splitlines(keepends=True)
