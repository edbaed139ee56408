"""Variables that a task takes from the machine: `${NAME}` and `${NAME:-default}` as a whole value, as in Harbor."""

import os
import re
from collections.abc import Mapping

from ahe.errors import TaskError

TEMPLATE = re.compile(r"\$\{([^}:]+)(?::-(.*))?\}", re.DOTALL)
"""`${NAME}` or `${NAME:-value}`: name, and value or None."""


def unresolved(variables: Mapping[str, str]) -> list[str]:
    """Names of variables that the machine does not have and for which there is no default."""
    found = (TEMPLATE.fullmatch(value) for value in variables.values())
    return [match[1] for match in found if match and match[2] is None and match[1] not in os.environ]


def resolve(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables with their values. They may be secret: done only where a process is given them.

    Raises `TaskError` that names a variable without a value.
    """
    if missing := unresolved(variables):
        raise TaskError(
            f"set {', '.join(missing)} in the environment of `ahe`: the task takes its value from there"
        )
    matched = {name: (TEMPLATE.fullmatch(value), value) for name, value in variables.items()}
    return {name: os.environ.get(m[1], m[2] or "") if m else value for name, (m, value) in matched.items()}
