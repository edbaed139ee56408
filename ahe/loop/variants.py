"""Several variants of one iteration: each is edited on a branch of its own, they race, and the winner goes to the gate.

The race is successive halving (Jamieson and Talwalkar 2016) on train. Its rollouts are a series of their own, which no
verdict counts: a winner chosen by luck would have that luck in its verdict too. The gate measures it afresh.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean

from ahe.errors import NothingLeft
from ahe.evaluate.evaluation import Evaluator, mean_reward, pass_rate, tallies
from ahe.evaluate.stored import mean_tokens, pairs_of, stored_trials
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Notice
from ahe.gate.posterior import CONCENTRATION, posterior
from ahe.gate.predictions import with_tasks
from ahe.history import Commit, History
from ahe.history.commits import VARIANTS
from ahe.protocols import Watcher
from ahe.records import RACE, Brief, Trial, Usage, Verdict

TASKS = 24
"""Most train tasks in a round; each survivor gets one rollout of each."""


def better_half(rates: Mapping[str, float | None]) -> list[str]:
    """The names with the higher rates, rounded up; of equal ones the earlier. Without a rate one comes last."""
    ranked = sorted(rates, key=lambda name: -1.0 if (rate := rates[name]) is None else rate, reverse=True)
    return ranked[: (len(ranked) + 1) // 2]


def round_tasks(tasks: Sequence[str], seed: str, number: int) -> list[str]:
    """The tasks of round `number`, from 0, drawn without regard to any outcome."""
    return Random(f"{seed} {number}").sample(sorted(tasks), min(TASKS, len(tasks)))


def race_rollouts(variants: int, tasks: int) -> int:
    """What a race takes at most."""
    total = 0
    while variants > 1:
        total += variants * min(TASKS, tasks)
        variants = (variants + 1) // 2
    return total


@dataclass(frozen=True)
class Variant:
    """A variant: its branch, its commits, newest first, and its harness."""

    branch: str
    commits: tuple[Commit, ...]
    version: HarnessVersion

    @property
    def name(self) -> str:
        return self.branch.removeprefix("ahe/")


@dataclass
class Variants:
    """The `count` variants of a brief. `edit` makes the commits of one, `version` is the harness of a commit.

    A variant that has its branch already is not edited again, and a rollout that exists is not run again: after a kill
    all of it comes out as before.
    """

    count: int
    history: History
    edit: Callable[[Brief], Awaitable[list[str]]]
    version: Callable[[str], HarnessVersion]
    evaluator: Evaluator
    suite: Suite
    train: tuple[str, ...]
    watcher: Watcher

    async def best(self, brief: Brief) -> list[str]:
        """The commits of the winner, oldest first; the others are noted as `lost`. None where no variant was made."""
        made = await self._made(brief)
        if len(made) < 2:
            return [commit.sha for each in made for commit in reversed(each.commits)]
        first, trials = await self._race(brief, {each.version.id: each.version for each in made})
        winner = next(each for each in made if each.version.id == first)
        notes: dict[str, Verdict] = {}
        for each in made:
            if each is not winner:
                notes |= self._lost(brief, each, winner, trials)
        self.history.note_all(notes)
        said = ", ".join(f"{each.name} {_passed(trials[each.version.id])}" for each in made)
        self.watcher.emit(Notice(f"{winner.name} won the race and goes to the gate (passed: {said})"))
        return [commit.sha for commit in reversed(winner.commits)]

    async def _made(self, brief: Brief) -> list[Variant]:
        """The variants, in their order; an editor is told what the earlier ones change."""
        made: list[Variant] = []
        for number in range(1, self.count + 1):
            branch = f"{VARIANTS}{brief.iteration:03d}-{number}"
            if not self.history.built_on(brief.head, branch):
                commits = [commit for each in made for commit in each.commits]
                own = {
                    "variant": number,
                    "others": tuple(commit.subject for commit in commits),
                    "taken": tuple(
                        text for commit in commits for text in (commit.play, commit.source, commit.body)
                    ),
                }
                try:
                    shas = await self.edit(brief.model_copy(update=own))
                except NothingLeft:
                    if not made:
                        raise
                    break
                if not shas:
                    continue
                self.history.set_variant(branch, shas[-1])
            found = tuple(self.history.built_on(brief.head, branch))
            made.append(Variant(branch, found, self.version(found[0].sha)))
            self.watcher.emit(Notice(f"{made[-1].name}: {found[0].subject}"))
        return made

    async def _race(
        self, brief: Brief, versions: Mapping[str, HarnessVersion]
    ) -> tuple[str, dict[str, list[Trial]]]:
        """The harness that won, and the rollouts of each."""
        trials: dict[str, list[Trial]] = {name: [] for name in versions}
        seed, number, alive = self.history.harness_id(brief.head), 0, list(versions)
        while len(alive) > 1:
            tasks = [self.suite.tasks[name] for name in round_tasks(self.train, seed, number)]
            wanted = [
                self.evaluator.runner.plan(versions[name], task, RACE + number)
                for task in tasks
                for name in alive
            ]
            label = f"race of {len(alive)} variants, round {number + 1}"
            for trial in (await self.evaluator.evaluate(label, wanted)).trials:
                trials[trial.harness].append(trial)
            counted = {name: tallies(trials[name]) for name in alive}
            alive = better_half(
                {name: mean_reward(each) or pass_rate(each) for name, each in counted.items()}
            )
            number += 1
        return alive[0], trials

    def _lost(
        self, brief: Brief, each: Variant, winner: Variant, trials: Mapping[str, list[Trial]]
    ) -> dict[str, Verdict]:
        """The verdict on each commit of a variant that lost. The newest carries the cost of its rollouts.

        The incumbent's side are its plain rollouts: they do not choose the winner, so they may be shown beside it.
        """
        own, theirs = trials[each.version.id], trials[winner.version.id]
        tasks = [self.suite.tasks[name] for name in sorted({trial.task for trial in own})]
        before = stored_trials(self.evaluator, self.version(brief.head), tasks)
        pairs, spent = pairs_of((before, own)), (mean_tokens(before), mean_tokens(own))
        found = posterior(pairs)
        why = f"lost the race to {winner.name}: {_passed(own)} passed, there {_passed(theirs)}"
        if each.version.id == winner.version.id:
            why = f"the same harness as {winner.name}, which went to the gate"
        both = sorted(spent[0].keys() & spent[1].keys())
        verdict = Verdict(
            outcome="lost",
            reason=why,
            gate="race",
            incumbent=brief.head,
            candidate=each.commits[0].sha,
            harnesses=(self.history.harness_id(brief.head), each.version.id),
            score=found.above() if found else None,
            delta=found.interval() if found else None,
            raw_delta=found.raw if found else None,
            incumbent_rate=pass_rate(tallies(before)),
            candidate_rate=pass_rate(tallies(own)),
            tokens=(fmean(spent[0][t] for t in both), fmean(spent[1][t] for t in both)) if both else None,
        )
        verdict = with_tasks(verdict, pairs, CONCENTRATION)
        used = sum((trial.usage + trial.side_usage for trial in own), Usage())
        paid = verdict.model_copy(update={"rollouts": len(own), "usage": used})
        return {commit.sha: verdict for commit in each.commits} | {each.commits[0].sha: paid}


def _passed(trials: Sequence[Trial]) -> str:
    """`7 of 9`, of the scored rollouts."""
    scored = [trial for trial in trials if trial.status != "missing"]
    return f"{sum(trial.status == 'passed' for trial in scored)} of {len(scored)}"
