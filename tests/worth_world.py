"""A project whose harness has a part that carries the gain and parts that are null, and a suite on which acting does harm.

`PYTHONPATH=.:tests python tests/worth_world.py DIR` makes the one of docs/worth.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import final_world
import world
import yaml


def by_person(root: Path, path: str, text: str, subject: str) -> None:
    file = root / "workspace" / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    world.git(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", subject)


def write_project(root: Path) -> Path:
    """The middleware makes the coder act, the memory changes nothing."""
    final_world.write_project(root)
    world.ahe(root, "init")
    by_person(root, "middleware/10_act.py", world.ACT, "middleware: act")
    by_person(root, "memory.md", "Be kind.\n", "memory: be kind")
    return root


def write_elsewhere(root: Path) -> None:
    """`other`, a suite on which acting does harm, and `silent.yaml`, a model with nothing to act on."""
    tasks = [f"{word}-note" for word in ("one", "two", "three")]
    for name in tasks:
        world.write_task(root / "other" / name, name)
        verify = "if [ -e /app/out.txt ]; then echo 0; else echo 1; fi > /logs/verifier/reward.txt"
        (root / "other" / name / "tests" / "test.sh").write_text(f"mkdir -p /logs/verifier\n{verify}\n")
    splits = f"train = {tasks[:2]}\nheldout = {tasks[2:]}\n".replace("'", '"')
    (root / "other" / "suite.toml").write_text(f'name = "other"\n[splits]\n{splits}test = []\n')
    (root / "silent.yaml").write_text('coder: {"*": "Done."}\n')
    answers = yaml.safe_load((root / "script.yaml").read_text())
    answers["coder"] |= {f"{name}/*/0": "WRITE word" for name in tasks}
    (root / "script.yaml").write_text(yaml.safe_dump(answers, sort_keys=False))


if __name__ == "__main__":
    place = write_project(Path(sys.argv[1]).resolve())
    write_elsewhere(place)
    by_person(place, "memory.md", "Be kind and brief.\n", "memory: be brief")
