"""`ahe render`: a version of the harness as the files of another agent, in a directory of the person's own."""

from pathlib import Path

from ahe import render as rendering
from ahe.errors import UsageError
from ahe.jobs.known import version
from ahe.project.project import Project
from ahe.render import Rendered


def harness_folder(project: Project, rev: str = "HEAD") -> Path:
    """The folder that holds a version of the project's harness."""
    return Path(version(project, project.history(), rev).root)


def render(project: Project, agent: str, into: Path, rev: str = "HEAD", *, check: bool = False) -> Rendered:
    """Write the harness to the agent's files in `into`; with `check` only say what would change."""
    if not into.is_dir():
        raise UsageError(f"{into} is not a directory: name the one in which the agent works")
    work = rendering.check if check else rendering.render
    return work(harness_folder(project, rev), agent, into)
