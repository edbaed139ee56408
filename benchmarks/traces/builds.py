"""What compilers and build tools print."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project
from benchmarks.traces.shell import Shown


def build(chance: Chance, project: Project, count: int) -> Shown:
    """The project's own build tool."""
    tools = {"node": npm, "rust": cargo, "go": go, "java": maven, "c": make}
    return tools.get(project.language, make)(chance, project, count)


def make(chance: Chance, project: Project, count: int) -> Shown:
    lines = [f"make[1]: Entering directory '{project.root}/build'"]
    while len(lines) < count:
        stem, part = chance.pick(words.STEMS), chance.pick(words.PARTS)
        lines.append(
            f"gcc -O2 -g -Wall -Wextra -fPIC -DHAVE_CONFIG_H -I. -I../include -I../lib/{part} -MT {stem}_{part}.o -MD -MP "
            f"-MF .deps/{stem}_{part}.Tpo -c -o {stem}_{part}.o ../src/{stem}_{part}.c"
        )
        if chance.maybe(0.2):
            at = chance.number(10, 900)
            lines += [
                f"\x1b[01m\x1b[K../src/{stem}_{part}.c:{at}:{chance.number(3, 40)}:\x1b[m\x1b[K \x1b[01;35m\x1b[Kwarning: \x1b[m\x1b[K"
                f"unused variable ‘{chance.pick(words.PARTS)}’ [\x1b[01;35m\x1b[K-Wunused-variable\x1b[m\x1b[K]",
                f"  {at} |     int {chance.pick(words.PARTS)} = {chance.number(0, 99)};",
                "      |         \x1b[01;35m\x1b[K^~~~~\x1b[m\x1b[K",
            ]
    lines.append(f"make[1]: Leaving directory '{project.root}/build'")
    return f"cd {project.root} && make -j{chance.number(2, 8)}", lines


def cargo(chance: Chance, project: Project, count: int) -> Shown:
    lines = []
    for number in range(count):
        crate = f"{chance.pick(words.CRATES)} v{chance.number(0, 4)}.{chance.number(0, 30)}.{chance.number(0, 200)}"
        bar = "=" * (25 * number // count)
        lines.append(
            f"\x1b[1m\x1b[32m   Compiling\x1b[0m {crate}\n\x1b[1m\x1b[36m    Building\x1b[0m [{bar}>{' ' * (25 - len(bar))}] {number}/{count}: "
            f"{chance.pick(words.CRATES)}, {chance.pick(words.CRATES)}\r\x1b[K"
        )
    lines.append(
        f"\x1b[1m\x1b[32m    Finished\x1b[0m `dev` profile [unoptimized + debuginfo] target(s) in {chance.number(3, 90)}.{chance.number(10, 99)}s"
    )
    return f"cd {project.root} && cargo build", lines


def go(chance: Chance, project: Project, count: int) -> Shown:
    lines = [f"{chance.pick(words.GO_MODULES)}/internal/{chance.pick(words.STEMS)}" for _ in range(count)]
    return f"cd {project.root} && go build -v ./...", lines


def maven(chance: Chance, project: Project, count: int) -> Shown:
    info = "[\x1b[1;34mINFO\x1b[m]"
    lines = [
        f"{info} Scanning for projects...",
        f"{info} ",
        f"{info} \x1b[1m-------------< \x1b[0;36morg.{project.noun}:core\x1b[0;1m >-------------\x1b[m",
    ]
    while len(lines) < count:
        stem = chance.pick(words.STEMS)
        lines.append(
            f"{info} \x1b[1m--- \x1b[0;32m{stem}:3.{chance.number(0, 12)}.{chance.number(0, 4)}:{chance.pick(words.VERBS)}\x1b[m \x1b[1m(default)\x1b[m @ \x1b[36mcore\x1b[0;1m ---\x1b[m"
        )
        lines.append(
            f"{info} Copying {chance.number(1, 40)} resources from src/main/resources to target/classes"
        )
        if chance.maybe(0.2):
            lines.append(
                f"[\x1b[1;33mWARNING\x1b[m] {project.root}/src/main/java/{stem.capitalize()}.java:[{chance.number(5, 400)},{chance.number(3, 40)}] uses unchecked operations."
            )
    lines.append(f"{info} \x1b[1;32mBUILD SUCCESS\x1b[m")
    return f"cd {project.root} && mvn package -DskipTests", lines


def npm(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        "",
        f"> {project.noun}@1.{chance.number(0, 30)}.0 build",
        "> vite build",
        "",
        "vite v5.4.2 \x1b[32mbuilding for production...\x1b[39m",
    ]
    lines.append(
        "".join(
            f"\rtransforming ({number}) \x1b[2msrc/{chance.pick(words.STEMS)}.js\x1b[22m\x1b[K"
            for number in range(1, count)
        )
    )
    for _ in range(count):
        lines.append(
            f"\x1b[2mdist/\x1b[22m\x1b[36massets/{chance.pick(words.STEMS)}-{chance.hex(8)}.js\x1b[39m  \x1b[1m\x1b[2m{chance.number(1, 900)}."
            f"{chance.number(10, 99)} kB\x1b[22m\x1b[1m\x1b[22m\x1b[2m │ gzip: {chance.number(1, 300)}.{chance.number(10, 99)} kB\x1b[22m"
        )
    return f"cd {project.root} && npm run build", lines


def cmake(chance: Chance, project: Project, count: int) -> Shown:
    lines = ["-- The C compiler identification is GNU 12.2.0", "-- Detecting C compiler ABI info - done"]
    for number in range(count):
        lines.append(
            f"\x1b[32m[{100 * number // count:>3}%] \x1b[32mBuilding C object src/CMakeFiles/{project.noun}.dir/{chance.pick(words.STEMS)}_{chance.pick(words.PARTS)}.c.o\x1b[0m"
        )
    return f"cd {project.root}/build && cmake .. && cmake --build .", lines
