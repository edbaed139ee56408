"""The models of a project: which role uses which, the weights that can be fetched, and what an endpoint does in the
conversations that trials have.
"""

import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from ahe.errors import AgentFault
from ahe.evaluate.store import Store
from ahe.models import probe, wire
from ahe.models.identity import served_here
from ahe.models.ledger import MILLION, Ledger, cost
from ahe.models.openai import OpenAIModel
from ahe.models.roles import open_models
from ahe.models.secrets import shown
from ahe.models.weights import KNOWN, Weights, path_of
from ahe.project.config import Config
from ahe.project.project import Project
from ahe.records import Message, ModelSpec, Record, Reply, Request, Role, Usage
from ahe.runtime import text_protocol
from ahe.text import estimate_tokens

KEY = "ahe-models-test"
QUESTION = "What does `ls -a` show that `ls` does not? Answer in one sentence."
BOTH = "What are the temperatures in Paris and in Rome? Call get_temperature for both at once."
DEGREES = "21"
PASSWORD, LONGEST = "marmalade", 16_000
"""What a long prompt begins with, and its tokens where half of the model's window is not less."""


class Models(Record):
    """What `ahe models list` shows: the model of each role, and the weights of embedded models.

    A role's `price` is for input and output tokens; the `state` of weights is their path, or the command that fetches
    them.
    """

    roles: tuple[dict[str, str], ...]
    weights: tuple[dict[str, str], ...]


class Point(Record):
    """One thing that was tried. `holds` is None: not tried, or neither good nor bad."""

    name: str
    holds: bool | None
    what: str


class ModelTest(Record):
    """A model's answer to one question, how fast it came, how the model calls tools, and what else holds of it."""

    model: str
    answer: str
    seconds: float
    tokens_per_second: float
    price: str
    tool_calls: str
    because: str
    points: tuple[Point, ...]


def models(config: Config, short_names: Mapping[str, str]) -> Models:
    """The model of each role, and the known weights. `short_names`: weights → the name `ahe models pull` takes."""
    roles = [(role, config.model_spec(role)) for role in config.models]
    return Models(
        roles=tuple(
            {
                "role": role,
                "model": spec.name,
                "where": shown(spec.base_url) or "in this process",
                "tool_calls": spec.tool_calls,
                "context": str(spec.context),
                "price": price(spec),
            }
            for role, spec in roles
        ),
        weights=tuple(
            {
                "name": each.name,
                "file": each.file,
                "size": f"{each.size / 1e6:.0f} MB",
                "licence": each.licence,
                "state": _state(each, short_names[each.name.removeprefix("local:")]),
            }
            for each in KNOWN
        ),
    )


def _state(weights: Weights, short_name: str) -> str:
    path = path_of(weights)
    return str(path) if path.is_file() else f"ahe models pull {short_name}"


def price(spec: ModelSpec) -> str:
    """Dollars per million tokens, in and out."""
    read = cost(spec, Usage(calls=1, input_tokens=MILLION))
    written = cost(spec, Usage(calls=1, output_tokens=MILLION))
    if read is None or written is None:
        return "unknown"
    return "free" if read == written == 0 else f"${read:.2f} in, ${written:.2f} out per million"


async def test(project: Project, settle: bool) -> ModelTest:
    """Ask the coder's model a question, settle how it calls tools and what form of requests it accepts, and try what
    trials do. Costs what about eight calls cost, one of them with a long prompt.

    A mode of tool calls with which trials ran is kept unless `settle`: it is part of their identity.
    """
    tokens = project.config.trial_limits().reply_tokens
    messages = (Message(role="user", content=QUESTION),)
    question = Request(role="coder", key=f"{KEY}/0/0", messages=messages, max_tokens=tokens)
    spec, budget = project.config.model_spec("coder"), project.config.budget
    with closing(project.store()) as store:

        def charged(role: Role, usage: Usage, _: Usage) -> None:
            store.charge(role, usage)

        ledger = Ledger(budget.usd, budget.tokens, 0, store.spent(), on_charge=charged)
        async with open_models({"coder": spec}, ledger=ledger) as opened:
            model = opened["coder"]
            started = time.monotonic()
            reply = await model.complete(question)
            seconds = time.monotonic() - started
            mode, why, free = await _tool_calls(project, store, model, settle)
            # An embedded model reads slowly, and its window is known.
            long_prompt = served_here(spec) != "local"
            points = await Points(model, mode, tokens).all(long_prompt)
            if free and mode == "native" and points[0].holds is False:
                mode, why = "text", f'tool_calls = "text": {points[0].what}'
                points = await Points(model, mode, tokens).all(long_prompt)
            if free:
                probe.put_mode(store, spec, mode)
            probe.put_habits(store, model.spec, model.habits)
    answer = " ".join((reply.message.content or reply.message.reasoning or "(empty)").split())
    return ModelTest(
        model=model.spec.name,
        answer=answer,
        seconds=round(seconds, 2),
        tokens_per_second=round(reply.usage.output_tokens / seconds, 1),
        price=price(model.spec),
        tool_calls=mode,
        because=why,
        points=points,
    )


