"""`ahe doctor`: what this machine has, what is missing, and the fix."""

from __future__ import annotations

from ahe.cli.shared import Invocation, make_command, show


@make_command("doctor", "ahe doctor")
def command(invocation: Invocation, as_json: bool) -> int:
    """Check this machine and this project, and say what is missing and how to fix it. No paid call is made.

    Exit code 1 where something that is needed is missing.
    """
    from ahe.jobs.doctor import examine
    from ahe.project.config import load_config
    from ahe.views.lists import findings_text

    findings = examine(load_config(invocation.root))
    show(findings, as_json, lambda: findings_text(findings))
    return 1 if any(finding.state == "missing" for finding in findings) else 0
