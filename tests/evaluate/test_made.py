"""Tasks made of what people have: each form by the real command, checked in a real sandbox."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
import world
from task_writer import write_files

from ahe.evaluate.check import check_task
from ahe.evaluate.made import code_around, name_of, read_checks
from ahe.evaluate.suite import hashed_splits, load_suite
from ahe.evaluate.tasks import read_task


def made(root: Path, *arguments: str) -> dict[str, object]:
    return json.loads(world.ahe(root, "tasks", "from", *arguments, "--json").stdout)


def checked(root: Path, suite: str) -> None:
    """`ahe tasks check` finds every task sound."""
    world.ahe(root, "tasks", "check", "--suite", suite)


CHECKS = """\
Sort names.txt in place.

Nothing else.
$ sort -c names.txt

Do it with a program that is not there.
$ no-such-program names.txt

Do nothing at all.
$ true

A wish without a check.
"""


def test_a_list_of_checks(tmp_path: Path) -> None:
    write_files(
        tmp_path,
        {"checks.txt": CHECKS, "data/names.txt": "b\na\n", "data/runs/old": "", "data/.gitignore": "runs\n"},
    )
    found = made(tmp_path, "checks.txt", "--files", "data")
    assert found["tasks"] == {"sort-names-txt-in-place-nothing-else": "train"} and found["unproved"] == 1
    reasons = " | ".join(found["left_out"].values())
    assert "needs `no-such-program`, which the sandbox does not have" in reasons
    assert "doing nothing passes" in reasons and "it has no check ('A wish without a check.')" in reasons
    (task,) = load_suite(tmp_path / "checks-tasks").tasks.values()
    assert task.instruction.strip() == "Sort names.txt in place.\n\nNothing else."
    assert not (Path(task.path) / "environment/files/runs").exists(), "git ignores it"
    checked(tmp_path, "checks-tasks")


def test_a_list_in_yaml_has_names_folders_and_solutions(tmp_path: Path) -> None:
    rows = """\
- instruction: Make the file done.
  name: Make done!
  check: |
    test -e done
    test -e start.txt
  files: first
  solution: touch done
- instruction: Make the file done.
  check: test -e done
  solution: "true"
- check: test -e done
- instruction: Look for it.
  check: test -e done
  files: nowhere
