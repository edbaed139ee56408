"""Lists: components, tasks, models, and the doctor's findings."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ahe.text import plural
from ahe.views.text import duration, facts, fit, table, visible

if TYPE_CHECKING:
    from ahe.evaluate.check import Check
    from ahe.evolve.plays import Play
    from ahe.harness.inventory import Component
    from ahe.jobs.doctor import Finding
    from ahe.jobs.importing import Imported
    from ahe.jobs.making import MadeSuite
    from ahe.jobs.models import Models, ModelTest
    from ahe.jobs.plays import Playbook
    from ahe.jobs.tasks import Converted, ListedSuite
    from ahe.project.strategies import Strategy

WIDEST = 300
SPLITS = ("train", "heldout", "test", "none")
COLOURS = {"ok": "green", "missing": "red", "optional": "yellow"}


def components_table(found: Sequence[Component], width: int | None = None) -> str:
    """A line for each component; a kind without any has one that shows it."""
    rows = []
    for each in found:
        change = f"{each.last_change[:10]} {each.last_subject}".strip()
        amounts = (str(each.tokens), str(each.uses)) if each.path else ("", "")
        rows.append((each.kind.value, each.path or "–", *amounts, each.git_id[:10], change))
    text = table(
        ("kind", "path", "tokens", "uses", "version", "last change"), rows, width, right="tokens uses"
    )
    used = sum(each.tokens for each in found)
    return f"{text}\n\n{sum(bool(each.path) for each in found)} components, about {used} tokens"


def plays_table(found: Playbook, width: int | None = None) -> str:
    """A play a line: its fit to the last report, what became of it, its kinds and its title."""
    rows = [
        (
            each.play.name,
            "–" if each.fit is None else f"{each.fit:.0%}",
            each.outcome or ("in place" if "already" in each.obstacle else each.obstacle),
            ", ".join(kind.value for kind in each.play.kinds),
            each.play.title,
        )
        for each in found.plays
    ]
    text = table(("play", "fits", "verdict", "kinds", "what it does"), rows, width, right="fits")
    of = (
        f"the share of the failures in {found.report}"
        if found.report
        else "unknown before the first `ahe evolve`"
    )
    return f"{text}\n\nfits: {of}\n`ahe plays NAME` shows one; `ahe evolve --strategy playbook` tries them"


def play_text(play: Play) -> str:
    """A play's page, and the paths of what it adds."""
    root = Path(play.root)
    adds = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]
    lines = [
        f"{play.name}: {play.title}",
        "",
        play.why,
        "",
        f"kinds   {', '.join(kind.value for kind in play.kinds)}",
        f"fits    {', '.join(play.fits)}",
        f"source  {play.source}",
        *(f"adds    {root / name}" for name in adds if not name.endswith("PLAY.md")),
    ]
    return "\n".join(lines)


def strategies_table(found: Sequence[Strategy], width: int | None = None) -> str:
    """A strategy a line."""
    return table(("strategy", "what it does", "source"), [(s.name, s.title, s.source) for s in found], width)


def strategy_text(found: Strategy) -> str:
    """A strategy as one would write it into ahe.toml."""
    keys = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in found.evolve.items()]
    return "\n".join(
        [f"# {found.title}", f"# {found.source}", "[evolve]", f'strategy = "{found.name}"', *keys]
    )


def suite_text(found: ListedSuite, width: int | None = None) -> str:
    """The tasks by split, and how many there are."""
    rows = []
    for each in sorted(found.tasks, key=lambda each: (SPLITS.index(each.split), each.name)):
        what = f"refused: {each.refused}" if each.refused else each.description
        rows.append((each.name, each.split, each.environment, what if width else fit(what, WIDEST)))
    suite = found.suite
    counts = ", ".join(f"{len(names)} {split}" for split, names in suite.splits.items())
    if refused := sum(bool(each.refused) for each in found.tasks):
        counts += f"; {refused} of all are refused"
    lines = table(("task", "split", "runs in", "what"), rows, width)
    text = f"{lines}\n\n{suite.name}: {len(rows)} tasks ({counts}) in {suite.path}"
    if unknown := suite.unknown_keys():
        keys = ", ".join(f"{key} ({count})" for key, count in sorted(unknown.items()))
        text += f"\nkeys that the task format does not have, with the number of tasks: {fit(keys, 400)}"
    return text


