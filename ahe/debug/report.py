"""The debug report: sections in the order of their worth, within a budget of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ahe.tokens import estimate_tokens


@dataclass(frozen=True)
class Section:
    """A part of the report. `priority` 0 is cut last; `parts` go from their end when the budget is short."""

    title: str
    parts: tuple[str, ...]
    priority: int


def compose(title: str, sections: Sequence[Section], budget: int, more: str) -> str:
    """The report as Markdown, at most `budget` tokens by `estimate_tokens`.

    What has to go goes from the sections of the highest priority number, from their ends; the report then
    says what was cut and that `more` has the rest.
    """
    kept = {section.title: list(section.parts) for section in sections}
    cut = dict.fromkeys(kept, 0)
    worst_first = sorted(sections, key=lambda section: -section.priority)
    while estimate_tokens(text := _render(title, sections, kept, cut, more)) > budget:
        victim = next((s for s in worst_first if kept[s.title]), None)
        if victim is None:
            return _clip(text, budget)
        kept[victim.title].pop()
        cut[victim.title] += 1
    return text


def _render(
    title: str, sections: Sequence[Section], kept: dict[str, list[str]], cut: dict[str, int], more: str
) -> str:
    parts = [f"# {title}"]
    for section in sections:
        if kept[section.title]:
            parts.append(f"## {section.title}\n\n" + "\n".join(kept[section.title]))
    lost = [f"{count} of “{name}”" for name, count in cut.items() if count]
    if lost:
        parts.append(f"Cut for length: {', '.join(lost)}. {more}")
    return "\n\n".join(parts) + "\n"


def _clip(text: str, budget: int) -> str:
    """The longest beginning of the text that fits."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]
