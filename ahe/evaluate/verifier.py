"""Runs a task's verifier in the environment after the agent's work, and reads its reward.

If the verifier ran but left no usable reward (none, malformed, out of time), the trial is failed, not missing. `ahe
tasks check` proves that the verifier works on the untouched environment and after the solution, so the agent must be
the cause. And if a broken verifier took a trial out of the count, breaking verifiers would be the cheapest way to a
better pass rate. Only an `Infrastructure` error of the environment itself makes a trial missing. What comes out of the
environment is data: names, sizes and numbers are checked, and nothing in it can raise more than a problem.
"""

import asyncio
import base64
import binascii
import json
import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from ahe.environments.variables import resolve
from ahe.errors import AgentFault, TaskError
from ahe.evaluate.rows import score
from ahe.protocols import Environment
from ahe.records import ExecResult, Record, Row, Task
from ahe.text import without_surrogates

JSON_NAME = "reward.json"
TEXT_NAME = "reward.txt"
PASS = 1.0
"""A trial has passed when its reward reaches this."""
STDOUT = "test-stdout.txt"
OUTPUT_BYTES = 200_000
TAIL_CHARACTERS = 8_000
FILE_BYTES = 128_000
FILES = 16
HOUSEKEEPING_SECONDS = 60.0
UPLOAD_SECONDS = 3600.0
NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")

# The agent may have put links or files there; /tests and /logs can be mount points, which cannot be removed.
_PREPARE = """
for path in /logs /logs/verifier /tests; do
  if [ -L "$path" ] || { [ -e "$path" ] && [ ! -d "$path" ]; }; then rm -f "$path"; fi
done
rm -rf /tests /logs/verifier 2>/dev/null
mkdir -p /tests /logs/verifier && chmod 755 /tests && chmod 777 /logs/verifier &&
  [ -z "$(ls -A /tests)$(ls -A /logs/verifier)" ]
"""

# One line a file: name, tab, base64. The reward files come first, so that many other files cannot displace them.
_COLLECT = f"""
cd /logs/verifier 2>/dev/null || exit 0
count=0
for name in {JSON_NAME} {TEXT_NAME} *; do
  case "$name" in *[!A-Za-z0-9._-]*|"") continue ;; esac
  [ -f "$name" ] && [ "$count" -lt {FILES + 2} ] || continue
  count=$((count + 1))
  printf '%s\\t' "$name"; head -c {FILE_BYTES} "$name" 2>/dev/null | base64 | tr -d '\\n'; echo
done
"""


class Verification(Record):
    """The verifier's result. `problem` is empty if a reward could be read, else it says why not.

    `rewards` are all named rewards, `reward` the one that counts; with a problem they are {} and 0. `output` is the end
    of what the verifier printed; `files` (at most 16 of its own, of 128,000 bytes each) are for the trial's `verifier/`
    folder.
    """

    reward: float
    rewards: dict[str, float] = Field(default_factory=dict)
    output: str = ""
    exit_code: int = 0
    timed_out: bool = False
    problem: str = ""
    files: dict[str, bytes] = Field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.reward >= PASS


async def verify(env: Environment, task: Task, answer: str = "") -> Verification:
    """Verify the state of the started environment `env` after the agent has ended with `answer`, which counts for rows.

    Old `/tests` and `/logs/verifier` are removed first. Raises the environment's `Infrastructure` errors, and
    `TaskError` if the task's tests cannot be read.
    """
    if task.row is not None:
        return judge(answer, task.row)
    try:
        return await _verify(env, task)
    except AgentFault as fault:
        problem = str(fault)
    except OSError as error:
        said = str(error) or type(error).__name__
        problem = f"the tests could not be written after the agent's work: {said}"
    return Verification(reward=0.0, problem=problem)


def judge(answer: str, row: Row) -> Verification:
    """The reward of an answer in words, and the verifier's line about it."""
    right = score(answer, row)
    said = " ".join(answer.split())[:200] or "nothing"
    line = "OK" if right else f"FAIL: answered {said!r}, expected {row.answer!r}"
    return Verification(reward=float(right), rewards={"reward": float(right)}, output=line + "\n")


async def _verify(env: Environment, task: Task) -> Verification:
    prepared = await env.exec(_PREPARE, timeout=HOUSEKEEPING_SECONDS, cwd="/", user="root")
    if prepared.exit_code != 0:
        return Verification(
            reward=0.0,
            output=prepared.text[-TAIL_CHARACTERS:],
            exit_code=prepared.exit_code,
            timed_out=prepared.timed_out,
            problem="/tests and /logs/verifier could not be recreated after the agent's work",
        )
    async with asyncio.timeout(UPLOAD_SECONDS):  # commands can slow every single file down
        await upload(env, Path(task.path, "tests"), "/tests")
    script, seconds = "/tests/test.sh", task.verifier_seconds
    ran = await run_script(
        env, script, task, timeout=seconds, variables=task.verifier_env, user=task.verifier_user
    )
    files = await _collect(env)
    rewards: dict[str, float] = {}
    problem = ""
    if ran.timed_out:
        # A reward that was written before the timeout is not used: the script may not have finished it.
        problem = f"the verifier was not done after {seconds:g} seconds"
    else:
        try:
            rewards = read_rewards(files)
        except BadReward as error:
            problem = str(error)
    return Verification(
        reward=one_reward(rewards) if rewards else 0.0,
        rewards=rewards,
        output=ran.text[-TAIL_CHARACTERS:],
        exit_code=ran.exit_code,
        timed_out=ran.timed_out,
        problem=problem,
        files={**files, STDOUT: ran.output},
    )


