"""The text of a prompt's template without running it: literal text, known variables, `if` and `for` over them.

A template is evolved code, and code of a harness never runs on the host. What these few forms cannot say is not
guessed: it raises `NotStatic`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import nodes

MOST = 1_000_000
"""Characters of a rendered text, and steps that it takes."""


class NotStatic(ValueError):
    """Part of a template that only the box of `ahe` renders; the text says which."""


class Static:
    """Renders one template; `named` are the variables that it used."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.named: set[str] = set()
        self._left = MOST

    def render(self, template: str) -> str:
        """Raises `NotStatic`."""
        try:
            tree = jinja2.Environment().parse(template)
            return "".join(self._body(tree.body, self.values)).strip()
        except jinja2.TemplateSyntaxError as error:
            raise NotStatic(f"line {error.lineno}: not valid Jinja: {error.message}") from None
        except RecursionError:
            raise NotStatic("nested too deep") from None

    def _body(self, body: list[nodes.Node], values: Mapping[str, Any]) -> Iterator[str]:
        for node in body:
            self._spend(1, node)
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    text = part.data if isinstance(part, nodes.TemplateData) else self._value(part, values)
                    if not isinstance(text, str):
                        raise NotStatic(f"line {part.lineno}: prints what is not a text")
                    self._spend(len(text), node)
                    yield text
            elif isinstance(node, nodes.If):
                branches = [(each.test, each.body) for each in (node, *node.elif_)]
                chosen = (body for test, body in branches if self._value(test, values))
                yield from self._body(next(chosen, node.else_), values)
            elif isinstance(node, nodes.For) and isinstance(node.target, nodes.Name) and node.test is None:
                items = self._value(node.iter, values)
                if not isinstance(items, list):
                    raise NotStatic(f"line {node.lineno}: a loop over what is not a list")
                for item in items:
                    yield from self._body(node.body, {**values, node.target.name: item})
                if not items:
                    yield from self._body(node.else_, values)
            else:
                raise _unknown(node)

    def _value(self, node: nodes.Node, values: Mapping[str, Any]) -> Any:
        if isinstance(node, nodes.Name):
            if node.name not in values:
                raise NotStatic(f"line {node.lineno}: {node.name} is known only while a task runs")
            self.named.add(node.name)
            return values[node.name]
        if isinstance(node, nodes.Not):
            return not self._value(node.node, values)
        if isinstance(node, nodes.Getattr):
            of = self._value(node.node, values)
            if isinstance(of, dict) and node.attr in of:
                return of[node.attr]
        raise _unknown(node)

    def _spend(self, amount: int, node: nodes.Node) -> None:
        self._left -= amount
        if self._left < 0:
            raise NotStatic(f"line {node.lineno}: it is too long")


def _unknown(node: nodes.Node) -> NotStatic:
    return NotStatic(
        f"line {node.lineno}: only text, variables, if and for are rendered, and this is {type(node).__name__}"
    )
