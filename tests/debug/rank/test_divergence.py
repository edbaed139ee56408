"""What failing and passing rollouts of one task changed differently."""

from __future__ import annotations

from made_traces import bad, made, ok

from ahe.debug.rank.decisive import find_divergence
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import acts
from ahe.records import Citation


def parted(failing: Trace, passing: Trace) -> dict[str, Citation]:
    return dict(find_divergence([("f", acts(failing))], [("p", acts(passing))]))


def test_they_part_at_the_first_change_that_differs() -> None:
    failing = made(("ls", ok("a")), ("rm a\nls", ok("")))
    passing = made(("ls -l; pwd", ok("a")), ("cat a", ok("x")), ("mv a b\nls", ok("b")), status="passed")
    found = parted(failing, passing)
    assert (str(found["failing"]), found["failing"].quote) == ("f#3", "rm a…")
    assert (str(found["passing"]), found["passing"].quote) == ("p#4", "mv a b…")


def test_looking_around_prompts_hosts_and_temporary_names_are_no_difference() -> None:
    failing = made(("root@3fa81c:/app# cp a /tmp/tmp.8aXf2", ok("")), ("clear", ok("")))
    passing = made(("pwd", ok("/app")), ("root@9bc012:/app# cp a /tmp/tmp.Q1zzr", ok("")), status="passed")
    assert parted(failing, passing) == {}


def test_one_command_that_failed_and_worked_parts_at_what_it_printed() -> None:
    turns = (
        ("pip install x", bad("ERROR: No matching distribution found for x")),
        ("pip install x", ok("Installed x")),
    )
    found = parted(
        made(turns[0], ("echo 1 > a", ok(""))), made(turns[1], ("echo 1 > a", ok("")), status="passed")
    )
    assert found["failing"].quote.startswith("ERROR: No matching") and found["passing"].quote == "Installed x"


def test_two_changes_of_one_file_are_shown_side_by_side() -> None:
    failing = made(("mkdir out", ok("")), ("echo 1 > out/a.txt", ok("")))
    passing = made(
        ("touch log", ok("")), ("mkdir -p out", ok("")), ("echo 2 > out/a.txt", ok("")), status="passed"
    )
    found = parted(failing, passing)
    assert (found["failing"].quote, found["passing"].quote) == ("echo 1 > out/a.txt", "echo 2 > out/a.txt")


def test_the_pair_with_the_longest_common_beginning_is_taken() -> None:
    near = made(("make", ok("")), ("./fix a", ok("")), ("make", ok("")), status="passed")
    far = made(("touch x", ok("")), status="passed")
    failing = made(("make", ok("")), ("./fix b", ok("")))
    found = find_divergence([("f", acts(failing))], [("far", acts(far)), ("near", acts(near))])
    assert str(dict(found)["passing"]) == "near#3"
