"""What a Dockerfile says about the work directory, and whether bubblewrap can stand in for it."""

from __future__ import annotations

import posixpath
import re

BASE = "python:3.11-bookworm"
"""The one base image of bundled tasks; what it offers, a system with bash, git and python3 offers too."""

_HEREDOC = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")

Instruction = tuple[str, str]


def instructions(text: str) -> tuple[Instruction, ...]:
    """Instructions as (NAME, rest), comments dropped, continued lines joined, here-documents left out."""
    found: list[Instruction] = []
    lines = iter(text.splitlines())
    for line in lines:
        logical = line.strip()
        if not logical or logical.startswith("#"):
            continue
        while logical.endswith("\\"):
            more = next(lines, None)
            if more is None or not more.strip().startswith("#"):
                logical = logical[:-1].rstrip() + " " + (more or "").strip()
        name, _, rest = logical.partition(" ")
        found.append((name.upper(), rest.strip()))
        if name.upper() in ("RUN", "COPY"):
            for end in _HEREDOC.findall(rest):
                while (more := next(lines, None)) is not None and more.strip() != end:
                    pass
    return tuple(found)


def workdir(found: tuple[Instruction, ...]) -> str | None:
    """Work directory at the end of the last stage, as the file writes it; None where it names none."""
    current: str | None = None
    for name, rest in found:
        if name == "FROM":
            current = None
        elif name == "WORKDIR":
            current = posixpath.normpath(posixpath.join(current or "/", rest.strip("\"'")))
    return current


def beyond_bubblewrap(
    found: tuple[Instruction, ...], directory: str, *, files: bool, setup: bool
) -> str | None:
    """Why only Docker can build this environment; None where it is of the bundled form.

    That form is FROM the shared base, WORKDIR, COPY files/ to the work directory, COPY setup.sh and RUN
    it once. `files` and `setup` say whether environment/ holds them: what the Dockerfile does not copy,
    bubblewrap must not show.
    """
    if not (files or setup):
        return "beside its Dockerfile stands neither files/ nor setup.sh"
    copied = ran = False
    script = "/"
    for name, rest in found:
        words = rest.split()
        if name == "FROM" and rest == BASE:
            continue
        if name == "FROM":
            return f"its Dockerfile starts from {rest}"
        if name == "WORKDIR" and workdir(found) == directory:
            continue
        if name == "COPY" and files and len(words) == 2 and words[0].strip("./") == "files":
            copied = posixpath.normpath(posixpath.join(directory, words[1])) == directory
            if copied:
                continue
        if name == "COPY" and setup and len(words) == 2 and words[0].removeprefix("./") == "setup.sh":
            script = words[1]
            continue
        if name == "RUN" and re.fullmatch(
            rf"(ba)?sh {re.escape(script)}( && rm (-f )?{re.escape(script)})?", rest
        ):
            ran = True
            continue
        return f"its Dockerfile says {name} {rest}"[:160]
    if files and not copied:
        return "its Dockerfile does not copy environment/files"
    if setup and not ran:
        return "its Dockerfile does not run environment/setup.sh"
    return None
