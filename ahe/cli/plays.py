"""`ahe plays`: the playbook."""

import click

from ahe.cli.shared import Invocation, make_command, show, width


@make_command("plays", "ahe plays missing-file")
@click.argument("name", required=False)
def command(invocation: Invocation, name: str | None, as_json: bool) -> None:
    """List the plays of the playbook, those first that fit the failures of the last report; or show play NAME.

    A play is a known intervention that is added to the harness as a commit and measured like any other:
    `ahe evolve --strategy playbook` tries them one by one.
    """
    from ahe.jobs.plays import play_named, playbook
    from ahe.views.lists import play_text, plays_table

    project = invocation.project()
    if name:
        play = play_named(project, name)
        show(play, as_json, lambda: play_text(play))
        return
    found = playbook(project)
    show(found, as_json, lambda: plays_table(found, width()))
