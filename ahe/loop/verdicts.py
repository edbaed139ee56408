"""From the numbers of a judged candidate to the verdict on each of its commits. Words and arithmetic only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ahe.evaluate.evaluation import pass_rate
from ahe.gate.attribution import AttributionStep, LeftOut, PieceVerdict
from ahe.gate.choose import NotedGate
from ahe.gate.predictions import observed, scored
from ahe.history import Commit
from ahe.loop.state import WorkspaceState
from ahe.records import CommitVerdict, IterationVerdicts, Trial, Usage, Verdict

NEVER_WHOLE = "what remains was never measured as a whole: the next iteration does that"


Outcome = Literal["kept", "reverted", "unchanged"]


@dataclass(frozen=True)
class JudgedCandidate:
    """What was found out about the pending commits of `state`.

    `whole` is the gate's verdict on all of them; `step` tells them apart, where it was asked, and
    `rest` is the gate's verdict on what remains of a whole that it would revert. `held` commits cannot leave
    without a person's; `idle` ones change nothing. `harnesses` are the ids of the trees, `spent` the trials that
    attribution ran.
    """

    state: WorkspaceState
    whole: Verdict
    concentration: float
    blocked: tuple[str, ...] = ()
    no_op: tuple[str, ...] = ()
    step: AttributionStep | None = None
    rest: Verdict | None = None
    harnesses: Mapping[LeftOut, str] = field(default_factory=dict)
    spent: tuple[Trial, ...] = ()

    def share(self, sha: str) -> PieceVerdict | None:
        shares = self.step.verdicts if self.step else ()
        return next((share for share in shares if share.piece == sha), None)

    @property
    def problem(self) -> str:
        """Why commits that were to be told apart could not be; or an empty text."""
        if self.step and self.step.problem:
            return f"leave-one-out attribution: {self.step.problem}"
        return self.rest.reason if self.rest and self.rest.outcome == "undecided" else ""

    def overall(self) -> Verdict:
        """The verdict on the candidate, for who asks about the iteration: `kept` where any change was kept."""
        if self.step is None:
            return self.whole
        outcomes = {verdict.outcome for sha, verdict in self.each().items() if self.share(sha)}
        outcome = next((o for o in ("kept", "reverted") if o in outcomes), "undecided")
        rate = self.rest.candidate_rate if self.rest else None
        rate = self.whole.candidate_rate if outcome == "kept" and not self.step.dropped else rate
        rollouts, usage = self.cost()
        changes = {"outcome": outcome, "candidate_rate": rate, "rollouts": rollouts, "usage": usage}
        return self.whole.model_copy(update=changes)

    def cost(self) -> tuple[int, Usage]:
        """Rollouts and usage of everything that was measured for this candidate."""
        used = sum((trial.usage + trial.side_usage for trial in self.spent), Usage())
        verdicts = [self.whole, *([self.rest] if self.rest else [])]
        rollouts = len(self.spent) + sum(verdict.rollouts for verdict in verdicts)
        return rollouts, sum((verdict.usage for verdict in verdicts), used)

    def each(self) -> dict[str, Verdict]:
        """The verdict on every pending commit, newest first. Each bears an equal part of the cost.

        Its predictions are scored on its own two arms where it was told apart, else on the whole's.
        """
        pending = self.state.pending
        verdicts = {c.sha: scored(_verdict(self, c), c.predicts, c.risks) for c in pending}
        if len(pending) == 1:
            return verdicts
        rollouts, usage = self.cost()
        return {
            sha: verdict.model_copy(
                update={
                    "rollouts": _part(rollouts, place, len(pending)),
                    "usage": _part_of_usage(usage, place, len(pending)),
                }
            )
            for place, (sha, verdict) in enumerate(verdicts.items())
        }

    def record(self, iteration: int) -> IterationVerdicts:
        """All of it, for `verdicts.json`."""
        each = self.each()
        return IterationVerdicts(
            iteration=iteration,
            incumbent=self.state.incumbent,
            candidate=self.state.head,
            whole=self.whole,
            rest=self.rest,
            commits=tuple(
                CommitVerdict(commit=c.sha, change=c.change_id, subject=c.subject, verdict=each[c.sha])
                for c in reversed(self.state.pending)
            ),
        )


def _verdict(judged: JudgedCandidate, commit: Commit) -> Verdict:
    """The verdict on one commit, with the cost of the whole."""
    whole = judged.whole
    if problem := judged.problem:
        return whole.model_copy(update={"outcome": "undecided", "reason": problem})
    if whole.outcome in ("undecided", "unchanged"):
        return _mine(whole, commit)
    if commit.by_person:
        return _of_person(whole)
    if commit.sha in judged.no_op:
        reason = "without it the harness is the very same: nothing to keep, nothing to revert"
        ends = {"incumbent": whole.incumbent, "candidate": whole.candidate}
        return Verdict(outcome="unchanged", reason=reason, gate=whole.gate, **ends)
    if commit.sha in judged.blocked:
        return _held(whole, commit)
    share = judged.share(commit.sha)
    return _of_share(judged, commit, share) if share else _mine(whole, commit)


def _mine(whole: Verdict, commit: Commit) -> Verdict:
    return whole.model_copy(update={"predicted": commit.predicts})


def _of_person(whole: Verdict) -> Verdict:
    """A commit that a person made without a manifest is a decision already: it is noted, never reverted."""
    if whole.gate == NotedGate.name:
        return whole.model_copy(update={"decided_by": "person"})
    if whole.outcome != "reverted":
        return whole
    reason = f"a person's commit stays; the gate would revert it: {whole.reason}"
    return whole.model_copy(update={"outcome": "kept", "decided_by": "person", "reason": reason})


def _held(whole: Verdict, commit: Commit) -> Verdict:
    """A commit on which a person's later one builds: nothing of a person's is reverted, so both stay."""
    return stays(_mine(whole, commit)) if whole.outcome == "reverted" else _mine(whole, commit)


def stays(reverted: Verdict) -> Verdict:
    """The verdict on a change that should go and cannot, because later work builds on it."""
    reason = (
        f"the gate would revert it ({reverted.reason}), but a person's later commit builds on it. The choices: revert "
        "both by hand, the later one first, or keep both. Kept both: a person's commit is never reverted"
    )
    return reverted.model_copy(update={"outcome": "kept", "reason": reason})


def _of_share(judged: JudgedCandidate, commit: Commit, share: PieceVerdict) -> Verdict:
    whole, rest = judged.whole, judged.rest
    outcome: Outcome = share.outcome
    reason = _words(share)
    dropped = judged.step.dropped if judged.step else frozenset()
    if whole.outcome == "kept":
        reason += f"; {NEVER_WHOLE}" if outcome == "kept" and dropped else ""
    elif outcome == "kept" and rest is None:
        outcome, reason = "reverted", f"{reason}, but none is to blame and the whole is {whole.reason}"
    elif outcome == "kept" and rest is not None:
        outcome = "kept" if rest.outcome == "undecided" else rest.outcome
        reason = f"{reason}; what remains of the candidate: {rest.reason}"
    moved = {t: (c.rate or 0) - (b.rate or 0) for t, (b, c) in share.pairs.items() if b.n and c.n}
    return Verdict(
        outcome=outcome,
        reason=reason,
        gate=whole.gate,
        incumbent=whole.incumbent,
        candidate=whole.candidate,
        score=share.score,
        delta=share.delta,
        raw_delta=share.raw,
        heldout_delta=(rest or whole).heldout_delta if outcome == "kept" else None,
        missing=sum(b.missing + c.missing for b, c in share.pairs.values()),
        predicted=commit.predicts,
        tasks=observed(share.pairs, judged.concentration),
        leave_one_out=(judged.harnesses[share.without], judged.harnesses[share.base]),
        observed_up=tuple(sorted(task for task, by in moved.items() if by > 0)),
        observed_down=tuple(sorted(task for task, by in moved.items() if by < 0)),
    )


def _words(share: PieceVerdict) -> str:
    """What leaving it out showed, and which choice was taken where it could not leave alone."""
    without, with_it = (
        pass_rate({task: pair[arm] for task, pair in share.pairs.items()}) or 0.0 for arm in (0, 1)
    )
    said = (
        f"leave-one-out on {len(share.found.tasks)} disputed tasks: {with_it:.0%} with it, "
        f"{without:.0%} without (P = {share.score:.2f})"
    )
    if not share.together:
        return said
    others = ", ".join(sha[:10] for sha in share.together)
    both = "keep both, for together they hold" if share.outcome == "kept" else "revert both"
    return f"{said}; it and {others} change the same lines: revert both or keep both. Taken: {both}"


def _part(total: int, place: int, of: int) -> int:
    """An equal part of a whole number; the parts add up."""
    return total * (place + 1) // of - total * place // of


def _part_of_usage(usage: Usage, place: int, of: int) -> Usage:
    return Usage(
        calls=_part(usage.calls, place, of),
        input_tokens=_part(usage.input_tokens, place, of),
        cached_tokens=_part(usage.cached_tokens, place, of),
        output_tokens=_part(usage.output_tokens, place, of),
        usd=None if usage.usd is None else usage.usd / of,
    )
