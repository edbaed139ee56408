"""Turns the results for a candidate into the verdict on each of its commits, as written to its note."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ahe.evaluate.evaluation import pass_rate
from ahe.gate.attribution import AttributionStep, LeftOut, PieceVerdict
from ahe.gate.choose import NotedGate
from ahe.gate.posterior import mean_rewards
from ahe.gate.predictions import scored, with_tasks
from ahe.history import Commit
from ahe.loop.state import WorkspaceState
from ahe.records import CommitVerdict, IterationVerdicts, Trial, Usage, Verdict, VerdictOutcome

NEVER_WHOLE = "what remains was never measured as a whole: the next iteration does that"


@dataclass(frozen=True)
class JudgedCandidate:
    """The results for the pending commits of `state`.

    `whole` is the gate's verdict on all of them; `step` has attribution's verdict on each, where it was needed, and
    `rest` is the gate's verdict on what remains of a whole that it would revert. `blocked` commits cannot be
    reverted without a person's; `no_op` ones change nothing. `harnesses` are the ids of the trees, `spent` the trials
    that attribution ran.
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

    def attributed(self, sha: str) -> PieceVerdict | None:
        """Attribution's verdict on a commit, where there is one."""
        verdicts = self.step.verdicts if self.step else ()
        return next((each for each in verdicts if each.piece == sha), None)

    @property
    def problem(self) -> str:
        """Why the commits have no verdicts of their own; empty where they have."""
        if self.step and self.step.problem:
            return f"leave-one-out attribution: {self.step.problem}"
        return self.rest.reason if self.rest and self.rest.outcome == "undecided" else ""

    def overall(self) -> Verdict:
        """The verdict on the candidate as a whole: `kept` where any change was kept."""
        if self.step is None:
            return self.whole
        outcomes = {verdict.outcome for sha, verdict in self.each().items() if self.attributed(sha)}
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
        """The verdict on every pending commit, newest first. Each gets an equal part of the cost.

        Its predictions are scored on its own leave-one-out rollouts if it has them, else on those of the whole.
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
        return _as_whole(whole, commit)
    if commit.by_person:
        return _by_person(whole)
    if commit.sha in judged.no_op:
        reason = "without it the harness is the same: nothing to keep, nothing to revert"
        ends = {"incumbent": whole.incumbent, "candidate": whole.candidate}
        return Verdict(outcome="unchanged", reason=reason, gate=whole.gate, **ends)
    if commit.sha in judged.blocked:
        # A person's later commit builds on it, and a person's commit is never reverted, so both stay.
        own = _as_whole(whole, commit)
        return both_stay(own) if whole.outcome == "reverted" else own
    found = judged.attributed(commit.sha)
    return _from_attribution(judged, commit, found) if found else _as_whole(whole, commit)


def _as_whole(whole: Verdict, commit: Commit) -> Verdict:
    """The whole's verdict, with the commit's own predictions."""
    return whole.model_copy(update={"predicted": commit.predicts})


def _by_person(whole: Verdict) -> Verdict:
    """A person's commit without a manifest is already a decision: it is noted, never reverted."""
    if whole.gate == NotedGate.name:
        return whole.model_copy(update={"decided_by": "person"})
    if whole.outcome != "reverted":
        return whole
    reason = f"a person's commit stays; the gate would revert it: {whole.reason}"
    return whole.model_copy(update={"outcome": "kept", "decided_by": "person", "reason": reason})


def both_stay(reverted: Verdict) -> Verdict:
    """The verdict on a change that should be reverted and cannot be, because later work builds on it."""
    reason = (
        f"the gate would revert it ({reverted.reason}), but a person's later commit builds on it. The choices: revert "
        "both by hand, the later one first, or keep both. Kept both: a person's commit is never reverted"
    )
    return reverted.model_copy(update={"outcome": "kept", "reason": reason})


def _from_attribution(judged: JudgedCandidate, commit: Commit, found: PieceVerdict) -> Verdict:
    whole, rest = judged.whole, judged.rest
    outcome: VerdictOutcome = found.outcome
    reason = _leave_one_out_reason(found)
    dropped = judged.step.dropped if judged.step else frozenset()
    if whole.outcome == "kept":
        reason += f"; {NEVER_WHOLE}" if outcome == "kept" and dropped else ""
    elif outcome == "kept" and rest is None:
        outcome, reason = "reverted", f"{reason}, but no commit is to blame and the whole is {whole.reason}"
    elif outcome == "kept" and rest is not None:
        outcome = "kept" if rest.outcome == "undecided" else rest.outcome
        reason = f"{reason}; what remains of the candidate: {rest.reason}"
    verdict = Verdict(
        outcome=outcome,
        reason=reason,
        gate=whole.gate,
        incumbent=whole.incumbent,
        candidate=whole.candidate,
        score=found.score,
        delta=found.delta,
        raw_delta=found.raw,
        heldout_delta=(rest or whole).heldout_delta if outcome == "kept" else None,
        predicted=commit.predicts,
        leave_one_out=(judged.harnesses[found.without], judged.harnesses[found.base]),
    )
    return with_tasks(verdict, found.pairs, judged.concentration)


def _leave_one_out_reason(found: PieceVerdict) -> str:
    """The pass rates with and without the commit, and what was done if it had to be left out with others."""
    without, with_it = (
        pass_rate({task: pair[arm] for task, pair in found.pairs.items()}) or 0.0 for arm in (0, 1)
    )
    rewards = mean_rewards(found.pairs)
    means = f", mean reward {rewards[1]:.2f} and {rewards[0]:.2f}" if rewards else ""
    said = (
        f"leave-one-out on {len(found.found.tasks)} disputed tasks: {with_it:.0%} with it, "
        f"{without:.0%} without{means} (P = {found.score:.2f})"
    )
    if not found.together:
        return said
    others = ", ".join(sha[:10] for sha in found.together)
    both = "keep both, for together they hold" if found.outcome == "kept" else "revert both"
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
