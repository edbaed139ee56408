"""The trial store: `runs/ahe.sqlite`. A trial is done when its row is committed.

Each process has one connection, used from asyncio's one thread, so writes are serial.
"""

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ahe.evaluate.database import Database
from ahe.evaluate.scratch import Scratch
from ahe.records import FRESH, Reply, Role, Tally, Trial, Usage

SCHEMA_VERSION = 1
_RESULT = "result.json"
EARLIER = "missing"
"""In a trial's folder: what earlier attempts at it left, which the infrastructure broke; 1 is the oldest."""

_SCHEMA = """
CREATE TABLE trial (
    id TEXT PRIMARY KEY, harness TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL,
    status TEXT NOT NULL, record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX trial_harness ON trial (harness, task);
CREATE TABLE answer (digest TEXT PRIMARY KEY, role TEXT NOT NULL, reply TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE spent (id INTEGER PRIMARY KEY, role TEXT NOT NULL, usage TEXT NOT NULL);
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class Store(Database):
    """Finished trials, answered calls of debugger and evolver, what was spent, and facts: about endpoints, and the
    prior of each comparison.

    Every method raises `UsageError` as those of `Database` do.
    """

    def __init__(self, runs: Path, patience: float = 10.0) -> None:
        """Open or make the store in folder `runs`; another process may hold it locked for `patience` seconds."""
        self.runs = runs
        self.scratch = Scratch(runs / "scratch")
        super().__init__(runs / "ahe.sqlite", _SCHEMA, SCHEMA_VERSION, patience)
        if not self.readonly:
            (runs / "trials").mkdir(exist_ok=True)

    def close(self) -> None:
        self.scratch.close()
        super().close()

    # trials

    def folder(self, trial_id: str) -> Path:
        """The folder with the trial's trace."""
        return self.runs / "trials" / trial_id

    def find(self, ids: Sequence[str]) -> dict[str, Trial]:
        """The finished trials among `ids`."""
        found: dict[str, Trial] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self.rows(f"SELECT record FROM trial WHERE id IN ({marks})", part)
            found.update({trial.id: trial for trial in self._trials(rows)})
        return found

    def _trials(self, rows: Iterable[tuple[str]]) -> list[Trial]:
        with self.told():
            return [Trial.model_validate_json(row[0]) for row in rows]

    def of_harness(self, harness: str) -> list[Trial]:
        """All trials of one harness version, in the order of task and attempt."""
        asked = "SELECT record FROM trial WHERE harness = ? ORDER BY task, attempt"
        return self._trials(self.rows(asked, (harness,)))

    def tallies(self, model: str) -> list[tuple[str, Tally]]:
        """Task and tally of each pair of harness and task, from plain attempts with the model of this fingerprint."""
        rows = self.rows(
            "SELECT task, sum(status = 'passed'), sum(status <> 'missing'), sum(status = 'missing'),"
            " sum(partial), sum(partial * (1.0 - partial)) FROM (SELECT harness, task, status, iif(status = 'failed',"
            " min(1.0, max(0.0, coalesce(record ->> 'reward', 0.0))), 0.0) AS partial"
            " FROM trial WHERE record ->> 'model' = ? AND attempt < ?) GROUP BY harness, task",
            (model, FRESH),
        )
        return [
            (task, Tally(passes=p, n=n, missing=missing, partial=partial, between=between))
            for task, p, n, missing, partial, between in rows
        ]

    def used(self, tasks: Sequence[str]) -> tuple[int, int]:
        """The first attempt number that no trial of these tasks has used, and how many scored trials they have."""
        top, seen = -1, 0
        for task in tasks:
            (row,) = self.rows(
                "SELECT max(attempt), sum(status <> 'missing') FROM trial WHERE task = ?", (task,)
            )
            top, seen = max(top, -1 if row[0] is None else row[0]), seen + (row[1] or 0)
        return top + 1, seen

    def count(self) -> int:
        """The number of scored trials."""
        return int(self.rows("SELECT count(*) FROM trial WHERE status <> 'missing'")[0][0])

    def answered(self, model: str, player: str = "") -> bool:
        """Whether a scored trial with this model had a reply, and did not end with a request that was refused.

        With `player` only trials count whose `settings` end with it.
        """
        found = self.rows(
            "SELECT 1 FROM trial WHERE record ->> 'model' = ? AND status <> 'missing'"
            " AND record ->> 'ended' <> 'bad_request' AND record ->> '$.usage.calls' > 0"
            " AND ifnull(record ->> 'settings', '') LIKE '%' || ? LIMIT 1",
            (model, player),
        )
        return bool(found)

    def sample(self, model: str, most: int) -> list[Trial]:
        """Up to `most` scored trials with one model. Ids are hashes, so the first are a random sample."""
        asked = "SELECT record FROM trial WHERE record ->> 'model' = ? AND status <> 'missing' ORDER BY id LIMIT ?"
        return self._trials(self.rows(asked, (model, most)))

    def put(self, trial: Trial) -> None:
        """Commit a finished trial. Only a `missing` one may be replaced later."""
        (self.folder(trial.id) / _RESULT).write_text(trial.model_dump_json(indent=1) + "\n", "utf-8")
        self.rows(
            "INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " status = excluded.status, record = excluded.record WHERE trial.status = 'missing'",
            (trial.id, trial.harness, trial.task, trial.attempt, trial.status, trial.model_dump_json()),
        )
        self.scratch.release(trial.id)

    def sweep(self) -> int:
        """Remove what killed processes left: scratch, and trials that never finished. Returns how many those were."""
        self.scratch.sweep()
        # In this order: a trial is claimed before its folder is there, and stored before that is given up.
        found = [*(self.runs / "trials").glob("*")]
        running = self.scratch.claimed()
        known = {row[0] for row in self.rows("SELECT id FROM trial")} | running
        # One with a result was finished, in a store that was lost.
        stale = [path for path in found if path.name not in known and not (path / _RESULT).exists()]
        for path in stale:
            shutil.rmtree(path, ignore_errors=True)
        return len(stale)

    def new_folder(self, trial_id: str) -> Path:
        """An empty folder for a trial's trace, but for what attempts left that were missing: see `EARLIER`.

        Until the trial is stored, or this process ends, `sweep` leaves the folder alone.
        """
        folder = self.folder(trial_id)
        self.scratch.claim(trial_id)
        if self.find([trial_id]):
            aside = folder.with_name(f"{trial_id}.{EARLIER}")
            _keep(aside, folder)  # a process that was killed here may have left it
            if set(os.listdir(folder)) - {EARLIER}:
                folder.rename(aside)
                _keep(aside, folder)
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # answered calls

    def answer(self, digest: str) -> Reply | None:
        rows = self.rows("SELECT reply FROM answer WHERE digest = ?", (digest,))
        with self.told():
            return Reply.model_validate_json(rows[0][0]) if rows else None

    def put_answer(self, digest: str, role: Role, reply: Reply) -> None:
        self.rows("INSERT OR IGNORE INTO answer VALUES (?, ?, ?)", (digest, role, reply.model_dump_json()))

    # money and facts

    def charge(self, role: Role, usage: Usage) -> None:
        """Add what one call cost to the run's total."""
        self.rows("INSERT INTO spent (role, usage) VALUES (?, ?)", (role, usage.model_dump_json()))

    def spent(self, roles: Iterable[Role] = ("coder", "debugger", "evolver")) -> Usage:
        """The total that was ever charged in this project, for these roles."""
        wanted = tuple(roles)
        marks = ",".join("?" * len(wanted))
        (total,) = self.rows(
            "SELECT count(*), sum(usage ->> 'input_tokens'), sum(usage ->> 'cached_tokens'),"
            f" sum(usage ->> 'output_tokens'), sum(usage ->> 'usd') FROM spent WHERE role IN ({marks})",
            wanted,
        )
        calls, inputs, cached, outputs, usd = total
        return Usage(
            calls=calls,
            input_tokens=inputs or 0,
            cached_tokens=cached or 0,
            output_tokens=outputs or 0,
            usd=usd,
        )

    def fact(self, name: str) -> object | None:
        """A fact that was found out once, such as the tool-call mode of an endpoint; None if it is not known."""
        rows = self.rows("SELECT value FROM fact WHERE name = ?", (name,))
        with self.told():
            return json.loads(rows[0][0]) if rows else None

    def put_fact(self, name: str, value: object) -> None:
        self.rows(
            "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )


def _keep(aside: Path, folder: Path) -> None:
    """Make the folder of a trial, with what was put aside of it, if anything was, among its earlier attempts."""
    folder.mkdir(parents=True, exist_ok=True)
    if not aside.is_dir():
        return
    earlier = folder / EARLIER
    if (aside / EARLIER).is_dir() and not earlier.exists():
        (aside / EARLIER).rename(earlier)
    earlier.mkdir(exist_ok=True)
    aside.rename(earlier / str(len(os.listdir(earlier)) + 1))
