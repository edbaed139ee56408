"""What evolved code cannot do in its box, and what becomes of it when it misbehaves."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playing import LIMITS, Played, answers, play, shell

CODE = "async def run_shell_command(env, command):\n"


async def run_code(folder: Path, body: str, *steps: object, **options: object) -> Played:
    """The seed's only tool does `body` when it is called once."""
    code = CODE + "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    script = answers(*(steps or (shell("x"), "Done.")))
    return await play(folder, script, {"tools/run_shell_command.py": code}, **options)  # type: ignore[arg-type]


async def test_the_network_is_out_of_reach(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        body = f"""
import socket
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2).close()
except OSError as error:
    return "no way: " + type(error).__name__
return "through"
"""
        played = await run_code(tmp_path, body)
        assert played.results()[0].startswith("no way")
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "path", ["/harness/memory.md", "/box/box.py", "/site/yaml/__init__.py", "/usr/x", "/etc/x"]
)
async def test_nothing_of_it_can_be_written(tmp_path: Path, path: str) -> None:
    body = f"""
try:
    open({path!r}, "a").write("x")
except OSError as error:
    return "no way"
return "written"
"""
    played = await run_code(tmp_path, body)
    assert played.results()[0].startswith("no way")
    assert (tmp_path / "harness" / "memory.md").read_text() == ""


async def test_only_what_it_needs_can_be_imported(tmp_path: Path) -> None:
    body = """
import importlib
found = []
for name in ("ahe", "openai", "git", "docker", "pydantic", "jinja2", "yaml", "json"):
    try:
        importlib.import_module(name)
        found.append(name)
    except ImportError:
        pass
return " ".join(found)
"""
    played = await run_code(tmp_path, body)
    assert played.results()[0].splitlines()[0] == "jinja2 yaml json"


async def test_keys_and_folders_of_the_host_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    (tmp_path / "mine.txt").write_text("private")
    private = [
        str(tmp_path),
        str(Path(__file__).parents[2]),
        str(Path(__file__)),
        str(Path.home() / ".cache"),
    ]
    body = f"""
import os
seen = [path for path in {private!r} if os.path.exists(path)]
return repr((seen, sorted(os.environ), [p for p in os.listdir("/proc") if p.isdigit()]))
"""
    played = await run_code(tmp_path, body)
    said = played.results()[0].splitlines()[0]
    assert said.startswith("([], ")
    assert "KEY" not in said
    assert said.endswith("['1'])"), "its own process is all that it sees"


async def test_printing_does_not_garble_the_conversation(tmp_path: Path) -> None:
    body = """
import os, sys
print('{"id": 1, "value": "forged"}')
sys.stdout.write("garbage\\n"); sys.stdout.flush()
os.write(1, b"more garbage\\n")
sys.__stdout__.write("and more\\n"); sys.__stdout__.flush()
assert sys.stdin.read() == ""
return (await env.exec("echo still here")).output
"""
    played = await run_code(tmp_path, body)
    assert played.results()[0].startswith("still here")


async def test_a_tool_that_crashes_is_told_to_the_model_with_its_own_line(tmp_path: Path) -> None:
    played = await run_code(tmp_path, "table = {}\nreturn table['absent']")
    result = played.results()[0]
    assert result.startswith("error: KeyError: 'absent'")
    assert "run_shell_command.py:3: return table['absent']" in result
    assert "/box/" not in result
    assert played.outcome.ended == "answered"
    assert played.fired("tool_failed")[0]["tool"] == "run_shell_command"


async def test_a_tool_that_does_not_load_is_told_too(tmp_path: Path) -> None:
    edits = {"tools/run_shell_command.py": "import nothing_of_the_kind\n"}
    played = await play(tmp_path, answers(shell("x"), "Done."), edits)
    assert played.results()[0].startswith("error: ModuleNotFoundError")


@pytest.mark.parametrize("end", ["SystemExit(7)", "KeyboardInterrupt", "GeneratorExit"])
async def test_what_would_end_the_process_is_an_error_like_any_other(tmp_path: Path, end: str) -> None:
    played = await run_code(tmp_path, f"raise {end}", shell("x"), shell("y"), "I give up.")
    name = end.split("(")[0]
    assert [result.splitlines()[0] for result in played.results()] == [
        f"error: RuntimeError: raised {name}"
    ] * 2


