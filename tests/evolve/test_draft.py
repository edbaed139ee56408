"""The draft: what passes becomes one commit with its manifest, what does not goes back with reasons."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import world
from evolve_bench import TRIAL, Bench, manifest

from ahe.agents.answering import Refused
from ahe.evolve.draft import Draft, changed_kinds, copy_mounts
from ahe.records import Kind

Edit = Callable[[Path], object]


def write(path: str, text: str) -> Edit:
    def edit(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)

    return edit


async def refused(bench: Bench, *edits: Edit, **fields: object) -> str:
    """The reasons for which these edits are refused; nothing of them reached the repository."""
    with bench.draft() as draft:
        for edit in edits:
            edit(draft.folder)
        with pytest.raises(Refused) as caught:
            await draft.commit(manifest(**fields))
        assert draft.commits == []
        assert caught.value.reasons
        return "\n".join(caught.value.reasons)


LESSON = "List a folder before you read from it.\n"


async def test_a_good_change_becomes_one_commit_with_its_manifest(bench: Bench) -> None:
    with bench.draft() as draft:
        write("memory.md", LESSON)(draft.folder)
        sha = await draft.commit(manifest())
        assert draft.commits == [sha]
    assert bench.history.head() == bench.brief.head, "the workspace moves when the editor is done"
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.parents == (bench.brief.head,)
    assert commit.subject == "memory: look for files before reading them"
    assert (commit.change_id, commit.kinds, commit.action) == ("001-1", (Kind.MEMORY,), "add")
    assert commit.predicts == (world.TRAIN[0],)
    assert commit.evidence == (f"{TRIAL}#3",)
    assert "Root cause: It guesses names" in commit.body
    assert bench.history.contents(sha)["memory.md"].text == LESSON
    assert bench.history.changed_paths(sha) == ["memory.md"]


async def test_a_new_tool_is_one_change_of_two_kinds(bench: Bench) -> None:
    description = "name: count\ndescription: Count lines.\nparameters: {type: object, properties: {}}\n"
    with bench.draft() as draft:
        write("tool_descriptions/count.yaml", description)(draft.folder)
        write("tools/count.py", "async def count(env):\n    return (await env.exec('ls | wc -l')).output\n")(
            draft.folder
        )
        sha = await draft.commit(manifest(subject="Add a counter."))
    (commit,) = bench.history.commits(limit=1, start=sha)
    assert commit.kinds == (Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION)
    assert commit.subject == "tool_description+tool_implementation: add a counter"


async def test_each_commit_of_an_iteration_stands_on_the_one_before(bench: Bench) -> None:
    with bench.draft(changes=2) as draft:
        write("memory.md", LESSON)(draft.folder)
        one = await draft.commit(manifest())
        write("skills/tabs/SKILL.md", "---\nname: tabs\ndescription: Tables.\n---\n\nCut at the tab.\n")(
            draft.folder
        )
        two = await draft.commit(manifest(subject="Teach tables with tabs"))
        assert draft.commits == [one, two]
        write("memory.md", "Third.\n")(draft.folder)
        with pytest.raises(Refused, match="no more than 2 changes"):
            await draft.commit(manifest())
    assert [c.change_id for c in bench.history.commits(limit=2, start=two)] == ["001-2", "001-1"]
    assert bench.history.changed_paths(two) == ["skills/tabs/SKILL.md"]


async def test_nothing_changed_is_refused(bench: Bench) -> None:
    assert "nothing was changed" in await refused(bench)


async def test_a_seed_line_that_is_gone_is_refused(bench: Bench) -> None:
    reasons = await refused(bench, write("system_prompt.md", "Be good.\n"))
    assert "seed's line" in reasons


async def test_a_leak_is_refused_without_naming_what_matched(bench: Bench) -> None:
    reasons = await refused(bench, write("memory.md", "In Omega_Note the word is said.\n"))
    assert "names a task" in reasons and "Omega_Note the word" in reasons
    assert world.HELDOUT[1] not in reasons
    assert "held" not in reasons and "train" not in reasons


async def test_text_of_a_verifier_is_refused(bench: Bench) -> None:
    line = "if grep -qx beta /app/out.txt; then echo 1; else echo FAIL: /app/out.txt is missing; echo 0; fi"
    reasons = await refused(
        bench, write("skills/x/SKILL.md", f"---\nname: x\ndescription: X y.\n---\n\n{line}\n")
    )
    assert "text that belongs to a task" in reasons
    assert world.TRAIN[1] not in reasons


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (
            write("tool_descriptions/lone.yaml", "name: lone\ndescription: D.\nparameters: {type: object}\n"),
            "no implementation",
        ),
        (write("middleware/bad.py", "x = 1\n"), "<NN>_<name>.py"),
        (write("notes.txt", "x"), "unknown name"),
        (write("harness.toml", "format = 2\n"), "must stay as it is"),
        (write("middleware/10_a.py", "class A(:\n"), "does not compile"),
        (
            write(
                "middleware/10_a.py",
                "import openai\nclass A:\n    async def on_start(self, ctx):\n        ...\n",
            ),
            "openai",
        ),
        (lambda folder: os.symlink("/etc/passwd", folder / "skills" / "x"), "link"),
        (lambda folder: os.mkfifo(folder / "tools" / "pipe.py"), "pipe.py: a pipe"),
        (write("memory.md", "word " * 20_000), "at most"),
    ],
)
async def test_static_rules_are_refused(bench: Bench, edit: Edit, told: str) -> None:
    assert told in await refused(bench, edit)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            "middleware/10_a.py",
            "class A:\n    table = {}['x']\n    async def on_start(self, ctx): ...\n",
            "KeyError",
        ),
        (
            "middleware/10_a.py",
            "class A:\n    async def after_tool(self, ctx, call, result):\n        return result.nope\n",
            "AttributeError",
        ),
        (
            "tools/run_shell_command.py",
            "async def run_shell_command(env, command):\n    return (await env.exec(command)).outputs\n",
            "outputs",
        ),
        (
            "system_prompt.md",
            "You solve tasks in a Linux shell. Look first, then act, then check the result.\n"
            "When the task is done, reply with one short sentence and no command.\n{{ undefined_here }}\n",
            "undefined_here",
        ),
        (
            "middleware/10_a.py",
            "import os\nclass A:\n    async def on_start(self, ctx):\n        os._exit(1)\n",
            "ended",
        ),
    ],
)
async def test_what_only_running_shows_is_refused(bench: Bench, path: str, text: str, told: str) -> None:
    assert told in await refused(bench, write(path, text))


TOOLS = {
    "plain": ("def plain(env, command): ...", "plain is not an async function"),
    "other": ("async def walk(env, command): ...", "has no attribute 'other'"),
    "bare": ("async def bare(): ...", "bare(env, command) is how it would be called"),
    "placed": ("async def placed(env, command, /): ...", "placed(env, command) is how it would be called"),
    "few": ("async def few(env): ...", "unexpected keyword argument 'command'"),
    "many": ("async def many(env, command, path): ...", "missing a required argument: 'path'"),
}
HOOK = "    async def before_tool(self, ctx, call): ...\n"
CLASSES = {
    "10_none": ("x = 1\n", "this one defines 0"),
    "11_two": (f"class A:\n{HOOK}class B: ...\n", "this one defines 2"),
    "12_sync": (f"class A:\n{HOOK}".replace("async ", ""), "the hook before_tool is not an async function"),
    "13_other": (f"class A:\n{HOOK}".replace("_tool", "_call"), "there are the hooks on_start, before_model"),
    "14_empty": ("class A: ...\n", "there are the hooks on_start, before_model"),
    "15_few": (f"class A:\n{HOOK}".replace(", call", ""), "the hook before_tool is called with 2 arguments"),
    "16_many": (f"class A:\n{HOOK}".replace("call)", "call, more)"), "missing a required argument: 'more'"),
    "17_init": (
        f"class A:\n{HOOK}    def __init__(self, x): ...\n",
        "missing 1 required positional argument",
    ),
}


async def test_code_that_could_not_be_called_is_refused_by_the_box(bench: Bench) -> None:
    described = "parameters: {type: object, properties: {command: {type: string}}, required: [command]}\n"
    edits = [write(f"tools/{name}.py", f"{text}\n") for name, (text, _) in TOOLS.items()]
    for name in TOOLS:
        edits.append(write(f"tool_descriptions/{name}.yaml", f"name: {name}\ndescription: Run.\n{described}"))
    edits += [write(f"middleware/{name}.py", text) for name, (text, _) in CLASSES.items()]
    reasons = (await refused(bench, *edits)).splitlines()
    for name, (_, told) in {**TOOLS, **CLASSES}.items():
        assert any(f"/{name}.py: " in line and told in line for line in reasons), (name, told, reasons)


async def test_a_tool_with_odd_but_valid_parameters_passes_the_smoke_trial(bench: Bench) -> None:
    description = (
        "name: a_first\ndescription: Odd.\nparameters:\n  type: object\n"
        "  properties: {x: true, y: {type: [string, 'null']}, z: {enum: [1]}}\n  required: [x, y, z]\n"
    )
    with bench.draft() as draft:
        write("tool_descriptions/a_first.yaml", description)(draft.folder)
        write("tools/a_first.py", "async def a_first(env, x, y, z):\n    return repr((x, y, z))\n")(
            draft.folder
        )
        assert await draft.commit(manifest())


def odd_default(value: str) -> Edit:
    """A tool whose description holds `value`, as YAML writes it."""

    def edit(folder: Path) -> None:
        write(
            "tool_descriptions/a_first.yaml",
            "name: a_first\ndescription: Odd.\nparameters:\n  type: object\n"
            f"  properties: {{x: {{type: string, default: {value}}}}}\n",
        )(folder)
        write("tools/a_first.py", "async def a_first(env, x=''):\n    return x\n")(folder)

    return edit


@pytest.mark.parametrize("value", ["2020-01-01", ".nan"])
async def test_parameters_that_no_request_can_hold_are_refused(bench: Bench, value: str) -> None:
    assert "a_first.yaml" in await refused(bench, odd_default(value))


async def test_half_a_character_is_fixed(bench: Bench) -> None:
    with bench.draft() as draft:
        odd_default('"\\ud800"')(draft.folder)
        assert await draft.commit(manifest())


async def test_a_false_citation_is_refused(bench: Bench) -> None:
    citation = {"trial": TRIAL, "step": 3, "quote": "words that nobody said"}
    reasons = await refused(bench, write("memory.md", LESSON), citations=[citation])
    assert "the quote does not stand" in reasons


async def test_after_a_refusal_the_draft_can_be_fixed_or_put_back(bench: Bench) -> None:
    with bench.draft() as draft:
        write("notes.txt", "x")(draft.folder)
        write("memory.md", LESSON)(draft.folder)
        with pytest.raises(Refused):
            await draft.commit(manifest())
        assert (draft.folder / "memory.md").read_text() == LESSON, "a refusal leaves the work in place"
        (draft.folder / "notes.txt").unlink()
        await draft.commit(manifest())
        write("memory.md", "other\n")(draft.folder)
        draft.reset()
        assert (draft.folder / "memory.md").read_text() == LESSON


def test_the_draft_is_no_repository(bench: Bench) -> None:
    with bench.draft() as draft:
        assert not (draft.folder / ".git").exists()


async def test_a_git_file_on_the_draft_leads_nowhere(bench: Bench) -> None:
    reasons = await refused(bench, write("skills/x/.git", "gitdir: /tmp/evil\n"), write("memory.md", LESSON))
    assert ".git" in reasons
    with bench.draft() as draft:
        write(".git", "gitdir: /tmp/evil\n")(draft.folder)
        write("memory.md", LESSON)(draft.folder)
        sha = await draft.commit(manifest())
    assert bench.history.changed_paths(sha) == ["memory.md"]


def test_copying_mounts_removes_what_is_gone_and_follows_no_link(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for root in (one, other):
        write("memory.md", "m\n")(root)
        write("tools/a.py", "a\n")(root)
    write("tools/b.py", "b\n")(other)
    write("outside/keep.txt", "keep")(tmp_path)
    shutil.rmtree(other / "tools")
    os.symlink(tmp_path / "outside", other / "tools")
    copy_mounts(one, other)
    assert not (other / "tools").is_symlink()
    assert (tmp_path / "outside" / "keep.txt").read_text() == "keep"
    assert changed_kinds(one, other) == ()
    write("tools/README.md", "notes")(other)
    assert changed_kinds(one, other) == (), "notes to people are no change"
    (other / "tools" / "a.py").unlink()
    assert changed_kinds(one, other) == (Kind.TOOL_IMPLEMENTATION,)


def test_a_draft_is_a_copy(bench: Bench) -> None:
    with bench.draft() as draft:
        assert isinstance(draft, Draft)
        assert sorted(p.name for p in draft.folder.iterdir()) == [
            "memory.md",
            "middleware",
            "skills",
            "sub_agents",
            "system_prompt.md",
            "tool_descriptions",
            "tools",
        ]
