"""What preflight is given to look for."""

from __future__ import annotations

from task_writer import write_task

from ahe.evaluate.suite import hidden_texts, load_suite
from ahe.harness.leaks import split_words
from ahe.project.assemble import preflight


def test_all_splits_are_secret_and_train_instructions_are_not(tmp_path):
    names = ("sum-a", "sum-b", "sum-c")
    for name in names:
        files = {
            "tests/test.sh": f"verifier quotes: the instruction of {name}",
            "tests/data/deep.txt": f"data of {name}",
            "solution/solve.sh": "one solution",
            "instruction.md": f"The instruction of {name}.",
        }
        write_task(tmp_path / name, files=files)
        (tmp_path / name / "tests/picture.bin").write_bytes(b"\x00\x01")
    (tmp_path / "suite.toml").write_text('[splits]\ntrain = ["sum-a"]\nheldout = ["sum-b"]\n')
    suite = load_suite(tmp_path)
    found = hidden_texts(suite)
    expected = {f"verifier quotes: the instruction of {name}" for name in names} | {"one solution"}
    assert set(found) == expected | {f"data of {name}" for name in names}
    assert len(found) == len(set(found)), "the same text is read over once"
    secrets = preflight(suite).secrets
    assert secrets is not None
    assert all(secrets.names_a_task(f"as in {name}") for name in names if name != "sum-a")
    assert not secrets.holds(split_words("The instruction of sum-a"))
    assert secrets.holds(split_words("The instruction of sum-b"))