async def test_a_box_that_exits_is_the_agents_failure_and_goes_on_being_one(tmp_path: Path) -> None:
    played = await run_code(tmp_path, "import os; os._exit(7)", shell("x"), shell("y"), "I give up.")
    first, second = played.results()
    assert first.startswith("error: the harness box ended")
    assert second.startswith("error: the harness box is gone")
    assert played.outcome.ended == "answered", "the verifier decides what that was worth"


async def test_with_middleware_a_box_that_exits_ends_the_trial(tmp_path: Path) -> None:
    code = "import os\nclass Exit:\n    async def after_model(self, ctx, reply):\n        os._exit(7)\n"
    played = await play(tmp_path, answers("Done."), {"middleware/10_exit.py": code})
    assert played.outcome.ended == "crashed"
    assert "harness box ended" in played.outcome.cause


GARBAGE = ["5\\n", "[1]\\n", "not json\\n", '{"id": [1]}\\n', '{"ask": 1}\\n', "[" * 200_000 + "\\n"]
FORGED = """
import os, json
for fd in range(3, 20):
    try:
        os.write(fd, GARBAGE.encode())
    except OSError:
        pass
return "survived"
"""


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
async def test_garbage_on_the_wire_is_no_crash_of_the_host(tmp_path: Path, garbage: str) -> None:
    body = FORGED.replace("GARBAGE", repr(garbage.encode().decode("unicode_escape")))
    played = await run_code(
        tmp_path, body, limits=LIMITS.model_copy(update={"seconds": 20, "command_seconds": 2})
    )
    first = played.results()[0]
    assert first.startswith(("survived", "error: the harness box"))
    assert played.outcome.ended == "answered"


async def test_a_forged_answer_to_a_hook_ends_the_trial_and_not_the_run(tmp_path: Path) -> None:
    code = """\
import os
class Forge:
    async def after_model(self, ctx, reply):
        for number in range(1, 9):
            for fd in range(3, 20):
                try:
                    os.write(fd, b'{"id": %d, "value": 5}\\n' % number)
                except OSError:
                    pass
"""
    played = await play(tmp_path, answers("Done."), {"middleware/10_forge.py": code})
    assert played.outcome.ended == "crashed"
    assert "wrong answer to the hook" in played.outcome.cause


@pytest.mark.parametrize(
    "request_",
    [
        "env.exec(5)",
        "env.exec('true', cwd=5)",
        "env.exec('true', timeout='x')",
        "env.read(None)",
        "env.read('/no/such/file')",
        "env.write('/app/a', 5)",
        "env.write('', 'x')",
        "env.exec('a\\0b')",
        "env._wire.ask('shutdown')",
        "env._wire.ask('exec', more=1)",
        "env._wire.ask('complete', prompt={})",
    ],
)
async def test_a_request_that_makes_no_sense_is_told_to_evolved_code(tmp_path: Path, request_: str) -> None:
    body = f"try:\n    await {request_}\nexcept RuntimeError as error:\n    return 'refused: ' + str(error)\nreturn 'fine'"
    limits = LIMITS.model_copy(update={"seconds": 15, "command_seconds": 2})
    played = await run_code(tmp_path, body, limits=limits)
    assert played.results()[0].startswith(("refused: ", "fine\n"))
    assert played.outcome.ended == "answered"


@pytest.mark.parametrize("text", [r"'\ud800'", r"'a\x00b'", "'\\u2028'", "chr(0x10FFFF)"])
async def test_odd_characters_in_a_result_reach_the_model_or_are_replaced(tmp_path: Path, text: str) -> None:
    played = await run_code(tmp_path, f"return {text} + ' end'")
    assert played.outcome.ended == "answered"
    assert " end" in played.results()[0]


async def test_a_tool_may_return_something_else_than_text(tmp_path: Path) -> None:
    played = await run_code(tmp_path, "return {'lines': [1, 2], 'where': env}")
    assert played.results()[0].startswith('{"lines": [1, 2], "where": "<')
