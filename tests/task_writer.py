"""Writes Harbor-format tasks for tests, a sound one changed in one place, and other folders of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

TOML = """\
schema_version = "1.4"

[environment]
network_mode = "no-network"
"""
BUNDLED = """\
FROM python:3.11-bookworm
WORKDIR /app
COPY files/ /app/
COPY setup.sh /tmp/setup.sh
RUN bash /tmp/setup.sh && rm /tmp/setup.sh
"""
# The verifier of most tests: reward 1 exactly when /app/done holds "yes".
TEST_SH = """\
#!/bin/bash
if [ "$(cat /app/done 2>/dev/null)" = yes ]; then echo 1; else echo "FAIL: done is wrong"; false; fi
if [ $? -eq 0 ]; then echo 1 > /logs/verifier/reward.txt; else echo 0 > /logs/verifier/reward.txt; fi
"""


def write_task(folder: Path, toml: str = TOML, files: Mapping[str, str | None] | None = None) -> Path:
    """A task in `folder`; `files` are added to the sound ones, or taken away where they are None."""
    content: dict[str, str | None] = {
        "task.toml": toml,
        "instruction.md": "Write yes to /app/done.\n",
        "environment/files/note.txt": "a note\n",
        "tests/test.sh": TEST_SH,
        "solution/solve.sh": "#!/bin/bash\necho yes > done\n",
        **(files or {}),
    }
    return write_files(folder, content)


def write_files(folder: Path, files: Mapping[str, str | None]) -> Path:
    """These files in `folder`, with the folders above them; nothing is written for None."""
    for name, text in files.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return folder
