"""What preflight has to say against a change."""

from __future__ import annotations

from ahe.records import Record


class Problem(Record):
    """A rule that a change breaks, where, and what would mend it."""

    rule: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"
