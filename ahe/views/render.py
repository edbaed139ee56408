"""What `ahe render` wrote, and the table of what each agent takes."""

from __future__ import annotations

from ahe.records import Kind
from ahe.render import Rendered, tables
from ahe.views.text import visible

COLUMNS = (
    ("system prompt", Kind.SYSTEM_PROMPT),
    ("memory", Kind.MEMORY),
    ("skills", Kind.SKILL),
    ("sub-agents", Kind.SUB_AGENT),
    ("tools", Kind.TOOL_DESCRIPTION),
    ("middleware", Kind.MIDDLEWARE),
)


def agents_table() -> str:
    """A row of Markdown for each agent, then why something is lost, and what else to know."""
    lines = [f"| agent | {' | '.join(name for name, _ in COLUMNS)} |", "|---" * (1 + len(COLUMNS)) + "|"]
    lost, notes = [], []
    for agent in tables():
        cells = []
        for name, kind in COLUMNS:
            place = agent.places[kind]
            cells.append("lost" if place.lost else f"`{place.target}`" if place.target else "as it is")
            lost += [f"- {agent.name}, {name}: {place.lost}"] if place.lost else []
            notes += [f"- {agent.name}, {name}: {place.note}"] if place.note else []
        lines.append(f"| {agent.name} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", "Lost, and why:", "", *lost, "", "To know:", "", *notes])


def rendered_text(done: Rendered, *, check: bool = False) -> str:
    """The files, then what the agent does not take."""
    if check:
        lines = [f"differs: {path}" for path in done.written] or ["up to date"]
    else:
        lines = [f"changed {path}" for path in done.written] or ["nothing to do"]
    lines += [f"lost: {each.path}: {each.why}" for each in done.lost]
    return visible("\n".join(lines))
