"""The agent's clock: an endpoint's waits do not count, and a paced model is counted by its work."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ahe.errors import ModelUnavailable
from ahe.records import Limits, Message, ModelSpec, Pace, Reply, Request, Usage
from ahe.runtime.meter import Meter

REQUEST = Request(role="coder", key="t/0/0", messages=(Message(role="user", content="Go."),))


class Timed:
    """A model whose replies say what they took; `seconds` it really takes."""

    fingerprint = "timed"

    def __init__(self, reply: Reply, seconds: float = 0.0, pace: Pace | None = None) -> None:
        self.spec = ModelSpec(name="timed", pace=pace)
        self._reply, self._seconds = reply, seconds

    async def complete(self, request: Request) -> Reply:
        await asyncio.sleep(self._seconds)
        return self._reply


def reply(tokens: int = 0, written: int = 0, seconds: float = 0.0, waited: float = 0.0) -> Reply:
    usage = Usage(calls=1, input_tokens=tokens, output_tokens=written)
    message = Message(role="assistant", content="Done.")
    return Reply(message=message, usage=usage, seconds=seconds, waited=waited)


async def test_a_paced_model_is_counted_by_its_new_tokens() -> None:
    meter = Meter(Limits(seconds=100), Pace(read=10, write=5))
    assert await meter.call(Timed(reply(tokens=300, written=50)), REQUEST, known=100)
    assert 69 < meter.seconds_left <= 70, "200 new tokens read in 20 s, 50 written in 10 s"
    assert meter.model_time.work == 30
    assert await meter.call(Timed(reply(tokens=1000)), REQUEST)
    assert meter.exceeded() == "seconds"


async def test_a_paced_model_may_take_longer_by_the_wall_clock() -> None:
    """The reply comes half a second late, with no work done: the clock has not moved by so much."""
    meter = Meter(Limits(seconds=0.4), Pace(read=10, write=5))
    assert await meter.call(Timed(reply(), seconds=0.5), REQUEST)
    assert meter.exceeded() is None


async def test_an_endpoints_waits_are_not_the_agents_time() -> None:
    """The call takes .5 s, of which it says that .49 s were the queue's."""
    meter = Meter(Limits(seconds=100))
    assert await meter.call(Timed(reply(seconds=0.01, waited=0.49), seconds=0.5), REQUEST)
    assert meter.seconds_left > 99.6
    assert (meter.model_time.seconds, meter.model_time.waited) == (0.01, 0.49)


async def test_calls_side_by_side_take_the_time_of_one() -> None:
    meter = Meter(Limits(seconds=100))
    model = Timed(reply(seconds=50), seconds=0.05)
    await asyncio.gather(*(meter.call(model, REQUEST) for _ in range(8)))
    assert meter.seconds_left > 90, "they say 400 s, but the clock has moved by a moment"


async def test_a_paced_model_that_makes_no_headway_is_the_machines_fault() -> None:
    meter = Meter(Limits(seconds=0.01), Pace(read=10, write=5))
    with pytest.raises(ModelUnavailable, match="too busy or too slow"):
        await meter.call(Timed(reply(), seconds=60), REQUEST)


async def test_a_slow_reply_of_an_endpoint_ends_the_trial() -> None:
    meter = Meter(Limits(seconds=0.01))
    assert await meter.call(Timed(reply(), seconds=60), REQUEST) is None


SCRIPT = """
import asyncio, json, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from playing import LIMITS, answers, play, shell
from ahe.records import Message, ModelSpec, Pace, Reply, ToolCall, Usage

class Working:
    '''A model that works on the processor for each reply, as the embedded one does: three commands, then the answer.'''
    spec = ModelSpec(name="working", pace=Pace(read=10_000, write=1000))
    fingerprint = "working"
    turn = 0
    async def complete(self, request):
        await asyncio.to_thread(work)
        self.turn += 1
        call = ToolCall(id=f"c{self.turn}", name="run_shell_command", arguments={"command": "echo $((6 * 7))"})
        calls = (call,) if self.turn < 4 else ()
        message = Message(role="assistant", content="" if calls else "Done.", tool_calls=calls)
        return Reply(message=message, usage=Usage(calls=1, input_tokens=100 * self.turn, output_tokens=10))

def work():
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        pass

limits = LIMITS.model_copy(update={"seconds": 30, "turns": 8})
played = asyncio.run(play(Path(sys.argv[2]), {"*": "unused"}, limits=limits, model=Working()))
outcome = played.outcome
print(json.dumps({"ended": outcome.ended, "answer": outcome.answer, "turns": outcome.turns,
                  "work": outcome.model_time.work}))
"""


def test_a_starved_machine_gives_the_same_outcome(tmp_path: Path) -> None:
    """The same scripted trial, alone and beside twice as many busy loops as there are cores."""
    script = tmp_path / "trial.py"
    script.write_text(SCRIPT)

    def trial(name: str) -> dict[str, object]:
        command = [sys.executable, str(script), str(Path(__file__).parent), str(tmp_path / name)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    alone = trial("alone")
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))
    ]
    try:
        starved = trial("starved")
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    assert (
        starved == alone == {"ended": "answered", "answer": "Done.", "turns": 4, "work": pytest.approx(0.077)}
    )
