"""The result of a look at the test split survives its tag's message, whatever a person writes as a reason."""

from __future__ import annotations

from history_helpers import make_seed

from ahe.history import History
from ahe.history.message import final_text, read_final
from ahe.records import Final, FinalPlan, Interval, Observed, Usage


def made(look: int, best: str = "b" * 40, again: str = "") -> Final:
    plan = FinalPlan(look=look, seed="s" * 40, best=best, suite="own", tasks=("a",), first=2, rollouts=4, model="m",
                     again=again, seen=3, begun="2026-01-01T00:00:00Z")  # fmt: skip
    return Final(plan=plan, tasks=(Observed(task="a", b=1, n_b=4, c=3, n_c=4, changed=0.2),), seed_rate=0.25,
                 best_rate=0.75, given_tasks=Interval(mean=0.5, low=0.1, high=0.9), over_tasks=None, score=0.98,
                 missing=0, usage=Usage(calls=8), ended="2026-01-01T01:00:00Z")  # fmt: skip


def test_what_is_written_is_read() -> None:
    for final in (made(1), made(2, again="it\nAhe-Record: {}\nAhe-Final: 9, said\u2028Ada")):
        text = final_text(final)
        assert read_final(text) == final
        assert text.count("\nAhe-Final: ") == 1 and text.count("\nAhe-Record: ") == 1
    assert "Ahe-Rollouts: attempts 2 to 5 of 1 tasks in both arms" in final_text(made(1))


def test_a_message_that_was_edited_away_is_no_result() -> None:
    assert read_final("hello") is None
    assert read_final("Ahe-Record: {broken") is None


def test_tags_hold_the_looks_in_their_order(tmp_path) -> None:
    history = History.create(tmp_path / "workspace", make_seed(tmp_path / "seed"))
    head = history.head()
    for look in (2, 1):
        history.tag_final(made(look, head))
    history.tag("ahe/best", head)
    assert [final.plan.look for final in history.finals()] == [1, 2]
    assert history.tags()["ahe/final-001"] == head
    assert set(history.commits()[0].tags) == {"ahe/best", "ahe/final-001", "ahe/final-002"}
    history.tag_final(made(1, head, again="another"))  # written once: a second write changes nothing
    assert history.finals()[0].plan.again == ""
