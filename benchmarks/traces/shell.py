"""What common commands print: listings, greps, git, processes, downloads, dumps. Each gives (command, lines)."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

import base64

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project

Shown = tuple[str, list[str]]


def listing(chance: Chance, project: Project, count: int) -> Shown:
    folder = chance.pick(("", "/src", "/tests", "/data", "/out"))
    lines = [f"total {count * 8}"]
    for _ in range(count):
        name = f"{words.coined(chance)}_{chance.pick(words.PARTS)}.{chance.pick(('py', 'txt', 'csv', 'json', 'log'))}"
        user = chance.pick(("root", "agent"))
        lines.append(
            f"-rw-r--r-- 1 {user} {user} {chance.number(10, 999999):>7} Mar {chance.number(1, 28):>2} "
            f"{chance.number(10, 23)}:{chance.number(10, 59)} {name}"
        )
    return f"ls -la {project.root}{folder}", lines


def find(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"{project.root}/{chance.pick(project.files).rpartition('/')[0] or 'src'}/{words.coined(chance)}/{words.coined(chance)}_"
        f"{chance.pick(words.STEMS)}{chance.number(1, 99)}.{chance.pick(('py', 'c', 'h', 'js', 'json', 'txt'))}"
        for _ in range(count)
    ]
    return f"find {project.root} -type f -not -path '*/.git/*' | head -{count + chance.number(0, 50)}", lines


def cat(chance: Chance, project: Project, count: int) -> Shown:
    """A whole file, or its beginning: the same text whenever the same file is shown."""
    path = chance.pick(project.files)
    lines = project.text(path)
    if chance.maybe(0.5):
        return f"cat {project.root}/{path}", lines
    return f"sed -n '1,{count}p' {project.root}/{path}", lines[:count]


def grep(chance: Chance, project: Project, count: int) -> Shown:
    word = chance.pick(words.PARTS)
    lines = []
    for _ in range(count):
        path = project.source(chance)
        text = project.text(path)
        at = int(chance.real() * len(text))
        lines.append(f"{path}:{at + 1}:{text[at]}")
    return f'grep -rn "{word}" {project.root} --include=*.{words.SUFFIX[project.language]}', lines


def git_log(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"{chance.hex(7)} {chance.pick(words.VERBS).capitalize()} {words.coined(chance)} of "
        f"{chance.pick(project.jargon)} for {words.coined(chance)} (#{chance.number(1, 4000)})"
        for _ in range(count)
    ]
    return f"cd {project.root} && git log --oneline | head -{count}", lines


def git_diff(chance: Chance, project: Project, count: int) -> Shown:
    lines: list[str] = []
    while len(lines) < count:
        path = project.source(chance)
        text = project.text(path)
        at = int(chance.real() * max(1, len(text) - 8))
        lines += [
            f"\x1b[1mdiff --git a/{path} b/{path}\x1b[m",
            f"\x1b[1mindex {chance.hex(7)}..{chance.hex(7)} 100644\x1b[m",
        ]
        lines += [
            f"\x1b[1m--- a/{path}\x1b[m",
            f"\x1b[1m+++ b/{path}\x1b[m",
            f"\x1b[36m@@ -{at + 1},7 +{at + 1},7 @@\x1b[m",
        ]
        lines += [f" {line}" for line in text[at : at + 3]]
        lines += [f"\x1b[31m-{text[min(at + 3, len(text) - 1)]}\x1b[m"]
        lines += [
            f"\x1b[32m+\x1b[m\x1b[32m    {chance.pick(words.PARTS)} = {chance.pick(words.STEMS)}({chance.number(1, 99)})\x1b[m"
        ]
        lines += [f" {line}" for line in text[at + 4 : at + 7]]
    return f"cd {project.root} && git diff", lines


def processes(chance: Chance, project: Project, count: int) -> Shown:
    lines = ["USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"]
    for _ in range(min(count, 60)):
        lines.append(
            f"{chance.pick(words.USERS):<10} {chance.number(1, 32000):>5}  {chance.number(0, 9)}.{chance.number(0, 9)}  "
            f"0.{chance.number(0, 9)} {chance.number(2000, 900000):>6} {chance.number(800, 90000):>5} ?        Ssl  "
            f"09:{chance.number(10, 59)}   0:{chance.number(10, 59)} /usr/bin/{chance.pick(words.TOOLS)} --{chance.pick(words.PARTS)} "
            f"{chance.number(1, 999)}"
        )
    return "ps aux", lines


def download(chance: Chance, project: Project, count: int) -> Shown:
    """curl's meter: one line, written over and over."""
    size = chance.number(2, 400)
    head = "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current"
    meter = "\r".join(
        f"{step:>3} {size}M  {step:>3} {size * step // 100}M    0     0  {chance.number(1000, 9999)}k      0  0:00:{size % 60:02d}  "
        f"0:00:{step * (size % 60) // 100:02d} --:--:-- {chance.number(1000, 9999)}k"
        for step in range(0, 101, max(1, 200 // max(2, count)))
    )
    name = f"{chance.pick(words.NOUNS)}-{chance.number(1, 9)}.{chance.number(0, 9)}.tar.gz"
    return f"curl -LO https://{chance.pick(words.HOSTS)}/dist/{name}", [head, meter]


def blob(chance: Chance, project: Project, count: int) -> Shown:
    raw = base64.b64encode(chance.bytes(count * 57)).decode()
    lines = [raw[at : at + 76] for at in range(0, len(raw), 76)]
    return f"base64 {project.root}/data/{chance.pick(words.PARTS)}.bin", lines


def hexdump(chance: Chance, project: Project, count: int) -> Shown:
    lines = []
    for row in range(count):
        part = chance.bytes(16)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{row * 16:08x}  {part[:8].hex(' ')}  {part[8:].hex(' ')}  |{text}|")
    return f"hexdump -C {project.root}/data/{chance.pick(words.PARTS)}.bin | head -{count}", lines


def rows(chance: Chance, project: Project, count: int) -> Shown:
    path = chance.pick((f"data/{project.noun}.csv", "data/sample.json"))
    return f"head -{count} {project.root}/{path}", project.text(path)[:count]


def one_line_json(chance: Chance, project: Project, count: int) -> Shown:
    items = ", ".join(
        f'{{"id": "{chance.hex(8)}", "{chance.pick(words.PARTS)}": {{"name": "{words.coined(chance)}", '
        f'"tags": ["{words.coined(chance)}", "{words.coined(chance)}"], "size": {chance.number(1, 99999)}}}}}'
        for _ in range(count)
    )
    return f"curl -s http://localhost:{project.port}/{chance.pick(words.PARTS)}s", [
        f'{{"items": [{items}], "next": null}}'
    ]


def disk(chance: Chance, project: Project, count: int) -> Shown:
    lines = ["Filesystem      Size  Used Avail Use% Mounted on"]
    for mount in ("/", "/dev", "/dev/shm", "/tmp", "/data"):
        used = chance.number(1, 60)
        lines.append(f"overlay         100G   {used}G   {100 - used}G  {used}% {mount}")
    return "df -h; nproc; free -m", lines
