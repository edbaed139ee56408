"""What an edit may touch: refused before anything is measured, and said to the evolver."""

from __future__ import annotations

import pytest
from evolve_bench import Bench, manifest
from test_evolver_agent import REMEMBER, commit, edit
from test_proposal import PLAYS, Filler, failed_for_a_missing_file

from ahe.agents.answering import Refused
from ahe.records import Kind, Surfaces

DESCRIPTION, TOOL, SKILL = Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION, Kind.SKILL


@pytest.mark.parametrize(
    ("kinds", "most", "touched", "refused"),
    [
        ((), 0, tuple(Kind), 0),
        ((SKILL,), 0, (SKILL,), 0),
        ((SKILL,), 0, (SKILL, Kind.MEMORY), 1),
        ((), 1, (SKILL,), 0),
        ((), 1, (SKILL, Kind.MEMORY), 1),
        ((), 1, (DESCRIPTION, TOOL), 0),
        ((), 1, (DESCRIPTION, TOOL, SKILL), 1),
        ((SKILL,), 1, (DESCRIPTION, TOOL, SKILL), 2),
    ],
)
def test_kinds_and_their_number_are_limited(
    kinds: tuple[Kind, ...], most: int, touched: tuple[Kind, ...], refused: int
) -> None:
    assert len(Surfaces(kinds=kinds, most=most).refusals(touched)) == refused


def limit(bench: Bench, **given: object) -> None:
    bench.brief = bench.brief.model_copy(update={"surfaces": Surfaces.model_validate(given)})


async def test_an_edit_on_a_second_surface_is_refused_and_nothing_is_committed(bench: Bench) -> None:
    limit(bench, most=1)
    with bench.draft() as draft:
        (draft.folder / "memory.md").write_text("List a folder before you read from it.\n")
        with (draft.folder / "system_prompt.md").open("a") as prompt:
            prompt.write("List a folder first.\n")
        with pytest.raises(Refused, match="2 kinds of component in one edit"):
            await draft.commit(manifest())
        assert draft.commits == []


async def test_an_agent_is_told_its_surfaces_and_refused_beside_them(bench: Bench) -> None:
    limit(bench, kinds=["skill", "middleware"])
    commits, results = await edit(bench, REMEMBER, commit())
    assert commits == []
    assert "memory: in this run an edit may touch skill, middleware only" in results[1]
    assert "may touch skill, middleware only." in (bench.runs / "requests.jsonl").read_text()


async def test_the_form_offers_only_what_may_be_touched(bench: Bench) -> None:
    failed_for_a_missing_file(bench)
    limit(bench, kinds=["skill", "middleware"], most=1)
    filler = Filler({"place": "memory"}, {"place": "skill"})
    (sha,) = await bench.evolver(filler, None, 3, PLAYS).edit(bench.brief)
    schema = filler.requests[0].response_schema
    assert schema is not None
    places = schema["properties"]["place"]["enum"]
    assert places[0] == "skill" and "play missing-file" in places and "memory" not in places
    assert "place is one of skill, play" in filler.told()
    assert bench.history.changed_paths(sha) == ["skills/look-first/SKILL.md"]


async def test_where_nothing_may_be_touched_the_form_is_not_sent(bench: Bench) -> None:
    limit(bench, kinds=["sub_agent"])
    filler = Filler({})
    assert await bench.evolver(filler, None, 3).edit(bench.brief) == []
    assert filler.requests == []
