"""`ahe strategies`: the presets for `ahe evolve --strategy`."""

import click

from ahe.cli.shared import Invocation, make_command, show, width


@make_command("strategies", "ahe strategies playbook", project=False)
@click.argument("name", required=False)
def command(_: Invocation, name: str | None, as_json: bool) -> None:
    """List the strategies with their sources; or show what the strategy NAME, or the file NAME, sets."""
    from pathlib import Path

    from ahe.project.strategies import strategies, strategy
    from ahe.views.lists import strategies_table, strategy_text

    if name:
        found = strategy(name, Path.cwd())
        show(found, as_json, lambda: strategy_text(found))
        return
    every = strategies()
    show(every, as_json, lambda: strategies_table(every, width()))
