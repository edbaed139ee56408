"""Every recipe of the play `cookbook`, run: what it prints, and what holds after it. The cases are keyed by request."""

import json
from pathlib import Path

import pytest

from ahe.environments.bwrap import BwrapEnvironment
from ahe.project.content import entry
from ahe.records import EnvironmentSpec

FOLDER = entry("evolver") / "playbook" / "cookbook" / "files" / "skills" / "cookbook"
CASES = Path(__file__).parent.parent / "data" / "cookbook.jsonl"
PARTS = 12
OWNERS = "chown"
"""A sandbox has one user, so recipes that change owners are not run here."""
PRELUDE = r"""
export HOME=/home/ada LC_ALL=C.UTF-8; mkdir -p /home/ada /var/tmp; cd /
w() { mkdir -p "$(dirname "$1")"; printf '%b\n' "$2" > "$1"; }
t() { for f; do mkdir -p "$(dirname "$f")"; echo "x ${f##*/}" > "$f"; done; }
sales() { w "$1" 'date,shop,amount\n2024-03-01,north,120\n2024-03-02,south,80\n2024-03-02,north,40
2024-03-05,west,200\n2024-03-09,south,15'; }
log() { w "$1" '2024-05-01 08:12:03 INFO start\n2024-05-01 08:40:10 ERROR disk full\n2024-05-01 09:05:00 WARN slow reply
2024-05-01 09:30:44 ERROR timeout on db\n2024-05-01 10:01:09 INFO error page sent\n2024-05-01 10:15:00 INFO stop'; }
acc() { w "$1" '10.0.0.2 - - [01/May/2024:08:00:01 +0000] "GET /a HTTP/1.1" 200 512
10.0.0.9 - - [01/May/2024:08:10:01 +0000] "GET /b HTTP/1.1" 404 10
10.0.0.2 - - [01/May/2024:09:00:01 +0000] "GET /b HTTP/1.1" 200 100
10.0.0.5 - - [01/May/2024:09:20:01 +0000] "GET /c HTTP/1.1" 500 0
10.0.0.2 - - [01/May/2024:09:30:01 +0000] "GET /b HTTP/1.1" 404 10
10.0.0.9 - - [01/May/2024:10:00:01 +0000] "GET /a HTTP/1.1" 200 512'; }
ci() { git -C "$1" add -A; git -C "$1" commit -qm "$2"; }
repo() { git init -q -b main "$1"; w "$1/a.txt" one; ci "$1" first; w "$1/a.txt" 'one\ntwo'; w "$1/b.txt" bee
ci "$1" second; }
printf '[user]\nname=Ada\nemail=ada@example.com\n' > /home/ada/.gitconfig
"""


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("part", range(PARTS))
async def test_every_recipe_does_what_was_asked(tmp_path: Path, part: int) -> None:
    recipes = [recipe for path in sorted(FOLDER.glob("*.jsonl")) for recipe in lines(path)]
    cases, wrong = {case["when"]: case for case in lines(CASES)}, []
    assert len(recipes) > 300
    for number, recipe in enumerate(recipes[part::PARTS]):
        case = cases[recipe["when"]]
        assert "prints" in case or "then" in case
        if OWNERS in recipe["how"]:
            continue
        box = BwrapEnvironment(EnvironmentSpec(name="recipe"), tmp_path / str(number))
        await box.start()
        try:
            made = await box.exec(f"set -e{PRELUDE}{case.get('fixture', '')}", timeout=60)
            done = await box.exec(f"export HOME=/home/ada LC_ALL=C.UTF-8; cd /\n{recipe['how']}", timeout=60)
            then = await box.exec(f"{PRELUDE}set -e\n{case.get('then', '')}", timeout=60)
        finally:
            await box.stop()
        printed = done.text.strip("\n")
        right = "prints" not in case or printed == case["prints"].strip("\n")
        if not right or made.exit_code or done.exit_code or then.exit_code:
            wrong.append((recipe["when"], made.text, printed, case.get("prints"), then.text))
    assert wrong == []
