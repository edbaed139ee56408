"""The evolver as a form: one form a call, applied by program; refusals go back, and not forever."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import world
import yaml
from evolve_bench import TRIAL, Bench

from ahe.evolve.plays import read_playbook
from ahe.evolve.proposal import Proposal, apply, form_schema
from ahe.models.openai import OpenAIModel
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.project.content import entry
from ahe.protocols import Model
from ahe.records import Cluster, Message, ModelSpec, Reply, Request, Signature, Usage

FILLED: dict[str, Any] = {
    "evidence": 1,
    "root_cause": "It reads a file without knowing that it is there.",
    "place": "memory",
    "name": "look-first",
    "text": "List the folder before you read a file from it.",
    "subject": "look before reading",
    "predicts": [world.TRAIN[0]],
    "risks": [],
}


class Filler:
    """A model that fills in the form with the answers given, one a call, the last one every time."""

    spec = ModelSpec(name="filler")
    fingerprint = "filler"

    def __init__(self, *answers: str | dict[str, Any]) -> None:
        self.answers = [a if isinstance(a, str) else json.dumps({**FILLED, **a}) for a in answers]
        self.requests: list[Request] = []

    async def complete(self, request: Request) -> Reply:
        text = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        return Reply(message=Message(role="assistant", content=text), usage=Usage(calls=1))

    def told(self) -> str:
        return self.requests[-1].messages[-1].content


async def edit(bench: Bench, model: Model, repairs: int = 3) -> list[str]:
    return await bench.evolver(model, None, repairs).edit(bench.brief)


async def test_a_proposal_becomes_a_commit(bench: Bench) -> None:
    filler = Filler({})
    (sha,) = await edit(bench, filler)
    assert (
        bench.history.contents(sha)["memory.md"].text == "- List the folder before you read a file from it.\n"
    )
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.subject == "memory: look before reading"
    assert commit.evidence == (f"{TRIAL}#3",)
    assert commit.predicts == (world.TRAIN[0],)
    assert len(filler.requests) == 1
    system, user = filler.requests[0].messages
    assert "You fill in a form" in system.content
    assert "1. cat: report.txt: No such file or directory\n2. other.txt" in user.content
    assert "The report." in user.content and "You solve tasks in a Linux shell" in user.content


async def test_the_form_reaches_the_endpoint_as_a_schema(bench: Bench, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    server = ScriptedServer(Script({"evolver": {"evolve/001/0": json.dumps(FILLED)}}, log=log))
    model = OpenAIModel(ModelSpec(name="m", base_url=await server.start()), keyed=True)
    try:
        assert len(await edit(bench, model)) == 1
    finally:
        await model.aclose()
        await server.stop()
    payload = json.loads(log.read_text())["payload"]
    schema = payload["response_format"]["json_schema"]["schema"]
    assert schema == form_schema(2, (world.TRAIN[0],))
    assert payload["max_tokens"] == 700


def test_the_form_holds_the_choices() -> None:
    schema = form_schema(3, ("a", "b"))
    assert schema["properties"]["evidence"]["enum"] == [1, 2, 3]
    assert schema["properties"]["predicts"]["items"]["enum"] == ["a", "b"]
    assert schema["required"] == list(schema["properties"]) == list(Proposal.model_fields)
    assert schema["additionalProperties"] is False


def in_memory(text: str | None) -> bool:
    return text == "- List the folder before you read a file from it.\n"


def in_prompt(text: str | None) -> bool:
    return text is not None and text.endswith(
        "no command.\nList the folder before you read a file from it.\n"
    )


def in_description(text: str | None) -> bool:
    tree = yaml.safe_load(text or "")
    told = str(tree["description"])
    return (
        told.startswith("Run a bash command")
        and told.endswith("read a file from it.")
        and "parameters" in tree
    )


def in_skill(text: str | None) -> bool:
    return text is not None and text.startswith(
        '---\nname: look-first\ndescription: "look before reading"\n---\n'
    )


@pytest.mark.parametrize(
    ("place", "path", "right"),
    [
        ("memory", "memory.md", in_memory),
        ("system_prompt", "system_prompt.md", in_prompt),
        ("tool_description", "tool_descriptions/run_shell_command.yaml", in_description),
        ("skill", "skills/look-first/SKILL.md", in_skill),
    ],
)
async def test_each_place_takes_the_text(
    bench: Bench, place: str, path: str, right: Callable[[str | None], bool]
) -> None:
    (sha,) = await edit(bench, Filler({"place": place}))
    assert bench.history.changed_paths(sha) == [path]
    assert right(bench.history.contents(sha)[path].text)
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.kinds == (place,)


LEAK = {"text": f"Remember that {world.HELDOUT[0]} wants a word."}


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (LEAK, "names a task"),
        ("not the form", "does not fill in the form"),
        ({"evidence": 0}, "evidence is the number of an excerpt, from 1 to 2"),
        ({"evidence": 7}, "evidence is the number of an excerpt, from 1 to 2"),
        ({"place": "somewhere"}, "does not fill in the form"),
        ({"place": "skill", "name": "!!!"}, "needs a new name"),
        ({"subject": "short"}, "does not fill in the form"),
        ({"place": "system_prompt", "text": "Use {{ what_is_this }} always, please."}, "what_is_this"),
    ],
)
async def test_a_refusal_is_sent_back_and_the_next_try_starts_clean(
    bench: Bench, first: str | dict[str, Any], told: str
) -> None:
    filler = Filler(first, {"text": "Look at the folder first, then read."})
    (sha,) = await edit(bench, filler)
    assert told in filler.told()
    assert "Propose something else." in filler.told()
    assert world.HELDOUT[0] not in filler.told() or first is LEAK
    assert bench.history.changed_paths(sha) == ["memory.md"]
    assert bench.history.contents(sha)["memory.md"].text == "- Look at the folder first, then read.\n"
    assert len({request.key for request in filler.requests}) == 2
    assert len({request.seed for request in filler.requests}) == 2


async def test_refusals_are_bounded_and_leave_nothing(bench: Bench) -> None:
    filler = Filler(LEAK)
    assert await edit(bench, filler, repairs=2) == []
    assert len(filler.requests) == 3
    assert all(len(request.messages) <= 4 for request in filler.requests), "only the last refusal is kept"
    assert bench.history.head() == bench.brief.head
    assert not list((bench.runs / "scratch").glob("evolve-*"))


async def test_without_an_excerpt_nothing_is_asked(bench: Bench) -> None:
    filler = Filler({})
    report = bench.brief.report.model_copy(update={"citations": ()})
    brief = bench.brief.model_copy(update={"report": report})
    assert await bench.evolver(filler, None, 3).edit(brief) == []
    assert filler.requests == []


def test_a_description_needs_a_tool(tmp_path: Path) -> None:
    proposal = Proposal.model_validate({**FILLED, "place": "tool_description"})
    with pytest.raises(ValueError, match="no tool"):
        apply(proposal, tmp_path, ())


def test_text_of_several_lines_is_one_lesson_in_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.md").write_text("- One.")
    apply(Proposal.model_validate({**FILLED, "text": "Two\n# lines\n"}), tmp_path, ())
    assert (tmp_path / "memory.md").read_text() == "- One.\n- Two # lines\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Look first, then act, then check the result.", "the harness says this already"),
        ("The failing rollout reads a file that is not there.", "what happened"),
        ("Read /app/out.txt before you end the task.", "belongs to one task"),
    ],
)
async def test_an_unusable_rule_goes_back_with_its_reason(bench: Bench, text: str, said: str) -> None:
    instructions = {"alpha-note": "Write the word alpha into /app/out.txt.", "beta-note": "Write beta."}
    evidence = bench.brief.evidence.model_copy(update={"instructions": instructions})
    bench.brief = bench.brief.model_copy(update={"evidence": evidence})
    filler = Filler({"text": text}, {})
    (sha,) = await edit(bench, filler)
    assert said in filler.told() and len(filler.requests) == 2
    assert "List the folder" in (bench.history.contents(sha)["memory.md"].text or "")


PLAYS = read_playbook(entry("evolver") / "playbook")


def failed_for_a_missing_file(bench: Bench) -> None:
    signature = Signature(cause="missing_output", status="answered", mechanism="no_such_path")
    cluster = Cluster(signature=signature, trials=(TRIAL,), tasks=(world.TRAIN[0],))
    report = bench.brief.report.model_copy(update={"clusters": (cluster,)})
    line = "- memory: say something: reverted -3.0 points (not better on train)"
    bench.brief = bench.brief.model_copy(update={"report": report, "history": (line,)})


async def test_a_play_that_fits_is_one_of_the_choices(bench: Bench) -> None:
    failed_for_a_missing_file(bench)
    filler = Filler({"place": "play missing-file", "text": "The rollout failed because of whatever."})
    (sha,) = await bench.evolver(filler, None, 3, PLAYS).edit(bench.brief)
    (request,) = filler.requests
    assert request.response_schema is not None
    places = request.response_schema["properties"]["place"]["enum"]
    assert places[:4] == ["memory", "system_prompt", "tool_description", "skill"]
    assert places[4:6] == ["play missing-file", "play near-names"]
    question = request.messages[-1].content
    assert "- play missing-file: send the answer back while" in question
    assert "say something: reverted -3.0 points" in question
    assert bench.history.changed_paths(sha) == ["middleware/60_missing_file.py"]
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.play.startswith("missing-file@") and commit.predicts == (world.TRAIN[0],)


async def test_a_play_that_was_not_offered_is_refused(bench: Bench) -> None:
    failed_for_a_missing_file(bench)
    filler = Filler({"place": "play block-repeats"}, {})
    (sha,) = await bench.evolver(filler, None, 3, PLAYS).edit(bench.brief)
    assert "place is one of memory, system_prompt" in filler.told()
    assert bench.history.changed_paths(sha) == ["memory.md"]


async def test_a_name_of_any_length_is_a_new_skill_or_a_refusal(bench: Bench) -> None:
    commits = await edit(bench, Filler({"place": "skill", "name": "a" * 5_000}))
    assert [name for name in bench.history.contents(commits[0]) if "aaaa" in name]
