"""Serves one harness's templates, tools and middleware. Runs inside the harness box.

This file is mounted into the box and executed there with `python -I -S`; it never imports `ahe`. It
exchanges JSON, one object a line, on the descriptors that were its stdin and stdout:

    host → box   {"id": 1, "what": "tool", "arguments": {…}, "seconds": 9}    answered by {"id": 1, "value": …}
                                                                              or {"id": 1, "error": "…"}
    box → host   {"ask": 7, "what": "exec", "arguments": {…}}                 answered by {"answer": 7, "value": …}
                                                                              or {"answer": 7, "error": "…"}
                 {"begins": 1}: the next hook of request 1 begins, with a time of its own

What evolved code prints goes to stderr, so that it cannot garble these messages. `seconds` is the time that it gets; a
loop that never gives way is interrupted by a signal. What gets around that is ended by the host.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import functools
import importlib.util
import inspect
import itertools
import json
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, BinaryIO

BEFORE = ("on_start", "before_model", "before_tool", "before_finish")
FORMS: dict[str, tuple[type, ...]] = {
    "on_start": (),
    "before_model": (list,),
    "after_model": (dict,),
    "before_tool": (dict, str),
    "after_tool": (str,),
    "before_finish": (str,),
}

MAX_MESSAGE = 32 << 20  # bytes, both ways
MAX_ASKS = 8  # requests to the host at the same time; others wait here for their turn
MAX_DEPTH = 100  # lists and mappings in each other, in a value that a hook returns
MAX_ERROR = 4_000  # characters
LATE = 2.0  # seconds more, after which what does not give way is interrupted

Handlers = dict[str, Callable[..., Awaitable[Any]]]


class Wire:
    """The connection to the host. Both sides send requests; each gets one answer."""

    def __init__(self, reader: asyncio.StreamReader, out: BinaryIO) -> None:
        self.reader = reader
        self.out = out
        self.numbers = itertools.count(1)
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.turns = asyncio.Semaphore(MAX_ASKS)

    def send(self, message: dict[str, Any]) -> None:
        """Raises `ValueError` or `TypeError` if the message is too large or cannot be written as JSON."""
        line = json.dumps(message).encode() + b"\n"
        if len(line) > MAX_MESSAGE:
            raise ValueError(f"{len(line)} bytes are too many for one message: {MAX_MESSAGE} at most")
        self.out.write(line)
        self.out.flush()

    async def ask(self, what: str, **arguments: Any) -> Any:
        async with self.turns:
            number = next(self.numbers)
            future = self.waiting[number] = asyncio.get_running_loop().create_future()
            try:
                self.send({"ask": number, "what": what, "arguments": arguments})
                return await future
            finally:
                self.waiting.pop(number, None)

    async def serve(self, handlers: Handlers) -> None:
        tasks = set()
        while line := await self.reader.readline():
            message = json.loads(line)
            if "answer" in message:
                self._settle(message)
            else:
                task = asyncio.create_task(self._handle(handlers, message))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    def _settle(self, message: dict[str, Any]) -> None:
        future = self.waiting.get(message["answer"])
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(RuntimeError(message["error"]))
        else:
            future.set_result(message["value"])

    async def _handle(self, handlers: Handlers, message: dict[str, Any]) -> None:
        what, number, seconds = message["what"], message["id"], message["seconds"]
        try:
            if what == "hook":  # which gives each middleware a time of its own
                begins = functools.partial(self.send, {"begins": number})
                value = await handlers[what](**message["arguments"], begins=begins, until=clock() + seconds)
            else:
                value = await within(seconds, handlers[what], **message["arguments"])
            self.send({"id": number, "value": value})
        except Exception as error:
            self.send({"id": number, "error": describe(error)})


clock = time.monotonic


async def within(seconds: float, work: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
    """The result of evolved code. Raises what it raises, and `TimeoutError` after `seconds`.

    If it catches its cancellation, it is left behind.
    """

    async def tamed() -> Any:
        try:
            return await work(*given, **named)
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:  # would end the whole box
            raise RuntimeError(f"raised {type(error).__name__}") from error

    task = asyncio.ensure_future(tamed())
    with alarm(seconds + LATE):
        await asyncio.wait({task}, timeout=seconds)
    if not task.done():
        task.cancel()
        raise TimeoutError(f"it took more than {seconds:g} s")
    return task.result()


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises `TimeoutError` in what still runs after `seconds`, and every second again if that is caught."""

    def late(*_: Any) -> None:
        raise TimeoutError(f"it ran for {seconds:g} s and never gave way")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def describe(error: BaseException) -> str:
    """The error with its last frames in evolved code, short enough to show to a model."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/box/" not in f.filename]
    where = "".join(f"\n  at {os.path.basename(f.filename)}:{f.lineno}: {f.line}" for f in frames[-3:])
    try:
        text = str(error)
    except Exception:  # evolved code may define its own
        text = "(its text cannot be made)"
    return f"{type(error).__name__}: {text[:MAX_ERROR]}{where[:MAX_ERROR]}"


class Result(SimpleNamespace):
    """What a command gave: `output` (text, stdout and stderr together), `exit_code`, `timed_out`."""


class Env:
    """The task environment, as tools and middleware see it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def exec(self, command: str, timeout: float | None = None, cwd: str | None = None) -> Result:
        """Run a shell command; the host caps its time and the size of its output."""
        return Result(**await self._wire.ask("exec", command=command, timeout=timeout, cwd=cwd))

    async def read(self, path: str) -> str:
        """Text of a file in the environment."""
        text: str = await self._wire.ask("read", path=path)
        return text

    async def write(self, path: str, text: str) -> None:
        """Write a text file in the environment."""
        await self._wire.ask("write", path=path, text=text)