def suite_warning(found: ListedSuite) -> str:
    """A warning about tasks in no split of suite.toml; empty where there are none."""
    names = fit(", ".join(found.suite.unassigned), 200)
    return f"in no split of suite.toml, so never used: {names}" if names else ""


def check_line(check: Check) -> str:
    """One check of a task, with its problems below."""
    state = "ok  " if check.ok else "FAIL"
    head = f"{state} {check.task} ({check.environment}, {duration(check.seconds)})"
    return "\n".join(
        [head, *(f"     {visible(problem)}" for problem in (*check.problems, check.note) if problem)]
    )


def checks_text(checks: Sequence[Check]) -> str:
    """How many checks found their task sound."""
    return f"{sum(check.ok for check in checks)} of {len(checks)} checks found the task sound"


def converted_text(found: Converted) -> str:
    """The new folder, and what was left out."""
    left_out = [f"left out: {visible(reason)}" for reason in found.left_out.values()]
    return "\n".join([f"converted {plural(len(found.tasks), 'task')} to {found.folder}", *left_out])


def made_text(found: MadeSuite) -> str:
    """The new tasks by split, how to use them, and what was left out."""
    counts = Counter[str](split or "none" for split in found.tasks.values())
    splits = ", ".join(f"{counts[split]} {split}" for split in SPLITS if counts[split])
    lines = [f"made {plural(len(found.tasks), 'task')} in {found.folder} ({splits})"]
    if found.unproved:
        lines.append(
            f"nothing shows that {found.unproved} of them can be solved: a solution/solve.sh in a task does"
        )
    lines += [f"left out: {visible(name)}: {visible(why)}" for name, why in found.left_out.items()]
    return "\n".join([*lines, f"`ahe evolve --suite {found.folder}` uses them"])


def imported_text(found: Imported) -> str:
    """The files that were made, and what had no counterpart."""
    lines = [f"no counterpart: {visible(each.path)}: {visible(each.why)}" for each in found.left_out]
    made = (
        f"imported {plural(len(found.files), 'file')} as commit {found.commit[:10]}: {', '.join(found.files)}"
    )
    return "\n".join(
        [*lines, visible(made), "`ahe evolve` measures it; `git revert` in workspace/ takes it back"]
    )


def models_text(found: Models, width: int | None = None) -> str:
    """The model of each role, and the weights of embedded models."""
    roles, weights = (
        table(tuple(rows[0]), [tuple(row.values()) for row in rows], width)
        for rows in (found.roles, found.weights)
    )
    return f"{roles}\n\nembedded models:\n{weights}"


def model_test_text(found: ModelTest) -> str:
    """A line per fact about the model, and one per point that was tried."""
    about = [(key.replace("_", " "), str(v)) for key, v in found.model_dump(exclude={"points"}).items()]
    states = {True: "ok", False: "NO", None: "–"}
    points = [(point.name, f"{states[point.holds]:3} {point.what}") for point in found.points]
    return f"{facts(*about, width=18)}\n\n{facts(*points, width=18)}"


def findings_text(findings: Sequence[Finding]) -> str:
    """A line per finding, and its fix below; the colours are dropped where stdout is not a terminal."""
    lines = []
    for finding in findings:
        state = click.style(f"{finding.state:9}", fg=COLOURS[finding.state])
        lines.append(f"{state} {finding.name:15} {visible(finding.what)}")
        if finding.fix:
            lines.append(f"{'':25} → {visible(finding.fix)}")
    return "\n".join(lines)


def init_text(made: Sequence[str]) -> str:
    """What `ahe init` made, and what to do next."""
    return "\n".join([*made, "Next: `ahe doctor` checks this machine, then `ahe evolve`."])
