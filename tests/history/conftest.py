from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from history_helpers import make_seed
from world import PERSON

from ahe.history import History


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No git configuration of the machine, and no person's identity in it."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "none"))
    for name in PERSON:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    return make_seed(tmp_path / "seed")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    History.create(folder / "workspace", make_seed(folder / "seed"))
    return folder / "workspace"


@pytest.fixture
def history(made: Path, tmp_path: Path) -> History:
    return History(Path(shutil.copytree(made, tmp_path / "workspace")))
