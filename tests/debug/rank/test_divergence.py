"""What failing and passing agents did differently, quoted with its lines."""

from __future__ import annotations

from made_traces import bad, candidates, made, ok

from ahe.debug.rank.divergence import QUOTE, find_divergence, last_action, ran
from ahe.debug.rank.rank import Candidate
from ahe.debug.readers.trace import Step, Text, Trace


def test_they_part_at_the_first_action_that_differs() -> None:
    failing = made(("ls", ok("a")), ("rm a\nls", ok("")))
    passing = made(("ls ", ok("a")), ("mv a b\nls", ok("b")), status="passed")
    found = find_divergence([("f", failing)], [("p", passing)])
    assert found is not None
    assert (str(found.failing), found.failing.quote) == ("f#3", "rm a\nls")
    assert (str(found.passing), found.passing.quote) == ("p#3", "mv a b\nls")


def test_a_long_action_is_cut_after_a_line_and_marked() -> None:
    action = last_action("f", made(("\n".join(f"echo {n} >> out.txt" for n in range(40)), ok(""))))
    assert action is not None and len(action.quote) <= QUOTE + 1
    assert action.quote.endswith(" >> out.txt…")
    assert action.words.endswith(" >> out.txt")
    one = last_action("f", made(("x" * 1_000, ok(""))))
    assert one is not None and one.quote == "x" * QUOTE + "…" and one.words == "x" * QUOTE


def test_calls_that_do_not_stand_together_are_quoted_as_far_as_they_do() -> None:
    texts = (Text("call", "ls", "sh"), Text("result", "a", "sh"), Text("call", "rm a", "sh"))
    action = last_action("f", Trace("f", "t", (Step(1, "agent", texts),)))
    assert action is not None and action.quote == "ls" and action.quote in Step(1, "agent", texts).raw


def test_a_line_knows_the_command_that_printed_it() -> None:
    trace = made(("cd /x\ncat y", bad("cat: y: No such file or directory")), ("echo 1", ok("1")))
    line = candidates(trace)[0]
    found = ran("f", trace, line)
    assert found is not None and (str(found), found.quote) == ("f#2", "cd /x\ncat y")
    assert ran("f", made(), line) is None
    said = Candidate(**{**{name: getattr(line, name) for name in line.__slots__}, "channel": "injected"})
    assert ran("f", trace, said) is None
