"""From numbers to verdicts: every way in which a candidate of several commits can end."""

from __future__ import annotations

from typing import Any

import pytest

from ahe.gate.attribution import AttributionStep, LeftOut, PieceVerdict
from ahe.gate.posterior import posterior
from ahe.gate.predictions import observed, scored
from ahe.history import Commit
from ahe.history.git import AUTHOR_EMAIL
from ahe.loop.state import WorkspaceState
from ahe.loop.verdicts import NEVER_WHOLE, JudgedCandidate
from ahe.records import IterationVerdicts, Tally, Usage, Verdict

GOOD, BAD, MINE = "a" * 40, "b" * 40, "c" * 40
PAIRS = {f"t{n}": (Tally(passes=0, n=2), Tally(passes=2, n=2)) for n in range(4)}


def commit(sha: str, person: bool = False) -> Commit:
    trailers = {} if person else {"Ahe-Change": (f"001-{sha[0]}",), "Ahe-Predicts": ("t0",)}
    email = "ada@example.org" if person else AUTHOR_EMAIL
    return Commit(sha, (), "", "", email, "", f"memory: {sha[0]}", "", trailers, "", ())


def verdict(outcome: str, **more: Any) -> Verdict:
    given = {"outcome": outcome, "reason": f"the gate says {outcome}", "gate": "bayes", "rollouts": 20}
    return Verdict.model_validate({**given, "incumbent": "i", "candidate": "h", **more})


def piece(sha: str, outcome: str, *together: str) -> PieceVerdict:
    pairs = PAIRS if outcome == "kept" else {task: (c, b) for task, (b, c) in PAIRS.items()}
    found = posterior(pairs)
    assert found is not None
    tree = frozenset({sha, *together})
    return PieceVerdict(sha, outcome, found.above(), found, pairs, 8, frozenset(), tree, together)  # type: ignore[arg-type]


def harness(tree: LeftOut) -> str:
    return f"without {', '.join(sorted(sha[0] for sha in tree))}" if tree else "all"


def judged(
    whole: str, *pieces: PieceVerdict, commits: tuple[Commit, ...] = (), **more: Any
) -> JudgedCandidate:
    pending = commits or (commit(BAD), commit(GOOD))
    state = WorkspaceState(pending, pending[0].sha, "i", pending, (), 0, False)
    names: set[LeftOut] = {tree for each in pieces for tree in (each.base, each.without)}
    step = AttributionStep(verdicts=pieces) if pieces else None
    given: dict[str, Any] = {"step": step, "harnesses": {tree: harness(tree) for tree in names}, **more}
    return JudgedCandidate(
        state, verdict(whole, candidate_rate=0.7, incumbent_rate=0.5, tasks=observed(PAIRS)), 1.0, **given
    )


def outcomes(found: JudgedCandidate) -> dict[str, str]:
    return {sha[0]: verdict.outcome for sha, verdict in found.each().items()}


GOOD_AND_BAD = (piece(GOOD, "kept"), piece(BAD, "reverted"))


def test_inside_a_kept_whole_the_harmful_one_goes() -> None:
    found = judged("kept", *GOOD_AND_BAD)
    assert outcomes(found) == {"a": "kept", "b": "reverted"}
    assert NEVER_WHOLE in found.each()[GOOD].reason
    assert found.overall().outcome == "kept"
    assert found.overall().candidate_rate is None, "what remains was never measured"


def test_a_kept_whole_without_harm_stays_and_keeps_its_rate() -> None:
    found = judged("kept", piece(GOOD, "kept"), piece(BAD, "kept"))
    assert outcomes(found) == {"a": "kept", "b": "kept"}
    assert NEVER_WHOLE not in found.each()[GOOD].reason
    assert found.overall().candidate_rate == 0.7


@pytest.mark.parametrize(
    ("rest", "good", "overall"),
    [("kept", "kept", "kept"), ("reverted", "reverted", "reverted"), ("unchanged", "unchanged", "reverted")],
)
def test_what_remains_of_a_whole_that_would_go_has_the_gates_word(rest: str, good: str, overall: str) -> None:
    found = judged("reverted", *GOOD_AND_BAD, rest=verdict(rest, candidate_rate=0.9))
    assert outcomes(found) == {"a": good, "b": "reverted"}
    assert f"what remains of the candidate: the gate says {rest}" in found.each()[GOOD].reason
    assert found.overall().outcome == overall


