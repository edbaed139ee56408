"""The configuration: where values come from, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ahe.cli.options import flags
from ahe.errors import UsageError
from ahe.project.config import Config, find_root, load_config
from ahe.project.content import entry


def load(folder: Path, text: str = "", flags: dict[str, object] | None = None) -> Config:
    (folder / "ahe.toml").write_text(text)
    return load_config(folder, flags)


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    assert config.models["coder"].name == "local"
    assert (config.evolve.strategy, config.evolve.rollouts, config.budget.usd) == ("ahe", 2, 2.0)
    assert (config.workspace, config.runs) == (tmp_path / "workspace", tmp_path / "runs")


def test_the_file_that_init_copies_is_the_defaults(tmp_path: Path) -> None:
    bundled = load(tmp_path, entry("ahe.toml").read_text())
    plain = load(tmp_path)
    for role in bundled.models:
        assert bundled.model_spec(role) == plain.model_spec(role)
    assert bundled == plain


def test_flags_beat_the_environment_which_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[evolve]\njobs = 3\nrollouts = 3\niterations = 3\n[model]\nname = 'file'\n"
    monkeypatch.setenv("AHE_EVOLVE_JOBS", "4")
    monkeypatch.setenv("AHE_MODEL_NAME", "env")
    config = load(tmp_path, text, {"evolve.jobs": 5, "evolve.rollouts": None})
    assert (config.evolve.jobs, config.evolve.rollouts, config.evolve.iterations) == (5, 3, 3)
    assert config.models["coder"].name == "env"


TITLE = "[evolve]\njobs = 3\n[model]\nname = 'zwölf'\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_file_may_be_in_any_unicode_encoding_with_its_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "ahe.toml").write_bytes(TITLE.replace("\n", "\r\n").encode(encoding))
    config = load_config(tmp_path)
    assert (config.evolve.jobs, config.models["coder"].name) == (3, "zwölf")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (TITLE.encode("latin-1"), "line 4 is not in UTF-8: save the file as UTF-8"),
        (TITLE.encode("utf-16-le"), "save the file as UTF-8"),
        ("\ufeffx = 1".encode("utf-16")[:-1], "not in UTF-16"),
        (b"[evolve\n", "not valid TOML"),
    ],
)
def test_another_encoding_is_named_with_the_fix(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "ahe.toml").write_bytes(data)
    with pytest.raises(UsageError, match=says):
        load_config(tmp_path)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ahe.toml").mkdir()
    with pytest.raises(UsageError, match=r"ahe\.toml cannot be read, correct it"):
        load_config(tmp_path)


def test_a_key_that_lies_in_the_environment_spends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://api.example.org/v1")
    config = load(tmp_path)
    for role in config.models:
        spec = config.model_spec(role)
        assert (spec.name, spec.base_url) == ("local", "")


@pytest.mark.parametrize(
    ("table", "variables"),
    [
        ('base_url = "https://api.openai.com/v1"', ("OPENAI_API_KEY", "OPENAI_API_KEY")),
        ('base_url = "https://api.example.org/v1"', ("", "")),
        ('base_url = "https://api.example.org/v1"\napi_key_env = "MINE"', ("MINE", "MINE")),
        ('api_key_env = "MINE"\n[model.evolver]\nbase_url = "https://api.example.org/v1"', ("MINE", "")),
        (
            'api_key_env = "MINE"\n[model.evolver]\nbase_url = "https://api.openai.com/v1"',
            ("MINE", "OPENAI_API_KEY"),
        ),
    ],
)
def test_no_endpoint_is_sent_the_key_of_another(
    tmp_path: Path, table: str, variables: tuple[str, str]
) -> None:
    config = load(tmp_path, f"[model]\nname = 'm'\n{table}\n")
    assert tuple(config.model_spec(role).api_key_env for role in ("coder", "evolver")) == variables


def test_roles_inherit_the_coders_model(tmp_path: Path) -> None:
    text = """
