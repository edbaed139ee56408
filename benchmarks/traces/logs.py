"""Logs of services and scripts. A line to plant is dressed as its neighbours are."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

from collections.abc import Callable

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project
from benchmarks.traces.shell import Shown

Dress = Callable[[Chance, int, str, str], str]
"""A line as one logger writes it, from a count of seconds, a level and the message."""


def _plain(chance: Chance, second: int, level: str, text: str) -> str:
    return f"2026-03-1{second // 3600 % 10} {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d},{chance.number(100, 999)} {level:<7} {text}"


def _bracket(chance: Chance, second: int, level: str, text: str) -> str:
    return f"[{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}] [{level.lower()}] {text}"


def _short(chance: Chance, second: int, level: str, text: str) -> str:
    return f"{level}:{chance.pick(words.STEMS)}:{text}"


def _keys(chance: Chance, second: int, level: str, text: str) -> str:
    shown = text if '"' in text else f'"{text}"'
    return f"time=2026-03-11T{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z level={level.lower()} msg={shown}"


def _journal(chance: Chance, second: int, level: str, text: str) -> str:
    return f"Mar 11 {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d} host{chance.number(1, 4)} svc[{chance.number(300, 999)}]: {text}"


def _colour(chance: Chance, second: int, level: str, text: str) -> str:
    code = {"ERROR": 31, "WARNING": 33, "INFO": 32}.get(level, 36)
    return f"\x1b[2m{second // 60 % 60:02d}:{second % 60:02d}\x1b[0m \x1b[{code}m{level:>7}\x1b[0m {text}"


DRESSES: tuple[Dress, ...] = (_plain, _bracket, _short, _keys, _journal, _colour)

CALM = 0.04
"""How often a line is one of `calm`."""

INDENTS = ("", "  ")
LEVELS = {
    "error": ("ERROR", "ERROR", "WARNING"),
    "warn": ("WARNING", "WARNING", "INFO"),
    "info": ("INFO", "INFO", "DEBUG"),
}


def log(chance: Chance, project: Project, count: int) -> Shown:
    dress, second = chance.pick(DRESSES), chance.number(0, 80_000)
    lines = []
    for _ in range(count):
        second += chance.number(0, 3)
        lines.append(dress(chance, second, chance.pick(_USUAL), message(chance, project)))
    return f"tail -{count} {project.root}/logs/{project.noun}.log", lines


def planted(chance: Chance, project: Project, count: int, text: str, tone: str) -> Shown:
    """A log with `text` somewhere in it, at a level that fits `tone`."""
    dress, second = chance.pick(DRESSES), chance.number(0, 80_000)
    at = chance.number(1, max(2, count - 2))
    lines = []
    for number in range(max(count, 4)):
        second += chance.number(0, 3)
        level, shown = (
            (chance.pick(LEVELS[tone]), text)
            if number == at
            else (chance.pick(_USUAL), message(chance, project))
        )
        lines.append(dress(chance, second, level, shown))
    return f"tail -{count} {project.root}/logs/{project.noun}.log", lines


_USUAL = ("INFO",) * 8 + ("DEBUG",) * 4 + ("WARNING",)


def message(chance: Chance, project: Project) -> str:
    """What services say all day."""
    if chance.maybe(CALM):
        return chance.pick(project.calm)
    form = int(chance.real() * 14)
    part, stem = chance.pick(words.PARTS), chance.pick(words.STEMS)
    if form == 0:
        return f"GET /{part}s/{chance.number(1, 99999)} 200 {chance.number(1, 900)}ms"
    if form == 1:
        return f"{stem}: {chance.number(1, 900)} {part}s in {chance.number(1, 90)}.{chance.number(0, 9)} s"
    if form == 2:
        return f"worker-{chance.number(0, 15)} took job {chance.hex(8)} ({part})"
    if form == 3:
        return f"{chance.pick(words.VERBS)} {part} {chance.number(1, 9999)} of {stem} done"
    if form == 4:
        return f"connection from 10.{chance.number(0, 255)}.{chance.number(0, 255)}.{chance.number(1, 254)}:{chance.number(1024, 65000)} accepted"
    if form == 5:
        return f"queue depth {chance.number(0, 400)}, oldest {chance.number(0, 90)} s"
    if form == 6:
        return f"flushed {chance.number(1, 9000)} {part}s to {stem} in {chance.number(1, 900)} ms"
    if form == 7:
        return f"retry {chance.number(1, 3)} of 5 for {part} {chance.hex(6)} after {chance.number(1, 30)} s"
    if form == 8:
        return f"slow query on {stem}_{part} took {chance.number(200, 9000)} ms"
    if form == 9:
        return f"shard {words.coined(chance)}-{chance.number(1, 90)} moved to {chance.pick(project.jargon)}"
    if form == 10:
        return (
            f"session {words.coined(chance)} opened for {words.coined(chance)}@{chance.pick(project.jargon)}"
        )
    if form == 11:
        return f"{chance.pick(project.jargon)}: {words.past(chance.pick(words.VERBS))} {words.coined(chance)} ({part})"
    if form == 12:
        return f"peer {words.coined(chance)}.{chance.pick(project.jargon)} joined the {stem} group"
    return f"heartbeat ok, uptime {chance.number(1, 90000)} s, rss {chance.number(20, 900)} MB"


def access(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"10.0.{chance.number(0, 9)}.{chance.number(1, 254)} - - [11/Mar/2026:1{chance.number(0, 9)}:{chance.number(10, 59)}:{chance.number(10, 59)} +0000] "
        f'"GET /{words.coined(chance)}/{words.coined(chance)}?{chance.pick(words.PARTS)}={words.coined(chance)} HTTP/1.1" {chance.pick(("200", "200", "200", "304", "404"))} {chance.number(100, 90000)} "-" "curl/7.88.1"'
        for _ in range(count)
    ]
    return f"tail -{count} /var/log/nginx/access.log", lines


def script(chance: Chance, project: Project, count: int) -> Shown:
    """What a script of the project prints as it works."""
    lines = [f"{project.function}: start"]
    for number in range(count):
        if chance.maybe(CALM):
            lines.append(f"{chance.pick(INDENTS)}{chance.pick(project.calm)}")
            continue
        lines.append(
            chance.pick(
                (
                    f"  [{number + 1}/{count}] {chance.pick(words.NOUNS)} {chance.pick(words.PARTS)} {chance.number(1, 9999)}",
                    f"  {chance.pick(words.STEMS)} ok ({chance.number(1, 900)} ms)",
                    f"  {words.coined(chance)}/{chance.pick(project.jargon)}: {chance.pick(words.PARTS)} written",
                    f"  {chance.number(1, 900)} {chance.pick(words.PARTS)}s {words.past(chance.pick(words.VERBS))}",
                )
            )
        )
    lines.append(f"{project.function}: done in {chance.number(1, 60)}.{chance.number(0, 9)} s")
    return f"cd {project.root} && ./scripts/run_{project.noun}.sh", lines


def training(chance: Chance, project: Project, count: int) -> Shown:
    """A tqdm bar an epoch."""
    lines = []
    for epoch in range(1, count // 5 + 2):
        bar = "\r".join(
            f"Epoch {epoch}: {step:>3}%|{'█' * (step // 10):<10}| {step * 5}/500 [00:{step // 4:02d}<00:{(100 - step) // 4:02d}, {chance.number(10, 40)}.{chance.number(0, 9)}it/s, loss={chance.real():.3f}]"
            for step in range(0, 101, 10)
        )
        lines += [bar, f"epoch {epoch} loss {chance.real():.4f} val {chance.real():.4f}"]
    return f"cd {project.root} && python scripts/train.py", lines
