"""The debug report as text: sections in a fixed order; the parts of least worth are cut until the budget holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ahe.text import estimate_tokens


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph of a section. Parts of low `worth` are cut first; of equal worth the last one."""

    text: str
    worth: float


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its parts. `where` names the place that still holds what was cut."""

    title: str
    parts: tuple[Part, ...]
    where: str = ""


def compose(title: str, sections: Sequence[Section], budget: int) -> str:
    """The report as Markdown, at most `budget` tokens as `estimate_tokens` counts the whole text.

    The parts of least worth are cut first; a last paragraph says how many parts of which section were cut and where
    to find them. If the budget is too small for the headings, the text is cut off at its end.
    """
    order = sorted(
        ((part.worth, -s, -p) for s, section in enumerate(sections) for p, part in enumerate(section.parts)),
    )
    costs = [[estimate_tokens(part.text) + 1 for part in section.parts] for section in sections]
    frame = estimate_tokens(title) + sum(estimate_tokens(section.title) + 4 for section in sections) + 8
    total = frame + sum(map(sum, costs))
    kept = {(-s, -p) for _, s, p in order}
    while True:
        while total > budget and order:
            _, s, p = order.pop(0)
            kept.discard((-s, -p))
            total -= costs[-s][-p]
        text = _render(title, sections, kept)
        over = estimate_tokens(text) - budget
        if over <= 0:
            return text
        if not order:
            return clip(text, budget)
        total = budget + over  # the parts' estimates do not add up to that of the whole text: cut the excess


def _render(title: str, sections: Sequence[Section], kept: set[tuple[int, int]]) -> str:
    paragraphs = [f"# {title}"]
    lost: list[str] = []
    for s, section in enumerate(sections):
        parts = [part.text for p, part in enumerate(section.parts) if (s, p) in kept]
        if parts:
            paragraphs.append(f"## {section.title}\n\n" + "\n".join(parts))
        if gone := len(section.parts) - len(parts):
            lost.append(f"{gone} of “{section.title}”" + (f" ({section.where})" if section.where else ""))
    if lost:
        paragraphs.append(f"Cut for length: {'; '.join(lost)}.")
    return "\n\n".join(paragraphs) + "\n"


def clip(text: str, budget: int) -> str:
    """The longest beginning of the text that fits."""
    if estimate_tokens(text) <= budget:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if estimate_tokens(text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]
