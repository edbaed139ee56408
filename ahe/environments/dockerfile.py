"""Reads Dockerfiles, and rewrites what the builder of an older daemon cannot read (Docker 20.10: here-documents)."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DOCUMENTS = ".ahe-heredoc"
"""Folder of the build context that gets the here-documents of COPY and ADD."""
SHELL = ("/bin/sh", "-c")
_HEREDOC = re.compile(r"""(?<![^\s;&|(])\d*<<(-?)\s*(["']?)([A-Za-z_][\w.-]*)\2(?=$|[\s;&|)>])""")
_FLAGS = re.compile(r"(?:--[a-z]+(?:=\S+)?\s+)*")
_VARIABLE = re.compile(r"\\\$|\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")


@dataclass(frozen=True)
class Document:
    """A here-document: its end word, its text, and whether variables in it are replaced."""

    end: str
    text: str
    expand: bool


@dataclass(frozen=True)
class Instruction:
    """One instruction on one line, without comments; `raw` are its lines as they were written.

    `variables` are the values of ARG and ENV that it can use.
    """

    name: str
    rest: str
    raw: str
    documents: tuple[Document, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def expanded(self) -> str:
        """`rest` with the variables that are known; the others are left as they are."""
        return expand(self.rest, self.variables, keep=True)


def instructions(text: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile in order: lines joined, comments dropped, here-documents apart."""
    found: list[Instruction] = []
    lines = iter(text.splitlines())
    outside: dict[str, str] = {}
    known: dict[str, str] = {}
    for line in lines:
        logical, raw = line.strip(), line
        if not logical or logical.startswith("#"):
            continue
        while logical.endswith("\\") and (more := next(lines, None)) is not None:
            raw += f"\n{more}"
            if not more.lstrip().startswith("#"):
                logical = logical[:-1] + more.rstrip()
        name, _, rest = logical.partition(" ")
        name, rest = name.upper(), rest.strip()
        documents = tuple(_documents(rest, lines)) if name in ("RUN", "COPY", "ADD") else ()
        if name == "FROM":
            outside, known = (
                (known, {}) if not found or all(i.name == "ARG" for i in found) else (outside, {})
            )
        variables = {**outside, **known} if name == "FROM" else dict(known)
        found.append(Instruction(name, rest, raw, documents, variables))
        if name in ("ARG", "ENV"):
            known.update(_assigned(found[-1].expanded, outside if name == "ARG" else {}))
    return tuple(found)


def expand(text: str, variables: Mapping[str, str], *, keep: bool = False) -> str:
    """`$NAME`, `${NAME}` and `${NAME:-default}` replaced; unknown ones by nothing, or with `keep` not at all."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "\\$":
            return found[0] if keep else "$"
        name, default = found[1] or found[3], found[2]
        return variables.get(name) or default or ("" if not keep or name in variables else found[0])

    return _VARIABLE.sub(value, text)


def images(found: tuple[Instruction, ...]) -> tuple[str, ...]:
    """The images that the stages start from or copy from, without those whose name is not known before the build."""
    stages: set[str] = {"scratch"}
    named: dict[str, None] = {}
    for each in found:
        words = [word for word in each.expanded.split() if not word.startswith("--")]
        sources = words[:1] if each.name == "FROM" else []
        if each.name in ("COPY", "RUN"):
            sources = re.findall(r"--from=(\S+)", each.rest) + re.findall(
                r"(?<!\S)--mount=\S*\bfrom=([^,\s]+)", each.rest
            )
        for name in sources:
            if name.lower() not in stages and "$" not in name and not name.isdigit():
                named[name] = None
        if each.name == "FROM" and len(words) == 3:
            stages.add(words[2].lower())
    return tuple(named)


def rewritten(text: str) -> tuple[str, dict[str, str]]:
    """The Dockerfile without here-documents and `--link`, and the files that its COPY instructions then need."""
    lines: list[str] = []
    files: dict[str, str] = {}
    shell = SHELL
    for each in instructions(text):
        line, rest = each.raw, each.rest
        if each.name == "FROM":
            shell = SHELL
        elif each.name == "SHELL":
            shell = tuple(re.findall(r'"([^"]*)"', rest)) or SHELL
        elif each.name == "RUN" and each.documents:
            flags = _flags(rest)
            line = f"RUN {flags}{json.dumps([*shell, _script(rest[len(flags) :], each.documents)])}"
        elif each.name in ("COPY", "ADD") and ("--link" in _flags(rest) or each.documents):
            for document in each.documents:
                path = f"{DOCUMENTS}/{len(files)}/{document.end}"
                files[path] = expand(document.text, each.variables) if document.expand else document.text
                rest = _HEREDOC.sub(path, rest, count=1)
            line = f"{each.name} {re.sub(r'--link(=true)? ', '', rest)}"
        lines.append(line)
    return "\n".join(lines) + "\n", files


def _flags(rest: str) -> str:
    found = _FLAGS.match(rest)
    return found[0] if found else ""


def _script(command: str, documents: tuple[Document, ...]) -> str:
    """What a shell is given for `RUN command` with here-documents: as BuildKit, a lone one is the script itself."""
    first = documents[0]
    if not _HEREDOC.fullmatch(command.strip()):
        return command + "\n" + "".join(f"{each.text}{each.end}\n" for each in documents)
    if not first.text.startswith("#!"):
        return first.text
    quoted = shlex.quote(first.text)
    return f"f=$(mktemp) && printf %s {quoted} >$f && chmod +x $f && $f && rm -f $f"


def _documents(rest: str, lines: Iterator[str]) -> Iterator[Document]:
    for tabs, quote, end in _HEREDOC.findall(rest):
        body = []
        while (line := next(lines, None)) is not None and (line.lstrip("\t") if tabs else line) != end:
            body.append(line.lstrip("\t") if tabs else line)
        yield Document(end, "".join(f"{line}\n" for line in body), expand=not quote)


def _assigned(rest: str, inherited: Mapping[str, str]) -> dict[str, str]:
    """The variables of an ARG or ENV; an ARG without a value takes the one from before the first stage."""
    try:
        words = shlex.split(rest)
    except ValueError:
        words = rest.split()
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:]) or inherited.get(words[0], "")}
    return dict(word.split("=", 1) for word in words if "=" in word)
