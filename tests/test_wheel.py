"""The wheel, as a user gets it: built, listed, installed in an empty environment, and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
import world
import yaml


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Output of a command that must succeed; it sees no checkout and no keys."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, world.ROOT, cwd=out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; what the wheel depends on comes from the running environment."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install")
    run(*pip, "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check", wheel, cwd=folder)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_its_only_top_level_is_ahe_and_it_carries_the_content(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ahe"}
    assert len(tops) == 2
    for wanted in (
        "ahe/content/ahe.toml",
        "ahe/content/components/system_prompt.md",
        "ahe/content/components/tools/run_shell_command.py",
        "ahe/content/debugger/system_prompt.md",
        "ahe/content/evolver/tool_descriptions/commit_change.yaml",
        "ahe/content/evals/shell-basics/suite.toml",
        "ahe/runtime/box.py",
    ):
        assert wanted in names
    assert not [
        name for name in names if "__pycache__" in name or "/runs/" in name or name.endswith(".sqlite")
    ]


def test_it_carries_every_file_of_the_content(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("components", "debugger", "evolver", "evals"):
        listed = run("git", "ls-files", "-z", "--", folder, cwd=world.ROOT).split("\0")
        files = [name for name in listed if name and (world.ROOT / name).is_file()]
        assert files
        assert [name for name in files if f"ahe/content/{name}" not in names] == []


def test_a_project_is_made_and_evolved_from_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    ahe = installed / "bin" / "ahe"
    empty = tmp_path / "empty"
    empty.mkdir()
    where = run(installed / "bin" / "python", "-c", "import ahe; print(ahe.__file__)", cwd=empty)
    assert Path(where.strip()).is_relative_to(installed)
    run(ahe, "init", cwd=empty)
    assert sorted(path.name for path in empty.iterdir()) == ["ahe.toml", "workspace"]
    assert "system_prompt.md" in run(ahe, "components", cwd=empty)

    project = world.write_project(tmp_path / "project")
    run(ahe, "init", cwd=project)
    result = json.loads(run(ahe, "evolve", "--iterations", "1", "--json", cwd=project))
    assert [iteration["verdict"]["outcome"] for iteration in result["iterations"]] == ["kept"]
    assert "Ahe-Verdict: kept" in world.git(project, "log", "-1")


def test_nobody_is_told_to_install_another_program_of_this_name_from_pypi() -> None:
    texts = [
        *world.ROOT.glob("*.md"),
        *(world.ROOT / "docs").rglob("*.md"),
        *(world.ROOT / "ahe").rglob("*.py"),
    ]
    found = re.compile(r"pip install '?ahe(?! @)")
    assert len(texts) > 100
    assert [path for path in texts if found.search(path.read_text("utf-8"))] == []


def test_the_workflow_in_the_docs_has_a_sandbox_and_comments_only_what_was_written() -> None:
    page = (world.ROOT / "docs" / "ci.md").read_text("utf-8")
    steps = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])["jobs"]["gate"]["steps"]
    install, comment = (
        next(step for step in steps if part in step.get("run", ""))
        for part in ("pip install", "gh pr comment")
    )
    assert "apt-get install -y bubblewrap" in install["run"]
    assert comment["if"] == "always() && hashFiles('comment.md') != ''"
