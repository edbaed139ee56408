"""Rules for the content of each kind of component, and for what must go together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ahe.harness.code import import_problems, middleware_problems, parse, tool_problems
from ahe.harness.documents import read_mapping, split_front_matter
from ahe.harness.layout import PLACES, component_name
from ahe.harness.problems import Problem
from ahe.harness.schema import parameter_problems
from ahe.records import Kind

RESERVED = ("use_skill",)
MAX_TURNS = 50
MAX_DESCRIPTION = 1_024
_TOOL_KEYS = frozenset({"name", "description", "parameters"})
_AGENT_KEYS = frozenset({"name", "description", "tools", "turns"})


def component_problems(texts: Mapping[str, str]) -> Iterator[Problem]:
    """Every rule that a component breaks by itself or for want of its other half. `texts` goes by path."""
    by_kind = {
        place.kind: {component_name(p): p for p in sorted(texts) if place.expression.fullmatch(p)}
        for place in PLACES
    }
    described = by_kind[Kind.TOOL_DESCRIPTION]
    yield from _prompt(texts)
    yield from _pairs(described, by_kind[Kind.TOOL_IMPLEMENTATION])
    schemas: dict[str, dict[str, object]] = {}
    for name, path in described.items():
        yield from _description(path, name, texts[path], schemas)
    for name, path in by_kind[Kind.TOOL_IMPLEMENTATION].items():
        yield from _code(path, name, texts[path], schemas.get(name))
    for path in by_kind[Kind.MIDDLEWARE].values():
        yield from _code(path, None, texts[path], None)
    for name, path in by_kind[Kind.SKILL].items():
        yield from _skill(path, name, texts[path])
    yield from _homeless(texts, set(by_kind[Kind.SKILL]))
    for name, path in by_kind[Kind.SUB_AGENT].items():
        yield from _sub_agent(path, name, texts[path], set(described))


def _prompt(texts: Mapping[str, str]) -> Iterator[Problem]:
    import jinja2

    path = "system_prompt.md"
    if not texts.get(path, "").strip():
        yield Problem(rule="prompt", where=path, text="is missing or empty: a harness has a system prompt")
        return
    try:
        jinja2.Environment().parse(texts[path])
    except jinja2.TemplateSyntaxError as error:
        yield Problem(
            rule="template", where=f"{path}:{error.lineno}", text=f"not valid Jinja: {error.message}"
        )
    except RecursionError:
        yield Problem(rule="template", where=path, text="not valid Jinja: nested too deep")


def _pairs(described: Mapping[str, str], implemented: Mapping[str, str]) -> Iterator[Problem]:
    for name in sorted(set(described) - set(implemented)):
        text = f"has no implementation: add tools/{name}.py, or remove the description"
        yield Problem(rule="pairs", where=described[name], text=text)
    for name in sorted(set(implemented) - set(described)):
        text = f"has no description: add tool_descriptions/{name}.yaml, or remove the implementation"
        yield Problem(rule="pairs", where=implemented[name], text=text)


def _description(path: str, name: str, text: str, schemas: dict[str, dict[str, object]]) -> Iterator[Problem]:
    try:
        fields = read_mapping(text)
    except ValueError as error:
        yield Problem(rule="yaml", where=path, text=str(error))
        return
    if odd := sorted(set(fields) ^ _TOOL_KEYS):
        text = f"has exactly the fields name, description and parameters; see {', '.join(odd)}"
        yield Problem(rule="description", where=path, text=text)
    if fields.get("name", name) != name:
        yield Problem(rule="description", where=path, text=f"its name must be {name}, like the file")
    if name in RESERVED or name.startswith("ask_"):
        text = f"{name} is taken: use_skill and ask_… are made from skills and sub-agents"
        yield Problem(rule="description", where=path, text=text)
    yield from _said(path, fields.get("description"))
    if "parameters" in fields:
        wrong = parameter_problems(fields["parameters"])
        yield from (Problem(rule="schema", where=path, text=one) for one in wrong)
        if not wrong:
            schemas[name] = fields["parameters"]


def _code(path: str, tool: str | None, text: str, schema: dict[str, object] | None) -> Iterator[Problem]:
    tree = parse(path, text)
    if isinstance(tree, Problem):
        yield tree
        return
    yield from import_problems(path, tree)
    if tool is None:
        yield from middleware_problems(path, tree)
    else:
        yield from tool_problems(path, tool, tree, schema)


def _skill(path: str, name: str, text: str) -> Iterator[Problem]:
    try:
        fields, body = split_front_matter(text)
    except ValueError as error:
        yield Problem(rule="skill", where=path, text=str(error))
        return
    if fields.get("name") != name:
        yield Problem(
            rule="skill", where=path, text=f"its front matter must say name: {name}, like the folder"
        )
    yield from _said(path, fields.get("description"))
    if not body:
        yield Problem(rule="skill", where=path, text="says nothing below its front matter")


def _homeless(texts: Mapping[str, str], skills: set[str]) -> Iterator[Problem]:
    folders = {path.split("/")[1] for path in texts if path.startswith("skills/") and path.count("/") > 1}
    for name in sorted(folders - skills):
        yield Problem(rule="skill", where=f"skills/{name}", text="has no SKILL.md")


def _sub_agent(path: str, name: str, text: str, tools: set[str]) -> Iterator[Problem]:
    try:
        fields, body = split_front_matter(text)
    except ValueError as error:
        yield Problem(rule="sub_agent", where=path, text=str(error))
        return
    wrong = []
    if odd := sorted(set(fields) - _AGENT_KEYS):
        wrong.append(f"unknown field {odd[0]}; there are name, description, tools and turns")
    if fields.get("name", name) != name:
        wrong.append(f"its name must be {name}, like the file")
    listed = fields.get("tools", [])
    if not isinstance(listed, list):
        wrong.append("tools must be a list of tool names")
    elif unknown := [tool for tool in listed if tool not in tools | set(RESERVED)]:
        wrong.append(f"there is no tool {unknown[0]!r}")
    turns = fields.get("turns", 1)
    if isinstance(turns, bool) or not isinstance(turns, int) or not 1 <= turns <= MAX_TURNS:
        wrong.append(f"turns must be a whole number from 1 to {MAX_TURNS}")
    if not body:
        wrong.append("has no prompt below its front matter")
    yield from (Problem(rule="sub_agent", where=path, text=one) for one in wrong)
    yield from _said(path, fields.get("description"))


def _said(path: str, description: object) -> Iterator[Problem]:
    if not isinstance(description, str) or not description.strip():
        yield Problem(rule="description", where=path, text="needs a description: text that is not empty")
    elif len(description) > MAX_DESCRIPTION * 4:
        text = f"the description is too long; keep it under {MAX_DESCRIPTION * 4} characters"
        yield Problem(rule="description", where=path, text=text)
