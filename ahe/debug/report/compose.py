"""The debug report as text: sections in a fixed order, their parts cut by worth until the budget holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ahe.text import estimate_tokens

Count = Callable[[str], int]
"""How many tokens a text is: the fast estimate, or a model's own vocabulary."""


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph of a section. The higher `worth`, the later it is cut; equal worth goes from the end."""

    text: str
    worth: float


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its parts. `where` names the place that holds what was cut."""

    title: str
    parts: tuple[Part, ...]
    where: str = ""


def compose(title: str, sections: Sequence[Section], budget: int, count: Count = estimate_tokens) -> str:
    """The report as Markdown, at most `budget` tokens as `count` measures the whole text.

    The parts of least worth go first; a last paragraph says how many of which section went, and where
    they stand. A budget too small for the headings gives the beginning of the text.
    """
    order = sorted(
        ((part.worth, -s, -p) for s, section in enumerate(sections) for p, part in enumerate(section.parts)),
    )
    costs = [[count(part.text) + 1 for part in section.parts] for section in sections]
    frame = count(title) + sum(count(section.title) + 4 for section in sections) + 8
    total = frame + sum(map(sum, costs))
    kept = {(-s, -p) for _, s, p in order}
    while True:
        while total > budget and order:
            _, s, p = order.pop(0)
            kept.discard((-s, -p))
            total -= costs[-s][-p]
        text = _render(title, sections, kept)
        over = count(text) - budget
        if over <= 0:
            return text
        if not order:
            return clip(text, budget, count)
        total = budget + over  # the sum of parts misjudged the whole: cut by what it is over


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


def clip(text: str, budget: int, count: Count = estimate_tokens) -> str:
    """The longest beginning of the text that fits; `count` grows with the text."""
    if count(text) <= budget:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count(text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]