class Context:
    """What a hook may read and use: see `docs/harness.md`."""

    def __init__(self, wire: Wire, state: dict[str, Any], given: dict[str, Any]) -> None:
        self._wire = wire
        self.state = state
        self.env = Env(wire)
        self.instruction: str = given["instruction"]
        self.turn: int = given["turn"]
        self.left: dict[str, float] = given["left"]

    async def model(self, prompt: str, system: str = "") -> str:
        """A side call to the coder's model, charged to the trial. Returns the text of the reply."""
        text: str = await self._wire.ask("complete", prompt=prompt, system=system)
        return text

    async def note(self, text: object) -> None:
        """Write a line into the trace."""
        await self._wire.ask("note", text=str(text))


class Box:
    """One harness, loaded from its folder."""

    def __init__(self, root: str, wire: Wire) -> None:
        self.root = Path(root)
        self.wire = wire
        self.state: dict[str, Any] = {}
        self.tools: dict[str, Callable[..., Awaitable[Any]]] = {}
        self.middleware: list[tuple[str, Any, str | None]] | None = None
        self.kept: dict[str, dict[str, Any]] = {}

    def load(self, path: Path) -> ModuleType:
        name = "harness_" + path.stem.replace("-", "_")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    async def tool(self, name: str, arguments: dict[str, Any]) -> str:
        if name not in self.tools:
            self.tools[name] = getattr(self.load(self.root / "tools" / f"{name}.py"), name)
        value = await self.tools[name](Env(self.wire), **arguments)
        return value if isinstance(value, str) else json.dumps(value, default=str)

    def chain(self, seconds: float, begins: Callable[[], None]) -> list[tuple[str, Any, str | None]]:
        """(file name, instance) of each middleware, in file order; a file that fails to load is reported."""
        if self.middleware is None:
            self.middleware = []
            for path in sorted((self.root / "middleware").glob("*.py")):
                begins()
                try:
                    with alarm(seconds + LATE):
                        made = instance(self.load(path))
                        for key, value in self.kept.get(path.name, {}).items():
                            setattr(made, key, value)
                        self.middleware.append((path.name, made, None))
                except BaseException as error:
                    self.middleware.append((path.name, None, describe(error)))
        return self.middleware

    async def hook(
        self,
        hook: str,
        context: dict[str, Any],
        value: Any,
        seconds: float,
        begins: Callable[[], None],
        until: float,
        extra: Any = None,
    ) -> dict[str, Any]:
        """Pass `value` through every middleware that has `hook`. Returns it, and what each middleware did to it.

        `extra` is the call, which after_tool hooks also get. If a hook raises, takes more than `seconds` or returns
        the wrong type, the value passes unchanged. `begins` tells the host that the next one has its turn; by the
        time `until` all of them have returned.
        """
        firings: list[dict[str, Any]] = []
        chain = self.chain(seconds, begins)
        for name, middleware, broken in chain if hook in BEFORE else reversed(chain):
            if broken:
                firings.append({"middleware": name, "hook": hook, "error": broken})
                continue
            function = getattr(middleware, hook, None)
            if function is None:
                continue
            before = copy.deepcopy(value)
            given = {"on_start": (), "after_tool": (extra, value)}.get(hook, (value,))
            begins()
            try:
                left = max(0.0, min(seconds, until - clock()))
                ctx = Context(self.wire, self.state, context)
                result = await within(left, checked, hook, function, ctx, *copy.deepcopy(given))
            except Exception as error:
                firings.append({"middleware": name, "hook": hook, "error": describe(error)})
                continue
            if result is not None and result != before:
                value = result
                firings.append({"middleware": name, "hook": hook, "before": before, "after": result})
            if hook == "before_finish" and result is not None:
                break
            if hook == "before_tool" and isinstance(value, str):
                break
        return {"value": value, "firings": firings}

    async def keep(self) -> str:
        """What middleware remembers, for a later box of the same session; what pickle cannot take is left out.

        That is `ctx.state` under the name "", and the attributes of each object under its file's name.
        """
        loaded = {
            name: getattr(made, "__dict__", {}) for name, made, broken in self.middleware or () if not broken
        }
        kept = {name: picklable(values) for name, values in {**self.kept, **loaded, "": self.state}.items()}
        return base64.b64encode(pickle.dumps(kept)).decode()

    async def restore(self, kept: str) -> None:
        """Take over what `keep` gave, before the first hook."""
        values = pickle.loads(base64.b64decode(kept))
        self.kept = {
            name: {key: pickle.loads(each) for key, each in own.items()} for name, own in values.items()
        }
        self.state.update(self.kept[""])

    async def render(self, template: str, values: dict[str, Any]) -> str:
        """Render a prompt. Memory and skills are appended if the template does not use them."""
        import jinja2
        import jinja2.meta

        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=False)
        named = jinja2.meta.find_undeclared_variables(environment.parse(template))
        parts = [environment.from_string(template).render(**values).strip()]
        if values.get("memory") and "memory" not in named:
            parts.append("# Memory\n\n" + values["memory"])
        if values.get("skills") and "skills" not in named:
            lines = [f"- {skill['name']}: {skill['description']}" for skill in values["skills"]]
            parts.append(
                "# Skills\n\nRead one with the tool use_skill before you need it.\n" + "\n".join(lines)
            )
        return "\n\n".join(part for part in parts if part)

    async def check(self, tools: dict[str, Any]) -> list[str]:
        """Import every tool and middleware. Returns one line for each that fails, or cannot be called as it would be.

        `tools` are the JSON Schemas of the tools' arguments.
        """
        problems: list[str] = []
        for folder in ("tools", "middleware"):
            for path in sorted((self.root / folder).glob("*.py")):
                try:
                    module = self.load(path)
                    if folder == "tools":
                        tool_fits(getattr(module, path.stem), path.stem, tools.get(path.stem, {}))
                    else:
                        hooks_fit(instance(module))
                except Exception as error:
                    problems.append(f"{folder}/{path.name}: {describe(error)}")
        return problems


