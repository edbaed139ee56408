"""Rules for evolved Python, which is only parsed here; the smoke test in the box runs it."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Iterator

from ahe.harness.layout import HOOKS, Problem

# The packages of the harness box, besides the standard library.
IN_THE_BOX = frozenset({"jinja2", "markupsafe", "yaml"})

Function = ast.AsyncFunctionDef | ast.FunctionDef


def parse(path: str, source: str) -> ast.Module | Problem:
    """The syntax tree of a file, or the problem that it does not compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in evolved code should not print a warning here
            tree = ast.parse(source)
            compile(tree, path, "exec", dont_inherit=True)
            return tree
    except SyntaxError as error:
        return Problem("python", f"{path}:{error.lineno or 1}", f"does not compile: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem("python", path, f"does not compile: {error or type(error).__name__}")


def import_problems(path: str, tree: ast.Module) -> Iterator[Problem]:
    """Imports that the harness box cannot serve."""
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


def tool_problems(
    path: str, name: str, tree: ast.Module, schema: dict[str, object] | None
) -> Iterator[Problem]:
    """A tool's file defines `async def <name>(env, …)` whose arguments are those of its description."""
    found = [n for n in tree.body if isinstance(n, Function) and n.name == name]
    if not found:
        yield Problem("tool", path, f"defines no `async def {name}(env, …)` at its top level")
        return
    function = found[-1]
    where = f"{path}:{function.lineno}"
    if not isinstance(function, ast.AsyncFunctionDef):
        yield Problem("tool", where, f"{name} must be async: `async def {name}(env, …)`")
    positional = [*function.args.posonlyargs, *function.args.args]
    if not positional:
        yield Problem("tool", where, f"the first argument of {name} is env, the task environment")
        return
    if len(function.args.posonlyargs) > 1:
        yield Problem("tool", where, "arguments are passed by name: none can be positional-only")
    if schema is not None:
        yield from _agreement(where, name, function.args, schema)


def _agreement(
    where: str, name: str, arguments: ast.arguments, schema: dict[str, object]
) -> Iterator[Problem]:
    properties, required = schema.get("properties", {}), schema.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        return  # a problem of the schema, which `components` reports
    positional = [*arguments.posonlyargs, *arguments.args]
    by_name = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    taken = [a.arg for a in positional[1:]] + [a.arg for a, _ in by_name]
    optional = {a.arg for a in positional[len(positional) - len(arguments.defaults) :]}
    optional |= {a.arg for a, default in by_name if default is not None}
    if arguments.kwarg is None:
        for missing in sorted(set(map(str, properties)) - set(taken)):
            yield Problem("arguments", where, f"{name} does not take {missing}, which is described")
    for extra in sorted(set(taken) - optional):
        if extra not in properties:
            yield Problem("arguments", where, f"{name} needs {extra}, which is not described")
        elif extra not in required:
            text = f"{name} needs {extra}: give it a default, or list it as required"
            yield Problem("arguments", where, text)


def middleware_problems(path: str, tree: ast.Module) -> Iterator[Problem]:
    """A middleware's file defines one class; its public methods are hooks, and they are async."""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    if len(classes) != 1:
        text = f"defines {len(classes)} classes; a middleware file defines exactly one"
        yield Problem("middleware", path, text)
        return
    methods = [node for node in classes[0].body if isinstance(node, Function)]
    for method in methods:
        yield from _method(path, method)
    if not any(method.name in HOOKS for method in methods):
        yield Problem("middleware", path, f"{classes[0].name} has none of the hooks {', '.join(HOOKS)}")


def _method(path: str, method: Function) -> Iterator[Problem]:
    where = f"{path}:{method.lineno}"
    arguments = method.args
    positional = [*arguments.posonlyargs, *arguments.args]
    least = len(positional) - len(arguments.defaults)
    if method.name == "__init__":
        if least > 1 or any(default is None for default in arguments.kw_defaults):
            yield Problem("middleware", where, "__init__ is called without arguments")
    elif method.name in HOOKS:
        count = 1 + HOOKS[method.name]
        if not isinstance(method, ast.AsyncFunctionDef):
            yield Problem("middleware", where, f"the hook {method.name} must be async")
        if least > count or (len(positional) < count and arguments.vararg is None):
            text = f"the hook {method.name} is called with {count - 1} arguments after self"
            yield Problem("middleware", where, text)
    elif not method.name.startswith("_"):
        text = f"{method.name} is not a hook; there are {', '.join(HOOKS)}. A helper's name begins with _"
        yield Problem("middleware", where, text)
