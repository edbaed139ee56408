"""What results show of an environment that was broken: a disk that was full from the start, a container that died."""

import re
from collections.abc import Sequence
from itertools import takewhile

from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act, instruction
from ahe.debug.signals.vocabulary import names

Lines = tuple[tuple[int, str], ...]
"""Lines with their steps."""

_FULL = re.compile(r"(?i)No space left on device|\bENOSPC\b|Disk quota exceeded|\bdisk (?:is )?full\b")
_DEAD = re.compile(
    r"(?i)^(?:Error response from daemon: )?(?:(?:the )?container \S+ (?:is not running|is restarting|is paused)"
    r"|No such container)|^OCI runtime exec failed|^cannot exec in a (?:stopped|paused) (?:container|state)"
    r"|^\W*(?:the )?(?:container|sandbox|pod|runtime)\b.{0,60}\b(?:not running|died|crashed|disconnected|evicted"
    r"|terminated|has (?:exited|stopped|gone)|is (?:gone|dead)|was (?:killed|removed|lost)|exited with|oom-?killed)"
)
_DISKS = re.compile(r"(?i)\bdisks?\b|\b(?:free|no|enough) space\b|space left|\bstorage\b|\bquotas?\b")
_CONTAINERS = re.compile(r"docker|podman|kubectl|compose|nerdctl")
_FILLS = names(
    "apt apt-get pip pip3 uv npm yarn pnpm conda git cp mv tar unzip dd wget curl rsync fallocate truncate docker"
    " cargo go gem apk dnf yum"
)
"""Programs of which one run may fill a disk."""
_LONGEST, _LINE, _MOST = 20_000, 240, 4


def broken(trace: Trace, did: Sequence[Act]) -> Lines:
    """The lines that show it; none if the task is about a disk, the agent ran containers, or an edit succeeded."""
    return (() if _DISKS.search(instruction(trace)) else _full(trace, did)) or _died(did)


def _full(trace: Trace, did: Sequence[Act]) -> Lines:
    """Where no space was left before the agent wrote anything: in the set-up, or at its first small write."""
    if any(act.kind == "change" and not _says(act, _FULL) and act.failed is not True for act in did):
        return ()
    first = did[0].step if did else len(trace.steps) + 1
    for step in trace.steps:
        if step.id < first and step.source in ("environment", "system"):
            for text in step.texts:
                for line in resolve(text.text[-_LONGEST:]).split("\n") if text.channel != "message" else ():
                    if _FULL.search(line):
                        return ((step.id, line.strip()[:_LINE]),)
    for act in did:
        if line := _says(act, _FULL):
            return ((act.result_step, line),) if act.kind != "run" and not act.heads & _FILLS else ()
        if act.kind not in ("look", "other") and act.failed is not True:
            return ()
    return ()


def _died(did: Sequence[Act]) -> Lines:
    """Where the last acts were answered with nothing but that the container is gone, whatever they ran."""
    answered = (act for act in reversed(did) if act.kind != "other" and act.result_step)
    found = list(takewhile(lambda act: _says(act, _DEAD) and len(act.lines()) <= _MOST, answered))
    several = len({act.heads for act in found}) > 1 or any(act.kind == "look" for act in found)
    if not several or any(_CONTAINERS.search(act.command) for act in did):
        return ()
    return ((found[-1].result_step, _says(found[-1], _DEAD)),)


def _says(act: Act, pattern: re.Pattern[str]) -> str:
    """The line of a result that did not succeed which fits; what a command shows of files does not count."""
    if act.failed is False or (act.kind == "look" and act.failed is not True and len(act.lines()) > _MOST):
        return ""
    return next((line.strip()[:_LINE] for line in act.lines() if pattern.search(line)), "")
