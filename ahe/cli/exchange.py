"""Harnesses out and in: export, import."""

from pathlib import Path

import click

from ahe.cli.shared import Invocation, Place, make_command, run, show

EXPORT = """ahe export --to ~/my-harness
ahe export --bundle tickets.bundle
ahe export --branch better-harness --repo ~/code/tool --path harness
ahe export ahe/best --harbor ~/harbor-agent"""


@make_command("export", EXPORT)
@click.argument("rev", default="HEAD")
@click.option("--to", type=Place(file_okay=False), help="Its files, into a new or empty folder.")
@click.option(
    "--bundle", type=Place(dir_okay=False), help="A git bundle of the whole record, for `ahe init --from`."
)
@click.option(
    "--branch", metavar="NAME", help="A branch with a commit for each kept change, in --repo at --path."
)
@click.option("--repo", type=Place(exists=True, file_okay=False), help="With --branch: the repository.")
@click.option("--path", default="harness", show_default=True, help="With --branch: the folder in it.")
@click.option("--harbor", type=Place(file_okay=False), help="An agent for Harbor's --agent-import-path.")
def export(
    invocation: Invocation,
    rev: str,
    to: Path | None,
    bundle: Path | None,
    branch: str | None,
    repo: Path | None,
    path: str,
    harbor: Path | None,
    as_json: bool,
) -> None:
    """Take version REV of the harness (default: HEAD) out of the workspace.

    A branch starts at the other repository's HEAD and leaves its working tree alone; push it and open a pull request.
    """
    from ahe.jobs import export as job
    from ahe.jobs.best import export as to_folder

    if sum(each is not None for each in (to, bundle, branch, harbor)) != 1 or (branch is not None) != (
        repo is not None
    ):
        raise click.UsageError("name one of --to, --bundle, --harbor, or --branch with --repo")
    project = invocation.project()
    sha = project.history().resolve(rev)
    if to is not None:
        made, where = to_folder(project, sha, to), f"files to {to}"
    elif bundle is not None:
        made, where = job.to_bundle(project, bundle), "bundle: `ahe init DIR --from FILE` begins with it"
    elif harbor is not None:
        made, where = (
            job.to_harbor(project, sha, harbor),
            f"files to {harbor}: `--agent-import-path ahe_agent:AheAgent`",
        )
    else:
        assert branch is not None and repo is not None
        made = job.to_branch(project, sha, repo, branch, path)
        where = f"commits to the branch {branch} of {repo}"
    show({"rev": sha, "made": made}, as_json, lambda: "\n".join([*made, f"exported {len(made)} {where}"]))


@make_command(
    "import", "ahe import ~/code/tool            # AGENTS.md, .claude/, skills\nahe import ~/nexau/agent"
)
@click.argument("source", type=Place(exists=True, file_okay=False))
def bring_in(invocation: Invocation, source: Path, as_json: bool) -> None:
    """Bring a harness that you have into the workspace, as one commit in your own name.

    SOURCE is a folder with AGENTS.md or CLAUDE.md, skills and agents of Claude Code or opencode, or a workspace of
    NexAU as AHE evolves them. What has no counterpart is named. A turn of the result runs in the sandbox first,
    without a model.
    """
    from ahe.jobs import importing as job
    from ahe.views.lists import imported_text

    project = invocation.project()
    found = run(lambda _: job.bring_in(project, source.resolve()), progress=False)
    show(found, as_json, lambda: imported_text(found))
