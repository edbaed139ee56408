"""When a run can see nothing worth its cost: said before it starts, with what to change. Nothing is refused."""

from __future__ import annotations

from ahe.power.detectable import Beliefs, tasks_for

COARSE = 30.0
"""Who can only see a rise of so many points sees nothing that one edit does."""
WANTED = 15.0


def warnings(
    known: Beliefs,
    points: float | None,
    covered: float | None,
    limit: str,
    rollouts: int,
    temperature: float | None,
    ceiling: bool = False,
    blind: bool = False,
) -> tuple[str, ...]:
    """Sentences, each of which names its remedy. `covered` iterations are paid for by the budget `limit`.

    `ceiling` says that what one comparison may cost is limited, `blind` that it is in money and no price is known.
    """
    found = []
    room = 100 * (1 - known.mean)
    more = f"{tasks_for(WANTED, known, rollouts)} tasks would do for {WANTED:.0f} points"
    if points is not None and points > COARSE:
        found.append(
            f"only rises of {points:.0f} points or more are likely to be seen: use more tasks ({more}) or more rollouts"
            + (", or raise [evolve] comparison" if ceiling else "")
        )
    elif points is not None and known.measured and points > room:
        found.append(
            f"about {100 * known.mean:.0f} % pass already, and a rise of less than {points:.0f} points is hardly seen: "
            "use harder tasks, more of them, or more rollouts"
        )
    if covered is not None and covered < 1:
        found.append(
            f"the budget of {limit} does not cover one iteration: it will end in the middle of it. "
            "Raise it under [budget] in ahe.toml, or measure fewer tasks (--quick)"
        )
    if blind:
        found.append(
            "[evolve] comparison limits money, and the coder's price is not known: set usd_per_million_input and "
            "usd_per_million_output, or limit tokens or rollouts"
        )
    if temperature == 0 and rollouts > 1:
        found.append(
            f"at temperature 0 the {rollouts} rollouts of a task may be copies of one: `ahe calibrate` counts them"
        )
    return tuple(found)
