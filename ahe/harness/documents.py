"""YAML and front matter of evolved files, read as data that nobody vouches for."""

from __future__ import annotations

from typing import Any

import yaml


class _PlainLoader(yaml.SafeLoader):
    """Without aliases: a few lines of them can stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.constructor.ConstructorError(problem="aliases (*name) are not allowed")
        return super().compose_node(parent, index)


def read_mapping(text: str) -> dict[str, Any]:
    """A YAML mapping with text as keys. Raises `ValueError` that says what is wrong, on one line."""
    try:
        value = yaml.load(text, _PlainLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"not valid YAML: {line}{error.problem}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(
            f"not valid YAML: {str(error).splitlines()[0] if str(error) else 'too deep'}"
        ) from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("must be a mapping with names as keys")
    return value


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The YAML between the two lines `---` at the top, and what follows. Raises `ValueError`."""
    if not text.startswith("---\n"):
        raise ValueError("must begin with YAML front matter: a line ---, the fields, a line ---")
    head, closed, body = text[3:].partition("\n---\n")
    if not closed:
        raise ValueError("the front matter is never closed: a line --- is missing after the fields")
    return read_mapping(head), body.strip()
