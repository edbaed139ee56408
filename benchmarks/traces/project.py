"""The things that all rollouts of a task share: names, files and their contents."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

from collections.abc import Callable

from benchmarks.traces import words
from benchmarks.traces.calm import calm
from benchmarks.traces.chance import Chance


class Project:
    """A made-up repository. `text` gives the lines of one of its files, the same ones each time.

    `calm` are lines that its logs have now and then, `jargon` are names that no other project has.
    """

    def __init__(self, seed: int, name: str) -> None:
        chance = Chance(seed, name)
        self.seed, self.name = seed, name
        self.noun = chance.pick(words.NOUNS)
        self.language = chance.pick(words.LANGUAGES)
        self.root = chance.pick(
            ("/app", f"/workspace/{self.noun}", f"/home/agent/{self.noun}", f"/srv/{self.noun}")
        )
        suffix = words.SUFFIX[self.language]
        stems = chance.sample(words.STEMS, chance.number(12, 30))
        folders = (
            f"src/{self.noun}",
            "src",
            f"{self.noun}/core",
            f"{self.noun}/io",
            "tests",
            "scripts",
            "lib",
        )
        self.files = [f"{chance.pick(folders)}/{stem}.{suffix}" for stem in stems]
        self.files += [
            "README.md",
            "Makefile",
            "config/app.yaml",
            f"data/{self.noun}.csv",
            "data/sample.json",
        ]
        self.stems = stems
        pool = words.PACKAGES[self.language]
        self.packages = [
            (pkg, f"{chance.number(0, 9)}.{chance.number(0, 30)}.{chance.number(0, 9)}")
            for pkg in chance.sample(pool, chance.number(10, 30))
        ]
        self.port = chance.number(3000, 9900)
        self.function = f"{chance.pick(words.VERBS)}_{chance.pick(words.PARTS)}s"
        self.output = (
            f"{self.root}/out/{self.noun}_{chance.pick(('report', 'totals', 'index', 'export'))}.csv"
        )
        self.jargon = [words.coined(chance) for _ in range(40)]
        self.calm = calm(chance, seed, name, 120)
        self._texts: dict[str, list[str]] = {}

    def text(self, path: str) -> list[str]:
        if path not in self._texts:
            chance = Chance(self.seed, self.name, path)
            write = _WRITERS.get(path.rpartition(".")[2], _yaml)
            self._texts[path] = write(chance, int(min(400, max(12, chance.skewed(60, 0.7)))))
        return self._texts[path]

    def source(self, chance: Chance) -> str:
        """A path to one of the source files."""
        return self.files[int(chance.real() * len(self.stems))]


def _python(chance: Chance, count: int) -> list[str]:
    lines = ["from __future__ import annotations", "", "import json", "import logging", "import re", ""]
    lines += ["log = logging.getLogger(__name__)", ""]
    while len(lines) < count:
        part, stem, verb = chance.pick(words.PARTS), chance.pick(words.STEMS), chance.pick(words.VERBS)
        limit = chance.number(2, 5000)
        lines += [
            "",
            f"def {verb}_{part}s({stem}: dict[str, object], limit: int = {limit}) -> list[str]:",
            f'    """{verb.capitalize()} every {part} of the {stem}, at most `limit` of them."""',
            "    found: list[str] = []",
            f'    for {part} in {stem}.get("{part}s", []):',
            f"        if len(found) >= limit or not {part}:",
            "            break",
            f'        if re.match(r"^[a-z]{{{chance.number(1, 9)},}}$", str({part})):',
            f'            log.debug("{words.coined(chance)} %s of %s", {part}, {stem})',
            f"            found.append(str({part}).strip())",
            "    return found",
            "",
        ]
    return lines


def _braces(chance: Chance, count: int) -> list[str]:
    lines = ["// Licensed under the terms of the LICENSE file of this repository.", ""]
    while len(lines) < count:
        part, stem, verb = chance.pick(words.PARTS), chance.pick(words.STEMS), chance.pick(words.VERBS)
        lines += [
            f"export function {verb}{part.capitalize()}({stem}, options = {{ limit: {chance.number(2, 900)} }}) {{",
            "  const found = [];",
            f"  for (const {part} of {stem}.{part}s ?? []) {{",
            f"    if (found.length >= options.limit) return found; // {words.coined(chance)} {stem} is bounded",
            f"    found.push({{ ...{part}, {chance.pick(words.PARTS)}: {part}.{chance.pick(words.PARTS)} ?? null }});",
            "  }",
            "  return found;",
            "}",
            "",
        ]
    return lines


def _typed(chance: Chance, count: int) -> list[str]:
    lines = ["/* Generated parts are marked. */", ""]
    while len(lines) < count:
        part, stem, verb = chance.pick(words.PARTS), chance.pick(words.STEMS), chance.pick(words.VERBS)
        lines += [
            f"static int {stem}_{verb}(struct {part} *{part}s, size_t count, int limit)",
            "{",
            "    int done = 0;",
            "    for (size_t i = 0; i < count && done < limit; i++) {",
            f"        if ({part}s[i].flags & 0x{chance.hex(4)})",
            "            continue;",
            f"        done += {stem}_{words.coined(chance)}_one(&{part}s[i]);",
            "    }",
            "    return done;",
            "}",
            "",
        ]
    return lines


def _markdown(chance: Chance, count: int) -> list[str]:
    lines = [f"# {chance.pick(words.NOUNS)}", ""]
    while len(lines) < min(count, 80):
        verb, part = chance.pick(words.VERBS), chance.pick(words.PARTS)
        lines += [
            f"## How to {verb} a {part}",
            "",
            f"Each {part} has a {chance.pick(words.STEMS)}; the {words.coined(chance)} keeps "
            f"{chance.number(2, 90)} of them at most.",
            f"Run `make {verb}` to {verb} them again, then look at `out/{part}s`.",
            "",
        ]
    return lines


def _csv(chance: Chance, count: int) -> list[str]:
    names = chance.sample(words.PARTS, 6)
    return [f"id,{','.join(names)}"] + [
        f"{i},{words.coined(chance)} {words.coined(chance)},{chance.number(1, 99999)}.{chance.number(10, 99)},"
        f"2026-0{chance.number(1, 9)}-{chance.number(10, 28)},{chance.pick(words.USERS)},{words.coined(chance)}"
        for i in range(1, count * 3)
    ]


def _json(chance: Chance, count: int) -> list[str]:
    rows = [
        f'  {{"id": {i}, "{chance.pick(words.PARTS)}": "{chance.pick(words.NOUNS)}", "value": {chance.number(1, 9999)}}},'
        for i in range(count)
    ]
    return ["[", *rows, '  {"id": -1}', "]"]


def _yaml(chance: Chance, count: int) -> list[str]:
    lines = []
    for _ in range(min(count, 60) // 4):
        lines += [f"{chance.pick(words.STEMS)}:", f"  {chance.pick(words.PARTS)}: {chance.number(1, 9000)}"]
        lines += [
            f"  {chance.pick(words.PARTS)}: {chance.pick(words.NOUNS)}",
            f"  enabled: {chance.pick(('true', 'false'))}",
        ]
    return lines


_WRITERS: dict[str, Callable[[Chance, int], list[str]]] = {
    "py": _python,
    "js": _braces,
    "go": _typed,
    "rs": _typed,
    "java": _braces,
    "c": _typed,
    "md": _markdown,
    "csv": _csv,
    "json": _json,
}
