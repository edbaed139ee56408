"""Rules for the content of each kind of component, and for components that belong together.

Evolved Python is only parsed here; what running it shows, the smoke trial in the box finds.
"""

from __future__ import annotations

import ast
import reprlib
import sys
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from ahe.harness.layout import PLACES, Problem, component_name
from ahe.harness.load import read_mapping, split_front_matter
from ahe.records import Kind, Record

if TYPE_CHECKING:
    import jsonschema

RESERVED = ("use_skill",)
IN_THE_BOX = frozenset({"jinja2", "markupsafe", "yaml"})
"""The packages of the harness box, besides the standard library."""
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_INSTANCES = frozenset({"default", "const", "enum", "examples"})  # values, not schemas


LONGEST = 4_096
Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST)]


class _Tool(Record):
    """A tool description."""

    name: str
    description: Description
    parameters: Any


class _Skill(Record):
    """The front matter of a skill. The Agent Skills format has further fields."""

    model_config = ConfigDict(extra="ignore")

    name: str
    description: Description


class _SubAgent(Record):
    """The front matter of a sub-agent."""

    name: str = ""
    description: Description
    tools: tuple[str, ...] = ()
    turns: int = Field(1, ge=1, le=50, strict=True)


_FIELDS = {model.__name__: ", ".join(model.model_fields) for model in (_Tool, _SubAgent)}
_WANTED = {
    "extra_forbidden": "is not a field here; there are {fields}",
    "missing": "is missing: add it",
    "string_too_short": "must be text that is not empty",
    "string_type": "must be text",
    "tuple_type": "must be a list of tool names",
}
"""What to do, by the type of pydantic's error; its own words for any other."""


def component_problems(texts: Mapping[str, str]) -> Iterator[Problem]:
    """Every rule that a component breaks, alone or together with others. `texts` maps paths to contents."""
    by_kind = {
        place.kind: {component_name(p): p for p in sorted(texts) if place.match(p)} for place in PLACES
    }
    described, implemented = by_kind[Kind.TOOL_DESCRIPTION], by_kind[Kind.TOOL_IMPLEMENTATION]
    skills = by_kind[Kind.SKILL]
    checks = [("prompt", "system_prompt.md", _prompt(texts.get("system_prompt.md", "")))]
    checks += [("description", p, _tool_description(p, name, texts[p])) for name, p in described.items()]
    for path in (*implemented.values(), *by_kind[Kind.MIDDLEWARE].values()):
        checks.append(("python", path, _code(path, texts[path])))
    checks += [("skill", path, _skill(path, name, texts[path])) for name, path in skills.items()]
    for name, path in by_kind[Kind.SUB_AGENT].items():
        checks.append(("sub_agent", path, _sub_agent(path, name, texts[path], {*described, *RESERVED})))
    for rule, path, problems in checks:
        yield from _guarded(rule, path, problems)
    yield from _pairs(described, implemented)
    folders = {path.split("/")[1] for path in texts if path.startswith("skills/") and path.count("/") > 1}
    for name in sorted(folders - skills.keys()):
        yield Problem("skill", f"skills/{name}", "has no SKILL.md")


def _guarded(rule: str, path: str, problems: Iterator[Problem]) -> Iterator[Problem]:
    """The problems of one file; an error of the check itself is one too, because what was written has caused it."""
    try:
        yield from problems
    except ValidationError as error:
        for each in error.errors(include_url=False):
            field = ".".join(map(str, each["loc"]))
            text = _WANTED.get(each["type"]) or each["msg"].replace("Input should be", "must be")
            text = text.replace("{fields}", _FIELDS.get(error.title, ""))
            yield Problem(rule, path, " ".join(f"{field}: {text}".split())[:300])
    except ValueError as error:
        yield Problem(rule, path, " ".join(str(error).split())[:300])
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        yield Problem("check", path, f"cannot be checked ({said}); write it more plainly")


def _prompt(text: str) -> Iterator[Problem]:
    import jinja2

    path = "system_prompt.md"
    if not text.strip():
        yield Problem("prompt", path, "is missing or empty: a harness has a system prompt")
    try:
        jinja2.Environment().parse(text)
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


def _tool_description(path: str, name: str, text: str) -> Iterator[Problem]:
    tool = _Tool.model_validate(read_mapping(text))
    if tool.name != name:
        yield Problem("description", path, f"its name must be {name}, like the file")
    if name in RESERVED or name.startswith("ask_"):
        text = f"{name} is taken: use_skill and ask_… are made from skills and sub-agents"
        yield Problem("description", path, text)
    yield from (Problem("schema", path, one) for one in _parameter_problems(tool.parameters))


def _skill(path: str, name: str, text: str) -> Iterator[Problem]:
    fields, body = split_front_matter(text)
    if _Skill.model_validate(fields).name != name:
        yield Problem("skill", path, f"its front matter must say name: {name}, like the folder")
    if not body:
        yield Problem("skill", path, "has no text below its front matter")


def _sub_agent(path: str, name: str, text: str, tools: set[str]) -> Iterator[Problem]:
    fields, body = split_front_matter(text)
    agent = _SubAgent.model_validate(fields)
    if fields.get("name", name) != name:
        yield Problem("sub_agent", path, f"its name must be {name}, like the file")
    if unknown := [tool for tool in agent.tools if tool not in tools]:
        yield Problem("sub_agent", path, f"there is no tool {reprlib.repr(unknown[0])}")
    if not body:
        yield Problem("sub_agent", path, "has no prompt below its front matter")


def _code(path: str, source: str) -> Iterator[Problem]:
    """A file that does not compile, and imports that the harness box cannot serve."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in evolved code should not print a warning here
            tree = ast.parse(source)
            compile(tree, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        yield Problem("python", f"{path}:{error.lineno or 1}", f"does not compile: {error.msg}")
        return
    except (ValueError, RecursionError, MemoryError) as error:
        yield Problem("python", path, f"does not compile: {error or type(error).__name__}")
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." if node.level else node.module or ""]
        for name in names:
            top = name.split(".", 1)[0]
            if top not in sys.stdlib_module_names and top not in IN_THE_BOX:
                where = f"{path}:{getattr(node, 'lineno', 1)}"
                has = "the box has the standard library, jinja2 and yaml only"
                yield Problem("imports", where, f"imports {name or '.'!r}; {has}")


def _parameter_problems(parameters: Any) -> list[str]:
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


def _described_error(error: jsonschema.ValidationError) -> str:
    where = error.json_path.replace("$", "parameters", 1)
    if error.validator == "anyOf" and error.path[-1] == "type":
        return f"{where[:300]}: {reprlib.repr(error.instance)} is not a type; there are {', '.join(_TYPES)}"
    return f"{where[:300]}: {error.message[:300]}"
