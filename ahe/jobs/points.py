"""What a model's endpoint does in the conversations that trials have: results of calls, several calls, long prompts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ahe.errors import AgentFault
from ahe.models import wire
from ahe.models.openai import OpenAIModel
from ahe.models.probe import WEATHER
from ahe.records import Message, Record, Reply, Request
from ahe.runtime import text_protocol
from ahe.text import estimate_tokens

KEY, LONG = "ahe-models-test", "long prompt"
DEGREES = "21"
LONGEST = 16_000
"""Tokens of the long prompt, where half of the model's window is not less."""
SYSTEM = "Use the tools you are given. Do not answer from memory."
SECRET = "marmalade"


class Point(Record):
    """One thing that was tried. `holds` is None: not tried, or neither good nor bad."""

    name: str
    holds: bool | None
    what: str


Try = Callable[[], Awaitable[tuple[bool | None, str]]]


class Points:
    """Tries a model in one tool-call mode, with replies of `reply_tokens`."""

    def __init__(self, model: OpenAIModel, mode: str, reply_tokens: int) -> None:
        self._model, self._mode, self._tokens = model, mode, reply_tokens

    async def all(self, long_prompt: bool) -> tuple[Point, ...]:
        """Raises ModelUnavailable and BudgetExceeded; a refusal is a point that does not hold."""
        tries: list[tuple[str, Try]] = [
            ("a call's result", self._two_turns),
            ("parallel calls", self._parallel),
            *([(LONG, self._long)] if long_prompt else []),
        ]
        found = [await self._point(name, each) for name, each in tries]
        return (*found, self._length(), self._form())

    async def _point(self, name: str, each: Try) -> Point:
        try:
            holds, what = await each()
        except AgentFault as error:
            fix = '; set tool_calls = "text" in ahe.toml' if self._model.spec.tool_calls == "native" else ""
            holds, what = False, f"{error}{fix if name != LONG else ''}"
        return Point(name=name, holds=holds, what=what)

    async def _two_turns(self) -> tuple[bool | None, str]:
        messages, reply = await self._called(
            "What is the temperature in Paris now? Call get_temperature.", "0"
        )
        if not reply.message.tool_calls:
            return None, f"no call to answer: the model said {reply.message.content[:80]!r}"
        answer = await self._answered(messages, reply, "1")
        if DEGREES in answer.message.content:
            return True, "accepted, and the answer uses it"
        return True, f"accepted; the model then {_said(answer)}"

    async def _parallel(self) -> tuple[bool | None, str]:
        if self._mode == "text":
            return None, "one call a turn in text mode"
        question = "What are the temperatures in Paris and in Rome? Call get_temperature for both at once."
        messages, reply = await self._called(question, "2")
        number = len(reply.message.tool_calls)
        if number < 2:
            return None, "the model makes one call at a time"
        await self._answered(messages, reply, "3")
        return True, f"{number} calls in one reply, and their results are accepted"

    async def _long(self) -> tuple[bool | None, str]:
        wanted = min(self._model.spec.context // 2, LONGEST)
        line = "Line {}: there is nothing here that matters.\n"
        filler = "".join(line.format(n) for n in range(wanted * 4 // len(line)))
        text = f"The password is {SECRET}.\n{filler}\nWhat is the password? Answer with that word alone."
        reply = await self._ask([Message(role="user", content=text)], "4")
        size, read = estimate_tokens(text), reply.usage.input_tokens
        if read < size // 2:
            return (
                False,
                f"of about {size} tokens {read} were read: raise the server's window (Ollama: num_ctx)",
            )
        if SECRET not in reply.message.content.lower():
            return False, f"about {size} tokens, but the model did not find the word at their beginning"
        return True, f"about {size} tokens, and the word at their beginning was found"

    def _length(self) -> Point:
        most = self._model.habits.reply_tokens
        if not most:
            return Point(name="reply length", holds=True, what=f"{self._tokens} tokens, as in trials")
        what = f"the endpoint allows {most} tokens, trials ask for {self._tokens}: they get {most}"
        return Point(name="reply length", holds=None, what=what)

    def _form(self) -> Point:
        form = wire.Habits(names=self._model.habits.names).text()
        return Point(name="form of requests", holds=True, what=form or "accepted as it is")

    async def _called(self, question: str, turn: str) -> tuple[list[Message], Reply]:
        system = SYSTEM
        if self._mode == "text":
            system = f"{SYSTEM}\n\n{text_protocol.instructions([WEATHER])}"
        messages = [Message(role="system", content=system), Message(role="user", content=question)]
        reply = await self._ask(messages, turn)
        if self._mode == "text":
            reply = text_protocol.parse(reply, [WEATHER], 0)
        return messages, reply.model_copy(update={"message": reply.message.numbered(messages)})

    async def _answered(self, messages: Sequence[Message], reply: Reply, turn: str) -> Reply:
        calls = reply.message.tool_calls
        results = [Message(role="tool", tool_call_id=c.id, content=f"{DEGREES} degrees") for c in calls]
        whole = [*messages, reply.message, *results]
        return await self._ask(text_protocol.as_text(whole) if self._mode == "text" else whole, turn)

    async def _ask(self, messages: Sequence[Message], turn: str) -> Reply:
        tools = () if self._mode == "text" or len(messages) == 1 else (WEATHER,)
        request = Request(
            role="coder",
            key=f"{KEY}/points/{turn}",
            messages=tuple(messages),
            tools=tools,
            max_tokens=self._tokens,
            seed=1,
        )
        return await self._model.complete(request)


def _said(reply: Reply) -> str:
    calls = ", ".join(call.name for call in reply.message.tool_calls)
    return f"called {calls} again" if calls else f"said {reply.message.content[:80]!r}"
