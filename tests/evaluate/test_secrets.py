"""What preflight is given to look for."""

from __future__ import annotations

from task_writer import write_task

from ahe.evaluate.suite import load_suite, suite_texts


def test_all_splits_are_secret_and_train_instructions_are_not(tmp_path):
    for name in "abc":
        files = {
            "tests/test.sh": f"verifier of {name}",
            "tests/data/deep.txt": f"data of {name}",
            "solution/solve.sh": "one solution",
            "instruction.md": f"Instruction of {name}.",
        }
        write_task(tmp_path / name, files=files)
        (tmp_path / name / "tests/picture.bin").write_bytes(b"\x00\x01")
    (tmp_path / "suite.toml").write_text('[splits]\ntrain = ["a"]\nheldout = ["b"]\n')
    found = suite_texts(load_suite(tmp_path))
    assert found.names == ("a", "b", "c")
    expected = {f"{what} of {name}" for what in ("verifier", "data") for name in "abc"} | {"one solution"}
    assert set(found.hidden) == expected
    assert len(found.hidden) == len(expected), "the same text is read over once"
    assert found.allowed == ("Instruction of a.",)
