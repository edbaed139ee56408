"""The probability that the candidate is better: two models of an edit, averaged.

Notation: T tasks; of task t the incumbent passed b of n_b rollouts, the candidate c of n_c. A reward between 0 and 1
counts as that part of a pass, and where there are any, all counts are divided by their `dispersion` φ: rewards of one
task vary less than passes do, so a rollout says as much as 1/φ passes or failures. A task's pass rate has the prior
Beta(α, β). A *sparse* edit touches a few tasks, each with probability ε, and leaves the others exactly as they were; a
*dense* edit shifts every task a little. Nobody knows beforehand which kind an edit is, so the score is the mean of the
two probabilities. Everything is a closed form of gamma functions, so `math.lgamma` is enough and numpy is not needed.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

from ahe.records import Interval, Tally

Pairs = Mapping[str, tuple[Tally, Tally]]

TOUCHED = 0.15
"""ε: the prior probability that an edit touches a task."""
SPREAD, FLOOR = 0.25, 0.025
"""A dense edit shifts the mean by about τ = max(FLOOR, SPREAD/√T)."""
MEAN_FROM, MEAN_TO = 0.05, 0.95
CONCENTRATION = 1.0
LEAST_DISPERSION, DOUBT = 0.1, 0.5


@dataclass(frozen=True)
class TaskShift:
    """What the rollouts say about one task: `changed` is π_t, the probability that its pass rate changed.

    `mean` and `variance` are those of the change of its pass rate, no change included; `rate` is p̃, its rate
    if nothing changed, and `noise` the sampling variance of the raw difference then. `weight` is
    w_t = n_b·n_c/(n_b+n_c), the task's weight in a shift that all tasks share.
    """

    changed: float
    mean: float
    variance: float
    raw: float
    rate: float
    noise: float
    weight: float


@dataclass(frozen=True)
class Posterior:
    """The change Δ of the mean pass rate over tasks: normal under either model, and by task.

    `raw` is the plain mean of c/n_c − b/n_b; it is biased upwards if the candidate was picked among several.
    """

    tasks: dict[str, TaskShift]
    sparse: NormalDist
    dense: NormalDist
    raw: float

    def above(self, threshold: float = 0.0) -> float:
        """P(Δ > threshold), the mean of both models: P = (P_s + P_d)/2."""
        return 1 - self.below(threshold)

    def below(self, threshold: float) -> float:
        """P(Δ < threshold), the mean of both models."""
        return (self.sparse.cdf(threshold) + self.dense.cdf(threshold)) / 2

    @property
    def mean(self) -> float:
        """Posterior mean of Δ."""
        return (self.sparse.mean + self.dense.mean) / 2

    def interval(self, mass: float = 0.9) -> Interval:
        """Posterior mean with the central interval that holds `mass` of the mixture of both models."""
        return Interval(
            mean=self.mean, low=self._quantile((1 - mass) / 2), high=self._quantile((1 + mass) / 2)
        )

    def _quantile(self, share: float) -> float:
        ends = [model.inv_cdf(share) for model in (self.sparse, self.dense)]
        low, high = min(ends), max(ends)
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < share else (low, middle)
        return (low + high) / 2


def posterior(pairs: Pairs, concentration: float = CONCENTRATION) -> Posterior | None:
    """The posterior over the tasks that both arms have scored; None where there is none.

    Sparse: m = Σ π_t(μ_c − μ_b)/T and sd = √(Σ v_t)/T. Dense: `common_shift` gives d and se,
    τ = max(.025, .25/√T), κ = τ²/(τ²+se²): mean κd, variance κ·se².
    """
    both = {task: pair for task, pair in pairs.items() if pair[0].n and pair[1].n}
    if not both:
        return None
    alpha, beta = prior(both, concentration)
    share = dispersion(tally for pair in both.values() for tally in pair)
    known: dict[tuple[float, float, float, float], TaskShift] = {}
    tasks: dict[str, TaskShift] = {}
    for task, (one, other) in both.items():
        key = (one.reward / share, one.n / share, other.reward / share, other.n / share)
        if key not in known:
            known[key] = task_shift(*key, alpha, beta)
        tasks[task] = known[key]
    count = len(tasks)
    raw = fmean(shift.raw for shift in tasks.values())
    shifted, noise = common_shift(tasks.values())
    tau = max(FLOOR, SPREAD / math.sqrt(count))
    kappa = tau**2 / (tau**2 + noise)
    mean = fmean(shift.mean for shift in tasks.values())
    sd = math.sqrt(sum(shift.variance for shift in tasks.values())) / count
    return Posterior(tasks, NormalDist(mean, sd), NormalDist(kappa * shifted, math.sqrt(kappa * noise)), raw)


def common_shift(tasks: Collection[TaskShift]) -> tuple[float, float]:
    """d and se²: the change of the mean rate if the logit of every task moves by the same amount x, and its variance.

    With V_t = p̃(1−p̃) and w_t = n_b·n_c/(n_b+n_c), the score estimate of x (Mantel and Haenszel 1959) is
    Σ w_t(c/n_c − b/n_b) / Σ w_t·V_t with variance 1/Σ w_t·V_t. A small x moves task t by V_t·x and the mean by V̄·x,
    V̄ = mean(V_t). So d = V̄·Σ w_t(c/n_c − b/n_b) / Σ w_t·V_t and se² = V̄²/Σ w_t·V_t. If every task has the same
    number of rollouts, d is the plain mean of the differences; otherwise tasks with more rollouts weigh more.
    """
    spread = fmean(task.rate * (1 - task.rate) for task in tasks)
    information = sum(task.weight * task.rate * (1 - task.rate) for task in tasks)
    moved = sum(task.weight * task.raw for task in tasks)
    return spread * moved / information, spread**2 / information


def task_shift(b: float, n_b: float, c: float, n_c: float, alpha: float, beta: float) -> TaskShift:
    """One task, with μ and σ² the mean and variance of either arm's pass rate given its own rollouts.

    π_t = ε·BF_t / (1−ε+ε·BF_t), and v_t = π_t(σ_b²+σ_c²+(μ_c−μ_b)²) − (π_t(μ_c−μ_b))².
    """
    factor = math.exp(log_bayes_factor(b, n_b, c, n_c, alpha, beta))
    changed = TOUCHED * factor / (1 - TOUCHED + TOUCHED * factor)
    before, spread_before = _beta(alpha + b, beta + n_b - b)
    after, spread_after = _beta(alpha + c, beta + n_c - c)
    change = after - before
    pooled = (alpha + b + c) / (alpha + beta + n_b + n_c)
    return TaskShift(
        changed=changed,
        mean=changed * change,
        variance=changed * (spread_before + spread_after + change**2) - (changed * change) ** 2,
        raw=c / n_c - b / n_b,
        rate=pooled,
        noise=pooled * (1 - pooled) * (1 / n_b + 1 / n_c),
        weight=n_b * n_c / (n_b + n_c),
    )


def log_bayes_factor(b: float, n_b: float, c: float, n_c: float, alpha: float, beta: float) -> float:
    """log BF_t: a pass rate for each arm, against one that both arms share.

    BF_t = B(α+b, β+n_b−b)·B(α+c, β+n_c−c) / (B(α, β)·B(α+b+c, β+n_b+n_c−b−c)).
    """
    separate = _log_b(alpha + b, beta + n_b - b) + _log_b(alpha + c, beta + n_c - c)
    together = _log_b(alpha, beta) + _log_b(alpha + b + c, beta + n_b + n_c - b - c)
    return separate - together


def prior(pairs: Pairs, concentration: float = CONCENTRATION) -> tuple[float, float]:
    """α and β: their mean is the suite's pass rate over both arms, clipped to [.05, .95].

    The mean over tasks, not over rollouts: tasks in doubt get more rollouts and would pull it towards one half.
    A wrong mean shifts the arm with fewer rollouts more, which would look like a change.
    """
    rates = [(b.reward + c.reward) / (b.n + c.n) for b, c in pairs.values() if b.n + c.n]
    mean = min(MEAN_TO, max(MEAN_FROM, fmean(rates))) if rates else 0.5
    return concentration * mean, concentration * (1 - mean)


def mean_rewards(pairs: Pairs) -> tuple[float, float] | None:
    """Mean rewards of both arms over the tasks that both have scored; None where every reward is 0 or 1."""
    both = [pair for pair in pairs.values() if pair[0].n and pair[1].n]
    if not any(tally.between for pair in both for tally in pair):
        return None
    before, after = (fmean(pair[arm].reward / pair[arm].n for pair in both) for arm in (0, 1))
    return round(before, 4), round(after, 4)


def dispersion(tallies: Iterable[Tally]) -> float:
    """φ: the variance of a task's reward between rollouts, as a share of p(1−p), that of passing or failing.

    Over tasks and arms with n > 1 rollouts of mean reward r and unbiased variance s², weighted by n−1:
    φ = Σ s² / Σ (r(1−r) + s²/n), whose denominator estimates p(1−p) without bias. Exactly 1 where every reward is 0 or
    1, because then s² = r(1−r)·n/(n−1). As if `DOUBT` were added to both sums, so few rollouts leave it near 1.
    """
    found = [tally for tally in tallies if tally.n]
    if not any(tally.between for tally in found):
        return 1.0
    squares, whole = DOUBT, DOUBT
    for tally in found:
        if tally.n > 1:
            mean = tally.reward / tally.n
            own = max(0.0, tally.reward - tally.between - tally.n * mean**2)
            squares += own
            whole += (tally.n - 1) * mean * (1 - mean) + own / tally.n
    return min(1.0, max(LEAST_DISPERSION, squares / whole))


ENOUGH_TASKS = 20
LEAST, MOST = 0.3, 10.0


def enough(rows: Iterable[tuple[str, Tally]]) -> bool:
    """Whether 20 different tasks were tried at least twice. A task tried with ten harnesses counts once."""
    return len({task for task, tally in rows if tally.n >= 2}) >= ENOUGH_TASKS


def fit_concentration(rows: Sequence[tuple[str, Tally]]) -> float:
    """α+β fitted to earlier rollouts by the moments of the Beta-binomial; 1 until there is `enough`.

    Each row is a task with its rollouts of one harness.
    With rates of mean p and variance S² over rows and h the mean of 1/n: S² = p(1−p)(ρ + (1−ρ)h) and
    α+β = 1/ρ − 1. Only rows with at least two rollouts count.
    """
    if not enough(rows):
        return CONCENTRATION
    useful = [tally for _, tally in rows if tally.n >= 2]
    rates = [tally.reward / tally.n for tally in useful]
    p, h = fmean(rates), dispersion(useful) * fmean(1 / tally.n for tally in useful)
    if not 0 < p < 1:
        return CONCENTRATION
    spread = sum((rate - p) ** 2 for rate in rates) / (len(rates) - 1)
    rho = (spread / (p * (1 - p)) - h) / (1 - h)
    return min(MOST, max(LEAST, 1 / rho - 1)) if rho > 0 else MOST


def _log_b(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _beta(a: float, b: float) -> tuple[float, float]:
    """Mean and variance of Beta(a, b)."""
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))