async def _tool_calls(
    project: Project, store: Store, model: OpenAIModel, settle: bool
) -> tuple[str, str, bool]:
    """The mode, why, and whether it may change; the model is asked again where the configuration leaves it open."""
    if project.config.models["coder"].tool_calls != "auto":
        return model.spec.tool_calls, "ahe.toml or a flag says so", False
    if model.spec.tool_calls != "auto":
        return model.spec.tool_calls, "known for models that ahe serves itself", False
    (mode, why), kept = await probe.probe_tool_calls(model), probe.settled_mode(store, model.spec)
    if settle or kept is None or not store.sample(model.fingerprint, 1):
        return mode, why, True
    why = f"kept, because trials ran with it (now {why}); `--settle` may change it, and then they count no longer"
    return kept, why, False


@dataclass(frozen=True)
class Points:
    """Tries a model in one tool-call mode, with replies of `reply_tokens`."""

    model: OpenAIModel
    mode: str
    reply_tokens: int

    async def all(self, long_prompt: bool) -> tuple[Point, ...]:
        """Raises ModelUnavailable and BudgetExceeded; a refusal is a point that does not hold."""
        fix = '; set tool_calls = "text" in ahe.toml' if self.model.spec.tool_calls == "native" else ""
        played = [
            await self._tried("a call's result", self._conversation(probe.QUESTION, 1), fix),
            await self._tried("parallel calls", self._conversation(BOTH, 2), fix),
        ]
        if long_prompt:
            played.append(await self._tried("long prompt", self._long()))
        most, form = self.model.habits.reply_tokens, wire.Habits(names=self.model.habits.names).text()
        length = f"{self.reply_tokens} tokens, as in trials"
        if most:
            length = f"the endpoint allows {most} tokens, trials ask for {self.reply_tokens}: they get {most}"
        return (
            *played,
            Point(name="reply length", holds=None if most else True, what=length),
            Point(name="form of requests", holds=True, what=form or "accepted as it is"),
        )

    async def _tried(self, name: str, played: Awaitable[tuple[bool | None, str]], fix: str = "") -> Point:
        try:
            holds, what = await played
        except AgentFault as error:
            holds, what = False, f"{error}{fix}"
        return Point(name=name, holds=holds, what=what)

    async def _conversation(self, question: str, wanted: int) -> tuple[bool | None, str]:
        """Ask for `wanted` calls, and answer those that come."""
        system = probe.SYSTEM
        if self.mode == "text":
            if wanted > 1:
                return None, "one call a turn in text mode"
            system = f"{system}\n\n{text_protocol.instructions([probe.WEATHER])}"
        opening = [Message(role="system", content=system), Message(role="user", content=question)]
        called = (await self._ask(opening)).message.numbered(opening)
        ids = [call.id for call in called.tool_calls]
        if len(ids) < wanted:
            if wanted > 1:
                return None, "the model makes one call at a time"
            return None, f"no call to answer: the model said {called.content[:80]!r}"
        results = [Message(role="tool", tool_call_id=i, content=f"{DEGREES} degrees") for i in ids]
        answer = (await self._ask([*opening, called, *results])).message
        if wanted > 1:
            return True, f"{len(ids)} calls in one reply, and their results are accepted"
        if DEGREES in answer.content:
            return True, "accepted, and the answer uses it"
        again = ", ".join(call.name for call in answer.tool_calls)
        then = f"called {again} again" if again else f"said {answer.content[:80]!r}"
        return True, f"accepted; the model then {then}"

    async def _long(self) -> tuple[bool, str]:
        """Whether the server reads a long prompt from its beginning: some cut it without an error."""
        line = "There is nothing here that matters.\n"
        filler = line * (min(self.model.spec.context // 2, LONGEST) * 4 // len(line))
        text = f"The password is {PASSWORD}.\n{filler}\nWhat is the password? Answer with that word alone."
        reply = await self._ask([Message(role="user", content=text)])
        size, read = estimate_tokens(text), reply.usage.input_tokens
        if read < size // 2:
            return (
                False,
                f"of about {size} tokens {read} were read: raise the server's window (Ollama: num_ctx)",
            )
        if PASSWORD not in reply.message.content.lower():
            return False, f"about {size} tokens, but the model did not find the word at their beginning"
        return True, f"about {size} tokens, and the word at their beginning was found"

    async def _ask(self, messages: Sequence[Message]) -> Reply:
        text = self.mode == "text"
        request = Request(
            role="coder",
            key=f"{KEY}/points/{len(messages)}",
            messages=text_protocol.as_text(messages) if text else tuple(messages),
            tools=() if text or len(messages) == 1 else (probe.WEATHER,),
            max_tokens=self.reply_tokens,
            seed=1,
        )
        reply = await self.model.complete(request)
        return text_protocol.parse(reply, [probe.WEATHER], 0) if text else reply