def test_where_what_remains_is_undecided_nothing_is_reverted() -> None:
    found = judged("reverted", *GOOD_AND_BAD, rest=verdict("undecided"))
    assert outcomes(found) == {"a": "undecided", "b": "undecided"}
    assert found.overall().outcome == "undecided"


def test_where_too_much_is_missing_nothing_is_reverted() -> None:
    found = judged("reverted", step=AttributionStep(problem="too many trials are missing"))
    assert outcomes(found) == {"a": "undecided", "b": "undecided"}
    assert "too many trials are missing" in found.each()[BAD].reason


def test_where_no_commit_is_to_blame_the_gates_word_on_the_whole_stands() -> None:
    found = judged("reverted", piece(GOOD, "kept"), piece(BAD, "kept"))
    assert outcomes(found) == {"a": "reverted", "b": "reverted"}
    assert "no commit is to blame" in found.each()[GOOD].reason


def test_an_undecided_whole_leaves_all_undecided() -> None:
    assert outcomes(judged("undecided")) == {"a": "undecided", "b": "undecided"}
    assert outcomes(judged("unchanged")) == {"a": "unchanged", "b": "unchanged"}


def test_a_persons_commit_and_what_it_builds_on_stay() -> None:
    pending = (commit(MINE, person=True), commit(BAD), commit(GOOD))
    found = judged("reverted", commits=pending, blocked=(BAD,), no_op=(GOOD,))
    assert outcomes(found) == {"c": "kept", "b": "kept", "a": "unchanged"}
    assert found.each()[MINE].decided_by == "person"
    assert "revert both by hand, the later one first, or keep both" in found.each()[BAD].reason


def test_of_commits_that_change_the_same_lines_the_choice_is_stated() -> None:
    for outcome, taken in (("kept", "keep both, for together they hold"), ("reverted", "revert both")):
        found = judged("kept", piece(GOOD, outcome, BAD), piece(BAD, outcome))
        reason = found.each()[GOOD].reason
        assert f"it and {BAD[:10]} change the same lines: revert both or keep both. Taken: {taken}" in reason


def test_the_parts_of_the_cost_add_up() -> None:
    usage = Usage(calls=7, input_tokens=101, output_tokens=9, usd=0.5)
    found = judged("reverted", *GOOD_AND_BAD, rest=verdict("kept", rollouts=5, usage=usage))
    each = found.each().values()
    assert sum(verdict.rollouts for verdict in each) == found.overall().rollouts == 25
    assert sum(verdict.usage.tokens for verdict in each) == found.overall().usage.tokens == 110
    assert sum(verdict.usage.usd or 0 for verdict in each) == pytest.approx(0.5)


def test_the_record_holds_every_task_with_its_numbers() -> None:
    record = judged("kept", *GOOD_AND_BAD).record(7)
    assert IterationVerdicts.model_validate_json(record.model_dump_json()) == record
    assert [row.commit for row in record.commits] == [GOOD, BAD], "oldest first"
    assert [task.task for task in record.whole.tasks] == sorted(PAIRS)
    row = record.commits[1].verdict
    assert row.leave_one_out == ("without b", "all")
    task = row.tasks[0]
    assert (task.b, task.n_b, task.c, task.n_c) == (2, 2, 0, 2)
    assert 0.15 < (task.changed or 0) < 1 and task.down > 0


def test_one_commit_alone_has_the_wholes_verdict() -> None:
    found = judged("kept", commits=(commit(GOOD),))
    assert found.each() == {GOOD: replace_predicted(found.whole)}
    assert found.overall() == found.whole


def replace_predicted(whole: Verdict) -> Verdict:
    return scored(whole, ("t0",), ())


def test_predictions_are_scored_on_the_changes_own_arms_after_attribution() -> None:
    """All tasks went up with the whole; without the harmful commit they would have gone up more."""
    each = judged("kept", *GOOD_AND_BAD).each()
    good, bad = each[GOOD], each[BAD]
    assert good.fixes is not None and good.fixes.named == 1 and good.fixes.hits > 0.15
    assert bad.fixes is not None and (bad.fixes.named, bad.fixes.hits) == (1, 0.0)
    whole = judged("kept").each()[BAD]
    assert whole.fixes is not None and whole.fixes.hits > 0.15 and whole.leave_one_out is None
