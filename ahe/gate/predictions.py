"""Scores a change's predictions, by the probability that each task changed and not by flips.

With k = 2 an edit that does nothing turns many tasks from failing to passing, which would make any prediction look
good. So a task counts with π_t, the posterior probability that it changed: u_t = π_t where its pass rate went up
and d_t = π_t where it went down, else 0. Of n named tasks and T counted ones:

    expected hits   h = Σ u_t over the named
    precision       h / n                 at random  Ū = Σ u_t / T
    recall          h / Σ u_t             at random  n / T

and likewise with d_t for regressions. A task that an arm has not scored is not counted, not even among the named.
"""

from collections.abc import Iterable, Sequence

from ahe.gate.posterior import CONCENTRATION, Pairs, mean_rewards, posterior
from ahe.records import Observed, PredictionScore, Verdict


def observed(pairs: Pairs, concentration: float = CONCENTRATION) -> tuple[Observed, ...]:
    """Each task that an arm has tried, by name, with its π_t."""
    found = posterior(pairs, concentration)
    shifts = found.tasks if found else {}
    return tuple(
        Observed(
            task=task,
            b=one.passes,
            n_b=one.n,
            c=other.passes,
            n_c=other.n,
            changed=round(shifts[task].changed, 4) if task in shifts else None,
            rewards=mean_rewards({task: (one, other)}),
        )
        for task, (one, other) in sorted(pairs.items())
        if one.n or other.n or one.missing or other.missing
    )


def fixes(named: Iterable[str], tasks: Sequence[Observed]) -> PredictionScore:
    """The score of predicting that these tasks go up."""
    return _prediction_score(named, {each.task: each.up for each in tasks if each.changed is not None})


def regressions(named: Iterable[str], tasks: Sequence[Observed]) -> PredictionScore:
    """The score of predicting that these tasks go down."""
    return _prediction_score(named, {each.task: each.down for each in tasks if each.changed is not None})


def with_tasks(verdict: Verdict, pairs: Pairs, concentration: float) -> Verdict:
    """The verdict with its arms' rollouts by task: what was tried, is missing, went up and went down."""
    tasks = observed(pairs, concentration)
    return verdict.model_copy(
        update={
            "missing": sum(b.missing + c.missing for b, c in pairs.values()),
            "tasks": tasks,
            "rewards": mean_rewards(pairs),
            "observed_up": tuple(each.task for each in tasks if each.step > 0),
            "observed_down": tuple(each.task for each in tasks if each.step < 0),
        }
    )


def scored(verdict: Verdict, predicts: Sequence[str], risks: Sequence[str]) -> Verdict:
    """The verdict on one change, with the scores of this change's own predictions."""
    if not any(each.changed is not None for each in verdict.tasks):
        return verdict
    return verdict.model_copy(
        update={
            "predicted": tuple(predicts),
            "fixes": fixes(predicts, verdict.tasks),
            "regressions": regressions(risks, verdict.tasks),
        }
    )


def _prediction_score(named: Iterable[str], moved: dict[str, float]) -> PredictionScore:
    counted = [task for task in dict.fromkeys(named) if task in moved]
    total = sum(moved.values())
    return PredictionScore(
        named=len(counted),
        hits=round(sum(moved[task] for task in counted), 4),
        observed=round(total, 4),
        chance=round(len(counted) * total / len(moved), 4) if moved else 0.0,
    )
