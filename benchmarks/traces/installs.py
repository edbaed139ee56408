"""What package managers print, progress bars and colours included."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project
from benchmarks.traces.shell import Shown


def install(chance: Chance, project: Project, count: int) -> Shown:
    """The project's own package manager, or the system's."""
    own = {"python": pip, "node": npm, "rust": cargo_fetch, "go": go_get, "java": maven_fetch}.get(
        project.language, apt
    )
    return chance.pick((own, own, apt, layers))(chance, project, count)


def apt(chance: Chance, project: Project, count: int) -> Shown:
    wanted = chance.sample(words.DEBIAN, 4)
    lines = [
        f"Hit:1 http://{chance.pick(words.HOSTS)}/debian bookworm InRelease",
        "Reading package lists... Done",
    ]
    lines += [
        "Building dependency tree... Done",
        "Reading state information... Done",
        "The following NEW packages will be installed:",
    ]
    lines += [
        "  " + " ".join(wanted),
        f"0 upgraded, {len(wanted)} newly installed, 0 to remove and {chance.number(0, 60)} not upgraded.",
    ]
    for number in range(1, count // 3 + 2):
        lines.append(
            f"Get:{number} http://deb.debian.org/debian bookworm/main amd64 {chance.pick(words.DEBIAN)} amd64 "
            f"{chance.number(1, 9)}.{chance.number(0, 40)}-{chance.number(1, 5)}+deb12u{chance.number(1, 9)} [{chance.number(3, 9000)} kB]"
        )
    for _ in range(count // 3 + 1):
        name = chance.pick(words.DEBIAN)
        percent = chance.number(1, 99)
        lines.append(
            f"Preparing to unpack .../{chance.number(10, 99)}-{name}_{chance.number(1, 9)}.{chance.number(0, 40)}_amd64.deb ..."
        )
        lines.append(
            f"\x1b7\x1b[24;0f\x1b[42m\x1b[30mProgress: [ {percent}%]\x1b[49m\x1b[39m [{'#' * (percent // 4):.<25}] \x1b8Unpacking {name} ..."
        )
        lines.append(f"Setting up {name} ({chance.number(1, 9)}.{chance.number(0, 40)}) ...")
    return f"apt-get update && apt-get install -y {' '.join(wanted)}", lines


def pip(chance: Chance, project: Project, count: int) -> Shown:
    lines = []
    for name, version in chance.sample(project.packages, max(3, count // 4)):
        size = chance.number(20, 9000) / 10
        bar = "\r".join(
            f"     \x1b[38;2;249;38;114m{'━' * step}\x1b[0m\x1b[38;5;237m╺{'━' * (39 - step)}\x1b[0m \x1b[32m{size * step / 40:.1f}/{size:.1f} kB\x1b[0m "
            f"\x1b[31m{chance.number(1, 90)}.{chance.number(0, 9)} MB/s\x1b[0m eta \x1b[36m0:00:0{chance.number(0, 9)}\x1b[0m"
            for step in range(0, 40, 8)
        )
        lines.append(f"Collecting {name}>={version.rpartition('.')[0]}")
        lines.append(f"  Downloading {name}-{version}-cp311-cp311-manylinux_2_17_x86_64.whl ({size:.0f} kB)")
        lines.append(
            f"\x1b[?25l{bar}\r\x1b[2K     \x1b[90m{'━' * 40}\x1b[0m \x1b[32m{size:.1f}/{size:.1f} kB\x1b[0m\x1b[?25h"
        )
        lines.append(
            f"Requirement already satisfied: {chance.pick(words.PYTHON_PACKAGES)} in /usr/lib/python3/dist-packages (1.{chance.number(0, 40)})"
        )
    lines.append("Installing collected packages: " + ", ".join(name for name, _ in project.packages[:8]))
    lines.append(
        "WARNING: Running pip as the 'root' user can result in broken permissions and conflicting behaviour."
    )
    return f"cd {project.root} && pip install -r requirements.txt", lines


def npm(chance: Chance, project: Project, count: int) -> Shown:
    spin = "".join(f"\x1b[1G\x1b[0K{char}" for char in "⠙⠹⠸⠼⠴⠦⠧⠇⠏⠋" * 3)
    lines = [spin + "\x1b[1G\x1b[0K"]
    for _ in range(max(2, count // 2)):
        lines.append(
            f"\x1b[94mnpm\x1b[39m \x1b[33mwarn\x1b[39m \x1b[94mdeprecated\x1b[39m {chance.pick(words.NODE_PACKAGES)}@{chance.number(0, 9)}."
            f"{chance.number(0, 30)}.{chance.number(0, 9)}: use {chance.pick(words.NODE_PACKAGES)}, this is no longer supported"
        )
    lines += [
        "",
        f"added {chance.number(40, 1400)} packages, and audited {chance.number(50, 1500)} packages in {chance.number(2, 60)}s",
        "",
    ]
    lines += [f"{chance.number(1, 200)} packages are looking for funding", "  run `npm fund` for details"]
    return f"cd {project.root} && npm install", lines


def cargo_fetch(chance: Chance, project: Project, count: int) -> Shown:
    lines = ["\x1b[1m\x1b[32m    Updating\x1b[0m crates.io index"]
    for _ in range(count):
        lines.append(
            f"\x1b[1m\x1b[32m  Downloaded\x1b[0m {chance.pick(words.CRATES)} v{chance.number(0, 4)}.{chance.number(0, 30)}.{chance.number(0, 200)}"
        )
    return f"cd {project.root} && cargo fetch", lines


def go_get(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"go: downloading {chance.pick(words.GO_MODULES)} v1.{chance.number(0, 30)}.{chance.number(0, 9)}"
        for _ in range(count)
    ]
    return f"cd {project.root} && go mod download", lines


def maven_fetch(chance: Chance, project: Project, count: int) -> Shown:
    lines = []
    for _ in range(count // 2 + 1):
        name = chance.pick(words.MAVEN)
        url = f"https://repo.maven.apache.org/maven2/{name}/{chance.number(1, 9)}.{chance.number(0, 20)}/{name}.jar"
        size = chance.number(10, 3000)
        meter = "\r".join(f"Progress (1): {size * step // 4}/{size} kB" for step in range(1, 5))
        lines += [
            f"Downloading from central: {url}",
            f"{meter}\r                    \rDownloaded from central: {url} ({size} kB at {chance.number(1, 9)}.{chance.number(0, 9)} MB/s)",
        ]
    return f"cd {project.root} && mvn -q dependency:resolve", lines


def layers(chance: Chance, project: Project, count: int) -> Shown:
    """A pull: several bars at once, each round drawn over the last with cursor-up."""
    names = [chance.hex(12) for _ in range(5)]
    total = [chance.number(2, 200) for _ in names]
    rounds = []
    for step in range(1, max(3, count // 6)):
        shown = min(50, step * 50 // max(2, count // 6))
        bars = [
            f"\x1b[2K{name}: Downloading [{'=' * shown + '>':<51}] {size * shown / 50:.1f}MB/{size}MB"
            for name, size in zip(names, total, strict=True)
        ]
        rounds.append("\r\n".join(bars) + "\r\n" + f"\x1b[{len(names)}A")
    done = [f"\x1b[2K{name}: Pull complete" for name in names]
    return f"docker pull {project.noun}/base:latest", [
        "latest: Pulling from base",
        "".join(rounds) + "\r\n".join(done),
    ]
