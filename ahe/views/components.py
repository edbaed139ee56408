"""The inventory of a harness as a table."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.harness.inventory import Component
from ahe.records import Kind
from ahe.views.text import table


def components_table(found: Sequence[Component], width: int | None = None) -> str:
    """Every component in the order of the kinds; a kind without any has a line that says so."""
    rows = []
    for kind in Kind:
        own = [component for component in found if component.kind == kind and component.path]
        rows += [_row(component) for component in own] or [(kind.value, "–", "", "", "", "")]
    headers = ("kind", "path", "tokens", "uses", "version", "last change")
    used = sum(component.tokens for component in found)
    text = table(headers, rows, width, right="tokens uses")
    return f"{text}\n\n{sum(bool(c.path) for c in found)} components, about {used} tokens"


def _row(component: Component) -> tuple[str, ...]:
    change = f"{component.last_change[:10]} {component.last_subject}".strip()
    return (
        component.kind.value,
        component.path,
        str(component.tokens),
        str(component.uses),
        component.git_id[:10],
        change,
    )
