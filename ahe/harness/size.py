"""How many tokens of a harness are sent with every request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ahe.text import estimate_tokens

ALWAYS_SENT = ("system_prompt.md", "memory.md", "tool_descriptions/")


def always_sent(texts: Mapping[str, str]) -> int:
    """Estimated tokens of prompt, memory and tool descriptions among these files, by path in the harness."""
    return sum(estimate_tokens(text) for path, text in texts.items() if path.startswith(ALWAYS_SENT))


def prompt_tokens(root: Path) -> int:
    """The same of the harness in folder `root`; what is not there counts nothing."""
    files = [root / "system_prompt.md", root / "memory.md", *(root / "tool_descriptions").glob("*.yaml")]
    return always_sent({str(p.relative_to(root)): p.read_text("utf-8") for p in files if p.is_file()})
