"""What a comparison showed of each task, and what predictions about it were worth."""

from __future__ import annotations

from ahe.records.base import Record


class Observed(Record):
    """One task: `b` of `n_b` rollouts passed before the change, `c` of `n_c` after it.

    `changed` is π_t, the posterior probability that the task's pass rate changed at all; None where an arm has
    no scored rollout, and then the task counts nowhere.
    """

    task: str
    b: int
    n_b: int
    c: int
    n_c: int
    changed: float | None = None

    @property
    def step(self) -> float:
        """c/n_c − b/n_b; 0 where an arm has no scored rollout."""
        return self.c / self.n_c - self.b / self.n_b if self.n_b and self.n_c else 0.0

    @property
    def up(self) -> float:
        """Probability that the task changed, where it went up; 0 where it did not."""
        return self.changed or 0.0 if self.step > 0 else 0.0

    @property
    def down(self) -> float:
        """Probability that the task changed, where it went down; 0 where it did not."""
        return self.changed or 0.0 if self.step < 0 else 0.0

    def __str__(self) -> str:
        known = "" if self.changed is None else f" (π {self.changed:.2f})"
        return f"{self.task} {self.b}/{self.n_b} → {self.c}/{self.n_c}{known}"


class PredictionScore(Record):
    """What predictions of one direction were worth, in expected tasks. Sums over a run's changes are the run's.

    `named` tasks were predicted and counted, `hits` = Σ π_t over those of them that went the predicted way,
    `happened` = Σ π_t over all tasks that went that way, and `chance` is what `hits` would be in the mean if as
    many tasks were named at random: named · happened / tasks.
    """

    named: int = 0
    hits: float = 0.0
    happened: float = 0.0
    chance: float = 0.0

    def __add__(self, other: PredictionScore) -> PredictionScore:
        return PredictionScore(
            named=self.named + other.named,
            hits=self.hits + other.hits,
            happened=self.happened + other.happened,
            chance=self.chance + other.chance,
        )

    @property
    def precision(self) -> float | None:
        """hits / named: the share of what was predicted that came true. None without a prediction."""
        return self.hits / self.named if self.named else None

    @property
    def recall(self) -> float | None:
        """hits / happened: the share of what happened that was predicted. None where nothing happened."""
        return self.hits / self.happened if self.happened else None

    @property
    def random_precision(self) -> float | None:
        return self.chance / self.named if self.named else None

    @property
    def random_recall(self) -> float | None:
        return self.chance / self.happened if self.happened else None

    def __str__(self) -> str:
        if not self.named:
            return f"none named, {self.happened:.1f} happened"
        precision = f"precision {_share(self.precision)}, at random {_share(self.random_precision)}"
        recall = f"recall {_share(self.recall)}, at random {_share(self.random_recall)}"
        return f"{self.hits:.1f} of {self.named} came true ({precision}; {recall})"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
