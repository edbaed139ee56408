"""What a planted cause is: a kind, its wordings in two halves, and the details that fill them.

Seeds of even parity use the first half (development), of odd parity the second (reporting), so a figure
from an odd seed is one on wordings that nobody tuned against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.traces import words
from benchmarks.traces.chance import Chance

Tone = Literal["error", "warn", "info"]
Symptom = Literal["crash", "missing_output", "wrong_value", "wrong_count", "service_down"]

POOLS = {"npm": words.NODE_PACKAGES, "cargo": words.CRATES, "go": words.GO_MODULES, "apt": words.DEBIAN}


@dataclass(frozen=True)
class Kind:
    """`wordings` are `host|line`; the host is the output that the line stands in. `symptoms`: usual, other."""

    name: str
    symptoms: tuple[Symptom, Symptom]
    tone: Tone
    development: tuple[str, ...]
    reporting: tuple[str, ...]

    def wordings(self, seed: int) -> tuple[str, ...]:
        return self.reporting if seed % 2 else self.development


@dataclass(frozen=True)
class Line:
    """A line to plant. `text` is as a program words it, without what a logger puts before it."""

    kind: str
    host: str
    text: str
    tone: Tone


def worded(kind: Kind, wording: str, name: str, chance: Chance) -> Line:
    """`wording` with random details; `name` is the project's."""
    host, text = wording.split("|", 1)
    return Line(
        kind.name,
        host,
        text.format_map(details(name, chance, POOLS.get(host, words.PYTHON_PACKAGES))),
        kind.tone,
    )


def details(name: str, chance: Chance, packages: Sequence[str]) -> dict[str, object]:
    """Every field that a wording may use."""
    stem, noun = chance.pick(words.STEMS), chance.pick(words.NOUNS)
    ext = chance.pick(("csv", "json", "txt", "parquet", "dat", "log", "xml"))
    folder = (
        f"/{chance.pick(('srv', 'var/lib', 'opt', 'data', 'mnt/store'))}/{noun}/{chance.pick(words.PARTS)}s"
    )
    file = f"{noun}_{chance.number(1, 97)}.{ext}"
    library = chance.pick(words.LIBRARIES)
    first, second = chance.sample(packages, 2)
    old = chance.number(6, 9)
    port = chance.number(3000, 9900)
    return {
        "name": f"{name.split('-')[0]}-{noun}",
        "stem": stem,
        "module": f"{noun}.{stem}",
        "ext": ext,
        "dir": folder,
        "file": file,
        "path": f"{folder}/{file}",
        "csv": f"{noun}_{chance.number(1, 97)}.csv",
        "script": f"{folder}/{stem}_{chance.number(1, 97)}.sh",
        "rel": f"{chance.pick(('out', 'build', 'results', 'data'))}/{stem}",
        "cwd": f"/{chance.pick(('root', 'tmp', 'home/agent', 'opt'))}/{chance.pick(words.NOUNS)}",
        "conf": f"/etc/{noun}/{stem}.{chance.pick(('toml', 'yaml', 'ini', 'conf'))}",
        "tool": chance.pick(words.TOOLS),
        "lib": f"lib{library}.so.{chance.number(1, 42)}",
        "short": library,
        "pkg": first,
        "pkg2": second,
        "ver": version(chance),
        "ver2": version(chance),
        "ver3": version(chance),
        "n": chance.number(111, 9899),
        "m": chance.number(10_000, 98_000),
        "k": chance.number(2, 59),
        "cents": f"{chance.number(1, 99):02d}",
        "old": old,
        "new": chance.number(old + 2, 14),
        "port": port,
        "port2": port + chance.number(1, 40),
        "pid": chance.number(301, 31_000),
        "user": chance.pick(words.USERS),
        "host": chance.pick(words.HOSTS),
        "hash": chance.hex(12),
        "hash2": chance.hex(12),
        "date": f"2026-0{chance.number(1, 9)}-{chance.number(10, 28)}",
        "date2": f"2027-0{chance.number(1, 9)}-{chance.number(10, 28)}",
        "key": f"{stem}.{chance.pick(words.PARTS)}_{chance.pick(('limit', 'mode', 'path', 'url', 'size'))}",
        "value": f"{chance.pick(words.PARTS)}{chance.number(10, 999)}",
        "var": f"{noun.upper()}_{chance.pick(('TOKEN', 'HOME', 'URL', 'KEY', 'REGION', 'BUCKET'))}",
        "table": f"{noun}_{chance.pick(words.PARTS)}s",
        "col": f"{chance.pick(words.PARTS)}_{chance.number(1, 30)}",
        "mig": f"{chance.number(2, 88):04d}_{chance.pick(('add', 'drop', 'rename'))}_{noun}_{stem}",
        "loc": chance.pick(("de_DE", "fr_FR", "sv_SE", "pt_BR", "pl_PL", "tr_TR")),
    }


def version(chance: Chance) -> str:
    return f"{chance.number(0, 12)}.{chance.number(0, 30)}.{chance.number(0, 15)}"