"""
    write_files(tmp_path, {"list.yaml": rows, "first/start.txt": "start\n"})
    found = made(tmp_path, "list.yaml")
    assert list(found["tasks"]) == ["make-done"] and found["unproved"] == 0
    assert "the solution does not pass" in found["left_out"]["make-the-file-done"]
    assert found["left_out"]["check 3"].startswith("it has no instruction")
    assert "there is no folder" in found["left_out"]["check 4"]
    checked(tmp_path, "list-tasks")
    again = world.ahe(tmp_path, "tasks", "from", "list.yaml", check=2)
    assert "exists already" in again.stderr


def test_folders_with_a_check(tmp_path: Path) -> None:
    files = {
        "one/README.md": "Count the lines of a.txt into n.",
        "one/a.txt": "a\nb\n",
        "one/check.py": "import sys\nsys.exit(open('n').read().strip() != '2')\n",
        "one/solution.sh": "wc -l < a.txt > n\n",
        "two/check": "#!/bin/sh\ntest -e done\n",
        "two/TASK": "Make done.",
        "silent/check": "test -e done\n",
    }
    write_files(tmp_path / "mine", files)
    found = made(tmp_path, "mine")
    assert sorted(found["tasks"]) == ["one", "two"] and found["unproved"] == 1
    assert "has no instruction" in found["left_out"]["silent"]
    one = tmp_path / "mine-tasks" / "one"
    assert [path.name for path in (one / "environment/files").iterdir()] == ["a.txt"]
    checked(tmp_path, "mine-tasks")


TESTS = '''\
import pytest
from shape import area


@pytest.mark.parametrize("side", [2, 3])
def test_square(side, unit):
    """The area of a square."""
    assert area(side, side) == side * side * unit


def test_nothing():
    assert area(0, 0) == 0


class TestFar:
    def test_far(self):
        import a_package_of_somebody
'''


def test_a_file_of_tests(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": "",
        "shape.py": "def area(w, h):\n    return w + h\n",
        "tests/test_shape.py": TESTS,
        "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef unit():\n    return 1\n",
    }
    write_files(tmp_path / "code", files)
    found = made(tmp_path, "code/tests/test_shape.py")
    assert list(found["tasks"]) == ["test-square"]
    assert "doing nothing passes" in found["left_out"]["test-nothing"]
    assert "needs the package a_package_of_somebody" in found["left_out"]["testfar-test-far"]
    task = tmp_path / "test_shape-tasks" / "test-square"
    assert not (task / "environment/files/tests/test_shape.py").exists()
    said = (task / "instruction.md").read_text()
    assert "The area of a square." in said and "FAILED tests/test_shape.py::test_square[3]" in said
    (task / "solution").mkdir()
    solve = "sed -i 's/w + h/w * h/' shape.py; rm -r tests; mkdir tests; echo 1/0 > tests/conftest.py\n"
    (task / "solution/solve.sh").write_text(f"#!/bin/bash\n{solve}")
    checked(tmp_path, "test_shape-tasks")  # the verifier puts the tests and their fixtures back


def test_the_agent_gets_neither_the_checks_nor_what_git_ignores(tmp_path: Path) -> None:
    rows = "- {instruction: Make done., check: test -e done, files: data}\n"
    files = {"checks.txt": "Make it done.\n$ test -e done\n", "a.txt": "", "checks.yaml": rows}
    secret = {".gitignore": ".env\n", ".env": "KEY=1\n", "b.txt": ""}
    one = {"TASK.md": "Make done.", "check": "test -e done\n", **secret}
    places = {"": files | secret, "data/": secret, "mine/Task 1/": one, "mine/task-1/": one}
    write_files(tmp_path, {f"{at}{name}": text for at, each in places.items() for name, text in each.items()})
    for arguments, tasks in (
        (("checks.txt", "--files", "."), {"make-it-done": {".gitignore", "b.txt", "a.txt", "data", "mine"}}),
        (("checks.yaml", "--out", "yaml"), {"make-done": {".gitignore", "b.txt"}}),
        (("mine",), {"task-1": {".gitignore", "b.txt"}, "task-1-2": {".gitignore", "b.txt"}}),
    ):
        found = made(tmp_path, *arguments)
        assert found["tasks"].keys() == tasks.keys()
        for name, start in tasks.items():
            given = {path.name for path in (Path(found["folder"]) / name / "environment/files").iterdir()}
            assert given - {"checks.yaml"} == start


def passes(task: Path, solve: str) -> bool:
    """Whether the check passes after an agent that runs these commands."""
    write_files(task, {"solution/solve.sh": f"#!/bin/bash\n{solve}\n"})
    found = asyncio.run(check_task(read_task(task), "bwrap", task.parents[1]))
    assert found.solved, found.problems
    return found.solved[0].reward == 1


FORGED = {
    "a module that ends the process": "echo 'import os; os._exit(0)' > shape.py",
    "a new conftest.py": (
        "echo 'import shape; shape.area = lambda w, h: w * h' > conftest.py; "
        "echo 'def pytest_collection_modifyitems(items): items.clear()' >> conftest.py; "
        "echo 'def pytest_sessionfinish(session): session.exitstatus = 0; import os; os._exit(0)' >> conftest.py"
    ),
    "a conftest.py that computes for the code": (
        "echo 'import shape; shape.area = lambda w, h: w * h' > conftest.py"
    ),
    "an edited conftest.py": (
        "mkdir -p tests; echo 'import shape; shape.area = lambda w, h: w * h' >> tests/conftest.py"
    ),
    "modules of the verifier": (
        "echo 'import os; os._exit(0)' | tee zipfile.py pytest.py project_paths.py sitecustomize.py > /dev/null"
    ),
    "tests that are a link": "rm -r tests; mkdir other; ln -s other tests; echo 1 > other/test_shape.py",
}
SHAPE = {
    "pyproject.toml": "",
    "shape.py": "def area(w, h):\n    return w + h\n",
    "shutil.py": "1 / 0\n",
    "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef unit():\n    return 1\n",
    "tests/test_shape.py": "from shape import area\n\n\ndef test_area(unit):\n    assert area(2, 3) == 6 * unit\n",
}


def test_what_an_agent_leaves_does_not_forge_a_test(tmp_path: Path) -> None:
    write_files(tmp_path / "code", SHAPE)
    made(tmp_path, "code/tests/test_shape.py")
    task = tmp_path / "test_shape-tasks" / "test-area"
    assert [name for name, solve in FORGED.items() if passes(task, solve)] == []
    assert passes(task, "sed -i 's/w + h/w * h/' shape.py; rm -r tests")


def test_what_an_agent_leaves_does_not_forge_a_commits_tests(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=repo, check=True)
    start = {
        name.removesuffix(".py").replace("/", "__"): text for name, text in SHAPE.items() if ".py" in name
    }
    test = start.pop("tests__test_shape")
    commit(repo, "Start", **start)
    commit(repo, "Areas", tests__test_shape=test, shape="def area(w, h):\n    return w * h\n")
    (name,) = made(tmp_path, "repo", "--base", "HEAD~", "--fix", "HEAD")["tasks"]
    task = tmp_path / "repo-tasks" / name
    assert [name for name, solve in FORGED.items() if passes(task, solve)] == []
    assert passes(task, "sed -i 's/w + h/w * h/' shape.py; rm -r tests")


def test_each_line_of_a_check_must_succeed(tmp_path: Path) -> None:
    lines = (
        "! grep -q b a.txt",
        "test -f b.txt && test -f c.txt",
        "cat > /tmp/x <<END",
        "two",
        "END",
        'test "$(wc -l < /tmp/x)" = 1',
        "for name in a b; do",
        '  [ "$name" = b ] && continue',
        "done",
        "test -f a.txt",
    )
    text = "Make the files." + "".join(f"\n$ {line}" for line in lines)
    write_files(tmp_path, {"checks.txt": text, "data/a.txt": "b\n"})
    made(tmp_path, "checks.txt", "--files", "data")
    task = tmp_path / "checks-tasks" / "make-the-files"
    assert not passes(task, "touch b.txt c.txt")
    assert not passes(task, "echo a > a.txt; touch b.txt")
    assert passes(task, "echo a > a.txt; touch b.txt c.txt")


def test_a_repositorys_programs_are_not_run(tmp_path: Path, repo: Path) -> None:
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat $1\n")
    evil.chmod(0o755)
    (repo / ".git/info/attributes").write_text("*.py diff=evil\n")
    for key in ("diff.external", "diff.evil.textconv", "diff.evil.command"):
        subprocess.run(["git", "config", key, str(evil)], cwd=repo, check=True)
    assert made(tmp_path, "repo", "--base", "HEAD~4", "--fix", "HEAD~3")["unproved"] == 0
    assert not (tmp_path / "ran").exists()


def test_submodules_and_links_among_the_tests(tmp_path: Path, repo: Path) -> None:
    module = f"160000,{'1' * 40},tests/module"
    subprocess.run(["git", "update-index", "--add", "--cacheinfo", module], cwd=repo, check=True)
    subprocess.run(
        ["git", "commit", "-qm", "A module"],
        cwd=repo,
        check=True,
        env={"PATH": "/usr/bin:/bin", **world.PERSON},
    )
    (repo / "tests/test_link.py").symlink_to("/etc/passwd")
    commit(repo, "A link", notes="2\n")
    found = made(tmp_path, "repo", "--commits", "HEAD~6..HEAD")
    assert len(found["tasks"]) == 1
    said = "\n".join(found["left_out"].values())
    assert "changes the submodule tests/module" in said and "adds or changes no tests (A link)" in said


def commit(repo: Path, message: str, **files: str) -> None:
    write_files(repo, {name.replace("__", "/") + ".py": text for name, text in files.items()})
    for command in (("add", "-A"), ("commit", "-qm", message)):
        subprocess.run(["git", *command], cwd=repo, check=True, env={"PATH": "/usr/bin:/bin", **world.PERSON})


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    head = "from shape import area\n\n\n"
    none, some = (f"def test_{n}():\n    assert area({n}, 3) == {3 * n}\n\n\n" for n in (0, 2))
    commit(folder, "Shapes", shape="def area(w, h):\n    return w * w * h\n", tests__test_shape=head + none)
    said = "Multiply the sides\n\nThe area is width times height.\n\nSigned-off-by: Ada <a@b>\n"
    commit(folder, said, shape="def area(w, h):\n    return w * h\n", tests__test_shape=head + none + some)
    commit(folder, "Notes", notes="")
    commit(folder, "More tests", tests__test_more=head + none)
    commit(folder, "Tests that passed before", notes="1\n", tests__test_last=head + some)
    return folder


def test_commits_of_a_repository(tmp_path: Path, repo: Path) -> None:
    before = subprocess.run(
        ["git", "status", "--porcelain=v2", "--branch"], cwd=repo, capture_output=True
    ).stdout
    found = made(tmp_path, "repo", "--commits", "HEAD~4..HEAD")
    (name,) = found["tasks"]
    assert name.startswith("multiply-the-sides-") and found["unproved"] == 0
    said = "\n".join(found["left_out"].values())
    for why in (
        "adds or changes no tests (Notes)",
        "changes nothing but tests (More tests)",
        "doing nothing passes",
    ):
        assert why in said
    task = tmp_path / "repo-tasks" / name
    assert (
        (task / "instruction.md")
        .read_text()
        .endswith("Multiply the sides\n\nThe area is width times height.\n")
    )
    assert "w * w" in (task / "environment/files/shape.py").read_text()
    assert "test_2" not in (task / "environment/files/tests/test_shape.py").read_text()
    checked(tmp_path, "repo-tasks")
    after = subprocess.run(
        ["git", "status", "--porcelain=v2", "--branch"], cwd=repo, capture_output=True
    ).stdout
    assert before == after


def test_one_change_and_a_command_of_ones_own(tmp_path: Path, repo: Path) -> None:
    command = "python3 -c 'from shape import area; assert area(2, 3) == 6'"
    found = made(tmp_path, "repo", "--base", "HEAD~4", "--fix", "HEAD~3", "--check", command, "--out", "one")
    assert len(found["tasks"]) == 1 and found["folder"] == str(tmp_path / "one")
    half = world.ahe(tmp_path, "tasks", "from", "repo", "--base", "HEAD", check=2)
    assert "--fix" in half.stderr
    wrong = world.ahe(tmp_path, "tasks", "from", "repo", "--commits", "nope..HEAD", "--out", "two", check=2)
    assert "name a repository and commits" in wrong.stderr and not (tmp_path / "two").exists()


def test_a_new_task_by_flags_and_by_answers(tmp_path: Path) -> None:
    write_files(tmp_path, {"data/a.txt": "a\n"})
    new = ("tasks", "new", "--instruction", "Copy a.txt to b.txt", "--check", "cmp a.txt b.txt")
    by_flags = world.ahe(tmp_path, *new, "--files", "data", "--json")
    assert json.loads(by_flags.stdout)["tasks"] == {"copy-a-txt-to-b-txt": "train"}
    asked = answered(tmp_path, "Make the file c.txt\ntest -f c.txt\n\n")
    assert list(json.loads(asked)["tasks"]) == ["make-the-file-c-txt"]
    checked(tmp_path, "tasks")
    wrong = world.ahe(tmp_path, "tasks", "new", "--instruction", "Nothing", "--check", "true", check=2)
    assert "doing nothing passes" in wrong.stderr
    assert len(load_suite(tmp_path / "tasks").tasks) == 2
    for name in ("../../x", "/tmp/x", "A b"):
        refused = world.ahe(tmp_path, *new, "--name", name, check=2)
        assert "is not the name of a task's folder" in refused.stderr


def answered(root: Path, lines: str) -> str:
    """Output of `ahe tasks new` that is given these answers."""
    command = [sys.executable, "-m", "ahe", "tasks", "new", "--json"]
    done = subprocess.run(
        command, cwd=root, env=world.environment(), input=lines, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_names_are_short_and_differ() -> None:
    taken: set[str] = set()
    long = "Write the number of all the words in the files of this folder into one"
    names = [name_of(text, taken) for text in (long, long, "!?", "ok")]
    assert names == [
        "write-the-number-of-all-the-words-in-the-files",
        "write-the-number-of-all-the-words-in-the-files-2",
        "task",
        "ok",
    ]


def test_a_yaml_that_is_no_list(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.yaml": "a: 1\n", "b.yaml": "- [\n"})
    for name, why in (("a.yaml", "not a list of checks"), ("b.yaml", "is not YAML")):
        with pytest.raises(Exception, match=why):
            read_checks(tmp_path / name, None, lambda root: root)


def test_the_code_around_a_test(tmp_path: Path) -> None:
    write_files(tmp_path / "code", {"setup.py": "", "a/tests/test_x.py": ""})
    assert code_around(tmp_path / "code/a/tests/test_x.py") == tmp_path / "code"


def test_adding_a_task_moves_no_other(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(40)]
    hashed = hashed_splits(names)
    for split, found in hashed.items():
        assert all(hashed_splits([name])[split] == (name,) for name in found)
    order = (hashed["test"][0], hashed["heldout"][0], hashed["train"][0])
    tasks: dict[str, object] = {}
    for name, split in zip(order, ("train", "heldout", "train"), strict=True):
        new = ("tasks", "new", "--instruction", "Make done", "--check", "test -e done", "--name", name)
        assert json.loads(world.ahe(tmp_path, *new, "--json").stdout)["tasks"] == {name: split}
        tasks[name] = split
        suite = load_suite(tmp_path / "tasks")
        assert {each: suite.split_of(each) for each in suite.tasks} == tasks