def picklable(values: dict[str, Any]) -> dict[str, bytes]:
    """The values that pickle takes, pickled each for itself: one that it refuses takes no other with it."""
    found = {}
    for name, value in values.items():
        with suppress(Exception):
            found[name] = pickle.dumps(value)
    return found


def tool_fits(function: Any, name: str, schema: dict[str, Any]) -> None:
    """Raises `TypeError` unless a tool takes the arguments that are described, and needs only the required ones."""
    if not inspect.iscoroutinefunction(function):
        raise TypeError(f"{name} is not an async function")
    for names in (schema.get("properties", {}), schema.get("required", [])):
        try:
            inspect.signature(function).bind("env", **dict.fromkeys(names))
        except TypeError as error:
            raise TypeError(f"{name}(env, {', '.join(names)}) is how it would be called: {error}") from None


def hooks_fit(middleware: Any) -> None:
    """Raises `TypeError` unless a middleware has hooks, takes their arguments, and has no other public method."""
    public = [n for n, each in vars(type(middleware)).items() if inspect.isfunction(each) and n[0] != "_"]
    if not public or not set(public) <= FORMS.keys():
        raise TypeError(f"there are the hooks {', '.join(FORMS)}; a helper's name begins with _")
    for hook in public:
        given = {"on_start": ("ctx",), "after_tool": ("ctx", "call", "result")}.get(hook, ("ctx", "value"))
        try:
            inspect.signature(getattr(middleware, hook)).bind(*given)
        except TypeError as error:
            raise TypeError(f"the hook {hook} is called with {len(given)} arguments: {error}") from None


async def checked(hook: str, function: Callable[..., Awaitable[Any]], *given: Any) -> Any:
    """What a hook returns, as plain data. Raises `TypeError` or `ValueError` if nobody could use it."""
    result = await function(*given)
    if result is None:
        return None
    if not isinstance(result, FORMS[hook]):
        wanted = " or ".join(["None", *(form.__name__ for form in FORMS[hook])])
        raise TypeError(f"{hook} returned {type(result).__name__}; it returns {wanted}")
    plain = json.loads(json.dumps(result, allow_nan=False))
    if too_deep(plain, MAX_DEPTH):
        raise ValueError(f"{hook} returned more than {MAX_DEPTH} lists and mappings in each other")
    return plain


def too_deep(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most <= 0 or any(too_deep(each, most - 1) for each in inner)


def instance(module: ModuleType) -> Any:
    """An instance of the one class that a middleware file defines."""
    classes = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
    if len(classes) != 1:
        raise TypeError(f"a middleware file defines exactly one class; this one defines {len(classes)}")
    found = classes[0]()
    for hook in FORMS:
        function = getattr(found, hook, None)
        if function is not None and not inspect.iscoroutinefunction(function):
            raise TypeError(f"the hook {hook} is not an async function")
    return found


async def main(root: str) -> None:
    private_in, private_out = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    reader = asyncio.StreamReader(limit=1 << 30)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(private_in, "rb", 0))
    wire = Wire(reader, os.fdopen(private_out, "wb"))
    box = Box(root, wire)
    wire.send({"ready": True})
    handlers: Handlers = {"tool": box.tool, "hook": box.hook, "render": box.render, "check": box.check}
    await wire.serve({**handlers, "keep": box.keep, "restore": box.restore})
    os._exit(0)  # at once: what evolved code left running would keep asyncio waiting


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, sys.argv[2])
    asyncio.run(main(sys.argv[1]))