async def upload(env: Environment, folder: Path, inside: str) -> None:
    """Write every file below `folder` to `inside`; shell scripts become executable.

    Raises `TaskError` if a file cannot be read, and the `OSError` of the environment if it cannot be written there.
    """
    for directory, _, names in sorted(os.walk(folder, followlinks=False)):
        for name in sorted(names):
            path = Path(directory, name)
            try:
                content, mode = path.read_bytes(), path.stat().st_mode & 0o777
            except OSError as error:
                raise TaskError(f"{path} cannot be read: {error}") from error
            mode = mode | 0o444
            if name.endswith(".sh"):
                # Written on Windows, its first line would name an interpreter that ends in a carriage return.
                content, mode = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n"), 0o755
            await env.write(f"{inside}/{path.relative_to(folder).as_posix()}", content, mode)


async def run_script(
    env: Environment,
    script: str,
    task: Task,
    *,
    timeout: float,
    variables: Mapping[str, str],
    user: str | None,
) -> ExecResult:
    """Run an executable script in the task's work directory, or in / if the agent has removed that.

    Raises `TaskError` where a variable takes its value from this machine, and it has none.
    """
    directory = await work_directory(env, task)
    command = f"cd {shlex.quote(directory)} 2>/dev/null || cd /; {shlex.quote(script)}"
    return await env.exec(
        command, timeout=timeout, cwd="/", env=resolve(variables), user=user, output_limit=OUTPUT_BYTES
    )


async def work_directory(env: Environment, task: Task) -> str:
    """The task's work directory; where the task names none, the image's own."""
    if task.environment.workdir:
        return task.environment.workdir
    asked = await env.exec("pwd", timeout=HOUSEKEEPING_SECONDS)
    return asked.text.strip() if asked.exit_code == 0 else "/"


async def _collect(env: Environment) -> dict[str, bytes]:
    limit = (FILES + 2) * (FILE_BYTES * 4 // 3 + 300)
    listed = await env.exec(_COLLECT, timeout=HOUSEKEEPING_SECONDS, cwd="/", user="root", output_limit=limit)
    files: dict[str, bytes] = {}
    for line in listed.output.splitlines():
        name, separator, content = line.partition(b"\t")
        try:
            if separator and len(files) < FILES and NAME.fullmatch(name.decode("ascii")):
                data = base64.b64decode(content, validate=True)
                files.setdefault(name.decode("ascii"), data[:FILE_BYTES])
        except (UnicodeDecodeError, binascii.Error):
            continue
    return files


class BadReward(ValueError):
    """A reward file that cannot be read; the message says which and why."""


def read_rewards(files: Mapping[str, bytes]) -> dict[str, float]:
    """All rewards in the verifier's files, in Harbor's format, by name; a single number is named `reward`.

    `reward.json` (flat, finite numbers) is read if it exists, even if it is broken; else `reward.txt` (one number).
    Raises `BadReward`.
    """
    for name in (JSON_NAME, TEXT_NAME):
        if len(files.get(name, b"")) >= FILE_BYTES:
            raise BadReward(f"{name} is larger than {FILE_BYTES} bytes")
    if JSON_NAME in files:
        try:
            found = without_surrogates(json.loads(files[JSON_NAME]))
        except (ValueError, RecursionError) as error:
            raise BadReward(f"{JSON_NAME} is not JSON: {error}") from None
        entries = found if isinstance(found, dict) else {"reward": found}
        if not entries:
            raise BadReward(f"{JSON_NAME} holds no reward")
        return {
            name: _finite(value, f"{JSON_NAME}: {ascii(name)[:80]} is") for name, value in entries.items()
        }
    if TEXT_NAME in files:
        text = files[TEXT_NAME].decode("utf-8", "replace").strip()
        try:
            value = float(text)
        except ValueError:
            raise BadReward(f"{TEXT_NAME} holds {text[:80]!r}, not one number") from None
        return {"reward": _finite(value, f"{TEXT_NAME} holds")}
    raise BadReward(f"the verifier wrote neither {JSON_NAME} nor {TEXT_NAME}")


def one_reward(rewards: Mapping[str, float]) -> float:
    """The reward that counts: the one named `reward`, else the lowest, so that all must reach `PASS`."""
    return rewards["reward"] if "reward" in rewards else min(rewards.values())


def _finite(value: object, what: str) -> float:
    if isinstance(value, int | float) and abs(value) <= sys.float_info.max:
        return float(value)
    shown = ascii(value)[:80] if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"
    raise BadReward(f"{what} {shown}, not a finite number")
