"""Rules for the content of each kind of component, and for components that belong together."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ahe.harness.code import import_problems, middleware_problems, parse, tool_problems
from ahe.harness.layout import PLACES, Problem, component_name
from ahe.harness.load import read_mapping, split_front_matter
from ahe.records import Kind

if TYPE_CHECKING:
    from jsonschema import ValidationError

RESERVED = ("use_skill",)
MAX_TURNS = 50
MAX_DESCRIPTION = 4_096
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_INSTANCES = frozenset({"default", "const", "enum", "examples"})  # values, not schemas
_TOOL_KEYS = frozenset({"name", "description", "parameters"})
_AGENT_KEYS = frozenset({"name", "description", "tools", "turns"})


def component_problems(texts: Mapping[str, str]) -> Iterator[Problem]:
    """Every rule that a component breaks, alone or together with others. `texts` maps paths to contents."""
    by_kind = {
        place.kind: {component_name(p): p for p in sorted(texts) if place.match(p)} for place in PLACES
    }
    described = by_kind[Kind.TOOL_DESCRIPTION]
    yield from _guarded("system_prompt.md", _prompt(texts))
    yield from _pairs(described, by_kind[Kind.TOOL_IMPLEMENTATION])
    schemas: dict[str, dict[str, object]] = {}
    for name, path in described.items():
        yield from _guarded(path, _tool_description(path, name, texts[path], schemas))
    for name, path in by_kind[Kind.TOOL_IMPLEMENTATION].items():
        yield from _guarded(path, _code(path, name, texts[path], schemas.get(name)))
    for path in by_kind[Kind.MIDDLEWARE].values():
        yield from _guarded(path, _code(path, None, texts[path], None))
    for name, path in by_kind[Kind.SKILL].items():
        yield from _guarded(path, _skill(path, name, texts[path]))
    yield from _skill_folders(texts, set(by_kind[Kind.SKILL]))
    for name, path in by_kind[Kind.SUB_AGENT].items():
        yield from _guarded(path, _sub_agent(path, name, texts[path], set(described)))


def _guarded(path: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """The problems of one file; an error of the check itself is one too, because what was written has caused it."""
    try:
        yield from problems
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        yield Problem("check", path, f"cannot be checked ({said}); write it more plainly")


def _prompt(texts: Mapping[str, str]) -> Iterator[Problem]:
    import jinja2

    path = "system_prompt.md"
    if not texts.get(path, "").strip():
        yield Problem("prompt", path, "is missing or empty: a harness has a system prompt")
        return
    try:
        jinja2.Environment().parse(texts[path])
    except jinja2.TemplateSyntaxError as error:
        yield Problem("template", f"{path}:{error.lineno}", f"not valid Jinja: {error.message}")
    except RecursionError:
        yield Problem("template", path, "not valid Jinja: nested too deep")


def _pairs(described: Mapping[str, str], implemented: Mapping[str, str]) -> Iterator[Problem]:
    for name in sorted(described.keys() - implemented.keys()):
        add = f"add tools/{name}.py, or remove the description"
        yield Problem("pairs", described[name], f"has no implementation: {add}")
    for name in sorted(implemented.keys() - described.keys()):
        add = f"add tool_descriptions/{name}.yaml, or remove the implementation"
        yield Problem("pairs", implemented[name], f"has no description: {add}")


def _tool_description(
    path: str, name: str, text: str, schemas: dict[str, dict[str, object]]
) -> Iterator[Problem]:
    try:
        fields = read_mapping(text)
    except ValueError as error:
        yield Problem("yaml", path, str(error))
        return
    if odd := sorted(set(fields) ^ _TOOL_KEYS):
        text = f"has exactly the fields name, description and parameters; see {', '.join(odd)}"
        yield Problem("description", path, text)
    if fields.get("name", name) != name:
        yield Problem("description", path, f"its name must be {name}, like the file")
    if name in RESERVED or name.startswith("ask_"):
        text = f"{name} is taken: use_skill and ask_… are made from skills and sub-agents"
        yield Problem("description", path, text)
    yield from _described(path, fields.get("description"))
    if "parameters" in fields:
        wrong = parameter_problems(fields["parameters"])
        yield from (Problem("schema", path, one) for one in wrong)
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
        yield Problem("skill", path, str(error))
        return
    if fields.get("name") != name:
        yield Problem("skill", path, f"its front matter must say name: {name}, like the folder")
    yield from _described(path, fields.get("description"))
    if not body:
        yield Problem("skill", path, "has no text below its front matter")


def _skill_folders(texts: Mapping[str, str], skills: set[str]) -> Iterator[Problem]:
    folders = {path.split("/")[1] for path in texts if path.startswith("skills/") and path.count("/") > 1}
    for name in sorted(folders - skills):
        yield Problem("skill", f"skills/{name}", "has no SKILL.md")


def _sub_agent(path: str, name: str, text: str, tools: set[str]) -> Iterator[Problem]:
    try:
        fields, body = split_front_matter(text)
    except ValueError as error:
        yield Problem("sub_agent", path, str(error))
        return
    wrong = []
    if odd := sorted(set(fields) - _AGENT_KEYS):
        wrong.append(f"unknown field {odd[0]}; there are name, description, tools and turns")
    if fields.get("name", name) != name:
        wrong.append(f"its name must be {name}, like the file")
    listed = fields.get("tools", [])
    if not isinstance(listed, list):
        wrong.append("tools must be a list of tool names")
    elif unknown := [tool for tool in listed if not isinstance(tool, str) or tool not in tools | {*RESERVED}]:
        wrong.append(f"there is no tool {reprlib.repr(unknown[0])}; tools is a list of names")
    turns = fields.get("turns", 1)
    if isinstance(turns, bool) or not isinstance(turns, int) or not 1 <= turns <= MAX_TURNS:
        wrong.append(f"turns must be a whole number from 1 to {MAX_TURNS}")
    if not body:
        wrong.append("has no prompt below its front matter")
    yield from (Problem("sub_agent", path, one) for one in wrong)
    yield from _described(path, fields.get("description"))


def _described(path: str, description: object) -> Iterator[Problem]:
    if not isinstance(description, str) or not description.strip():
        yield Problem("description", path, "needs a description: text that is not empty")
    elif len(description) > MAX_DESCRIPTION:
        yield Problem(
            "description", path, f"the description has over {MAX_DESCRIPTION} characters; shorten it"
        )


def parameter_problems(parameters: Any) -> list[str]:
    """Why `parameters` is not a valid JSON Schema for a tool's arguments; empty if it is.

    It is checked against the metaschema in the package `jsonschema`; no `$ref` is followed.
    """
    if not isinstance(parameters, dict):
        return ["parameters: must be a JSON Schema, a mapping with type: object"]
    if parameters.get("type") != "object":
        return ["parameters: its type must be object"]
    from jsonschema import Draft202012Validator

    metaschema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    try:
        found = list(_mistakes(parameters, "parameters"))
        return found or [_described_error(error) for error in metaschema.iter_errors(parameters)]
    except RecursionError:
        return ["parameters: nested too deep"]


def _mistakes(schema: Any, where: str) -> Iterator[str]:
    """Mistakes that the metaschema allows, in this schema and those inside it."""
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from _mistakes(each, f"{where}[{number}]")
    if not isinstance(schema, dict):
        return
    if odd := [key for key in schema if not isinstance(key, str)]:
        yield f"{where}: the key {odd[0]!r} must be text"
        return
    if schema.get("enum") == []:
        yield f"{where}.enum: must be a list of at least one value"
    properties, required = schema.get("properties", {}), schema.get("required")
    if isinstance(properties, dict) and isinstance(required, list):
        unknown = [name for name in required if isinstance(name, str) and name not in properties]
        yield from (f"{where}.required: {name} is not among the properties" for name in unknown)
    for key, value in schema.items():
        if key not in _INSTANCES:
            yield from _mistakes(value, f"{where}.{key}")


def _described_error(error: ValidationError) -> str:
    where = error.json_path.replace("$", "parameters", 1)
    if error.validator == "anyOf" and error.path[-1] == "type":
        return f"{where[:300]}: {reprlib.repr(error.instance)} is not a type; there are {', '.join(_TYPES)}"
    return f"{where[:300]}: {error.message[:300]}"