[model]
name = "small"
base_url = "http://localhost:1/v1"
api_key_env = "A"
usd_per_million_input = 1.0
context = 9000
[model.debugger]
temperature = 0.5
[model.evolver]
name = "big"
api_key_env = "B"
"""
    config = load(tmp_path, text)
    coder, debugger, evolver = (config.model_spec(role) for role in config.models)
    assert (debugger.name, debugger.context, debugger.temperature) == ("small", 9000, 0.5)
    assert debugger.usd_per_million_input == coder.usd_per_million_input == 1.0
    assert (evolver.name, evolver.base_url, evolver.api_key_env) == ("big", "http://localhost:1/v1", "B")
    assert evolver.usd_per_million_input is None, "another model has other prices"
    assert evolver.context == 128_000, "and another window"
    other = config.with_model(name="huge", base_url="http://localhost:2/v1", temperature=None)
    assert {other.model_spec(role) for role in other.models} == {other.model_spec("coder")}
    huge, cold = other.model_spec("coder"), config.with_model(temperature=0.0).model_spec("coder")
    assert (huge.name, huge.api_key_env, huge.usd_per_million_input, huge.context) == (
        "huge",
        "",
        None,
        128_000,
    )
    assert cold == coder.model_copy(update={"temperature": 0.0})


def test_an_embedded_model_gets_smaller_limits(tmp_path: Path) -> None:
    small, large = load(tmp_path).trial_limits(), load(tmp_path, "[model]\nname = 'x'\n").trial_limits()
    assert small.tokens < large.tokens and small.turns < large.turns
    own = load(tmp_path, "[limits]\nturns = 3\nseconds = 0\n").trial_limits()
    assert (own.turns, own.seconds, own.tokens) == (3, 0, small.tokens)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[evolve]\njob = 3\n", "evolve.job"),
        ("[evolve]\njobs = 0\n", "evolve.jobs"),
        ("[evolve]\nrollouts = 'two'\n", "evolve.rollouts"),
        ("[evolve]\nchanges = 4\n", "evolve.changes"),
        ("[budget]\nusd = -1\n", "budget.usd"),
        ("[surprise]\nx = 1\n", "surprise"),
        ("[model]\ntool_calls = 'maybe'\n", "tool_calls"),
        ("[environment]\nkind = 'vm'\n", "environment.kind"),
        ("[evolve\n", "not valid TOML"),
        ("model = 3\n", "model"),
        ("evolve = 3\n", "evolve"),
        ("[model]\ncoder = 'x'\nevolver = 'big'\n", "evolver"),
    ],
)
def test_what_is_wrong_is_named_without_a_traceback(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert told in str(caught.value)
    assert "ahe.toml" in str(caught.value)


def test_a_wrong_flag_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"evolve\.jobs"):
        load(tmp_path, "", {"evolve.jobs": 0})


def test_a_flag_for_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="evolve"):
        load(tmp_path, "evolve = 3\n", {"evolve.jobs": 2})


def test_the_root_is_the_nearest_folder_with_a_file(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_root(inner) == inner
    (tmp_path / "ahe.toml").write_text("")
    assert find_root(inner) == tmp_path


def test_the_suite_is_beside_the_file_or_bundled(tmp_path: Path) -> None:
    assert load(tmp_path).suite_path() == entry("evals") / "shell-basics"
    (tmp_path / "evals" / "shell-basics").mkdir(parents=True)
    assert load(tmp_path).suite_path() == tmp_path / "evals" / "shell-basics"
    with pytest.raises(UsageError, match=r"--suite"):
        load(tmp_path, "[suite]\npath = 'none/such'\n").suite_path()


def test_a_flag_says_what_the_evolver_is_given() -> None:
    assert flags({"evidence": "scores", "iterations": 3}) == {"evolve.evidence": "scores"}
