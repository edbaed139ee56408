"""Checks a task: its solution passes, doing nothing fails, and a second run agrees. No model is called."""

import functools
import shutil
import tempfile
import time
from pathlib import Path

from ahe.agents.play import started
from ahe.errors import AheError
from ahe.evaluate.support import refuse
from ahe.evaluate.verifier import Verification, run_script, upload, verify
from ahe.protocols import Environment, MakeEnvironment
from ahe.records import Record, Task

TIMES = 2
OUTPUT_CHARACTERS = 300


class Check(Record):
    """The check of one task in one kind of environment; `problems` is empty if the task is sound.

    `solved` and `idle` are the verifier's results after the solution and after doing nothing, in order of the runs.
    `environment` is the environment's `describe`, `seconds` the time of the whole check. `note` says of a task that was
    made without a solution that nothing shows it can be solved.
    """

    task: str
    environment: str
    problems: tuple[str, ...] = ()
    solved: tuple[Verification, ...] = ()
    idle: tuple[Verification, ...] = ()
    seconds: float = 0.0
    note: str = ""

    @property
    def ok(self) -> bool:
        return not self.problems


async def check_task(
    task: Task, kind: str, scratch: Path, make: MakeEnvironment | None = None, *, allow_network: bool = True
) -> Check:
    """Check one task in environments of `kind` (`bwrap`, `docker`, `auto`), each below folder `scratch`.

    `make` builds the environments (default: `ahe.environments.choose`). A task that is refused or an environment that
    fails raises nothing: it is listed in `problems`.
    """
    clock = time.monotonic()
    if make is None:
        from ahe.environments.choose import make as chosen

        make = functools.partial(chosen, kind)
    solved: list[Verification] = []
    idle: list[Verification] = []
    problems: list[str] = []
    name, note = kind, ""
    try:
        refuse(task, allow_network=allow_network, kind=kind, solution=True)
        unproved = not (Path(task.path) / "solution" / "solve.sh").is_file()
        missing = "solution/solve.sh is missing, so nothing shows that the task can be solved" * unproved
        note = missing if _made_without(task) else ""
        problems += [missing] if missing and not note else []
        for _ in range(TIMES):
            if not problems and not unproved:
                solved.append(await _attempt(task, make, scratch, problems))
            idle.append(await _attempt(task, make, scratch, None))
        name = make(task.environment, scratch).describe
    except (AheError, OSError) as error:
        problems.append(str(error))
    problems += _compare("the solution", solved, passes=True) + _compare("doing nothing", idle, passes=False)
    return Check(
        task=task.name,
        environment=name,
        problems=tuple(dict.fromkeys(problems)),
        solved=tuple(solved),
        idle=tuple(idle),
        seconds=round(time.monotonic() - clock, 3),
        note=note,
    )


def _made_without(task: Task) -> bool:
    """Whether `task.toml` says that the task was made without a solution."""
    metadata = task.raw.get("metadata")
    return isinstance(metadata, dict) and metadata.get("solution") == "unknown"


async def _attempt(
    task: Task, make: MakeEnvironment, scratch: Path, solution_problems: list[str] | None
) -> Verification:
    """Verify in a new environment; the solution runs first if a list for its problems is given."""
    folder = Path(tempfile.mkdtemp(prefix="check-", dir=scratch))
    try:
        async with started(make(task.environment, folder)) as environment:
            if solution_problems is not None:
                solution_problems += await _solve(environment, task)
            return await verify(environment, task)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _solve(environment: Environment, task: Task) -> list[str]:
    await upload(environment, Path(task.path, "solution"), "/solution")
    script, seconds = "/solution/solve.sh", task.agent_seconds
    ran = await run_script(
        environment, script, task, timeout=seconds, variables=task.solution_env, user=task.agent_user
    )
    if ran.timed_out:
        return [f"the solution was not done after {seconds:g} seconds"]
    if ran.exit_code != 0:
        return [f"the solution ended with exit code {ran.exit_code}: {_tail(ran.text)}"]
    return []


def _compare(what: str, verifications: list[Verification], *, passes: bool) -> list[str]:
    problems = [f"after {what}, {each.problem}" for each in verifications if each.problem]
    if passes:
        failed = (each for each in verifications if not each.passed)
        problems += [f"{what} does not pass (reward {o.reward:g}): {_tail(o.output)}" for o in failed]
    elif any(each.passed for each in verifications):
        problems.append(f"{what} passes, so the verifier proves nothing")
    if len({tuple(sorted(each.rewards.items())) for each in verifications}) > 1:
        rewards = " and ".join(f"{each.reward:g}" for each in verifications)
        problems.append(f"{what} was rewarded differently from run to run: {rewards}")
    return problems


def _tail(text: str) -> str:
    return text.strip()[-OUTPUT_CHARACTERS:]
