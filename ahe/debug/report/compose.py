"""The debug report as text: sections in a fixed order; the parts of least worth are cut until the budget holds."""

from collections.abc import Container, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from ahe.text import BYTES_PER_TOKEN, estimate_tokens


class Worth(IntEnum):
    """What parts are worth, least first: parts of least worth are cut first."""

    LENGTH = 1  # what the verifier says at length; old verdicts
    DAMAGE = 2
    RATE = 3
    NOTE = 4
    MORE = 5  # further words of the verifier
    ACT = 6
    ANSWER = 7  # what a model says; where rollouts part
    FAILURE = 8  # which, and the verifier's first words
    COUNT = 9


class Part(NamedTuple):
    """A paragraph of a section. Of equal worth the last one is cut first."""

    text: str
    worth: float


class Section(NamedTuple):
    """A heading with its parts; left out if it has none. `where` names the place that still holds what was cut."""

    title: str
    parts: tuple[Part, ...]
    where: str = ""


def compose(title: str, sections: Iterable[Section], budget: int) -> str:
    """The report as Markdown, at most `budget` tokens as `estimate_tokens` counts the whole text.

    The parts of least worth are cut first; a last paragraph says how many parts of which section were cut and where
    to find them. If the budget is too small for the headings, the text is cut off at its end.
    """
    filled = [section for section in sections if section.parts]
    parts = {(s, p): part for s, section in enumerate(filled) for p, part in enumerate(section.parts)}
    costs = {at: estimate_tokens(part.text) + 1 for at, part in parts.items()}
    frame = estimate_tokens(title) + sum(estimate_tokens(section.title) + 4 for section in filled) + 8
    excess = frame + sum(costs.values()) - budget
    best = sorted(parts, key=lambda at: (-parts[at].worth, at))
    while True:
        while excess > 0 and best:
            excess -= costs[best.pop()]
        text = _render(title, filled, set(best))
        excess = estimate_tokens(text) - budget  # the parts' estimates need not add up to it
        if excess <= 0:
            return text
        if not best:
            return text.encode("utf-8", "replace")[: int(budget * BYTES_PER_TOKEN)].decode("utf-8", "ignore")


def _render(title: str, filled: Sequence[Section], kept: Container[tuple[int, int]]) -> str:
    paragraphs = [f"# {title}"]
    lost: list[str] = []
    for s, section in enumerate(filled):
        shown = [part.text for p, part in enumerate(section.parts) if (s, p) in kept]
        if shown:
            paragraphs.append(f"## {section.title}\n\n" + "\n".join(shown))
        if gone := len(section.parts) - len(shown):
            lost.append(f"{gone} of “{section.title}”" + (f" ({section.where})" if section.where else ""))
    if lost:
        paragraphs.append(f"Cut for length: {'; '.join(lost)}.")
    return "\n\n".join(paragraphs) + "\n"
