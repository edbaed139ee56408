"""The trial store: `runs/ahe.sqlite`. A trial is done when its row is committed.

WAL with synchronous NORMAL survives SIGKILL of the process; a power cut may lose the last transactions. Each process
has one connection, used from asyncio's one thread, so writes are serial.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from ahe.errors import UsageError
from ahe.records import FRESH, Reply, Role, Tally, Trial, Usage

SCHEMA_VERSION = 1

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


class Store:
    """Finished trials, answered calls of debugger and evolver, what was spent, and facts about endpoints."""

    def __init__(self, runs: Path) -> None:
        """Open or make the store in folder `runs`. Raises `UsageError` on a store of a newer version."""
        self.runs = runs
        (runs / "trials").mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(runs / "ahe.sqlite", isolation_level=None, timeout=30)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._migrate()

    def _migrate(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise UsageError(
                f"{self.runs}/ahe.sqlite was written by a newer ahe: upgrade, or use another folder"
            )
        if version == 0:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")

    def close(self) -> None:
        self._db.close()

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
            rows = self._db.execute(f"SELECT id, record FROM trial WHERE id IN ({marks})", part)
            found.update({row[0]: Trial.model_validate_json(row[1]) for row in rows})
        return found

    def of_harness(self, harness: str) -> list[Trial]:
        """All trials of one harness version, in the order of task and attempt."""
        rows = self._db.execute(
            "SELECT record FROM trial WHERE harness = ? ORDER BY task, attempt", (harness,)
        )
        return [Trial.model_validate_json(row[0]) for row in rows]

    def tallies(self, model: str, before: str = "") -> list[tuple[str, Tally]]:
        """Task and tally of each pair of harness and task, from plain attempts with the model of this fingerprint.

        With `before` (a time in the format of `Trial.started`) only of trials that began earlier.
        """
        rows = self._db.execute(
            "SELECT task, sum(status = 'passed'), sum(status <> 'missing'), sum(status = 'missing')"
            " FROM trial WHERE record ->> 'model' = ?1 AND (?2 = '' OR record ->> 'started' < ?2)"
            " AND attempt < ?3 GROUP BY harness, task",
            (model, before, FRESH),
        )
        return [(task, Tally(passes=p, n=n, missing=missing)) for task, p, n, missing in rows]

    def used(self, tasks: Sequence[str]) -> tuple[int, int]:
        """The first attempt number that no trial of these tasks has used, and how many scored trials they have."""
        top, seen = -1, 0
        for task in tasks:
            row = self._db.execute(
                "SELECT max(attempt), sum(status <> 'missing') FROM trial WHERE task = ?", (task,)
            ).fetchone()
            top, seen = max(top, -1 if row[0] is None else row[0]), seen + (row[1] or 0)
        return top + 1, seen

    def count(self) -> int:
        """The number of scored trials."""
        (number,) = self._db.execute("SELECT count(*) FROM trial WHERE status <> 'missing'").fetchone()
        return int(number)

    def answered(self, model: str) -> bool:
        """Whether a scored trial with this model did not end with a request that the endpoint refused."""
        row = self._db.execute(
            "SELECT 1 FROM trial WHERE record ->> 'model' = ? AND status <> 'missing'"
            " AND record ->> 'ended' <> 'bad_request' LIMIT 1",
            (model,),
        ).fetchone()
        return row is not None

    def sample(self, model: str, most: int) -> list[Trial]:
        """Up to `most` scored trials with one model. Ids are hashes, so the first are a random sample."""
        rows = self._db.execute(
            "SELECT record FROM trial WHERE record ->> 'model' = ? AND status <> 'missing' ORDER BY id LIMIT ?",
            (model, most),
        )
        return [Trial.model_validate_json(row[0]) for row in rows]

    def put(self, trial: Trial) -> None:
        """Commit a finished trial. Only a `missing` one may be replaced later."""
        (self.folder(trial.id) / "result.json").write_text(trial.model_dump_json(indent=1) + "\n", "utf-8")
        self._db.execute(
            "INSERT INTO trial VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " status = excluded.status, record = excluded.record WHERE trial.status = 'missing'",
            (trial.id, trial.harness, trial.task, trial.attempt, trial.status, trial.model_dump_json()),
        )

    def sweep(self) -> int:
        """Remove the folders of trials that never finished. Returns how many there were.

        Only for the process that holds the run's lock, because running trials look the same.
        """
        known = {row[0] for row in self._db.execute("SELECT id FROM trial")}
        stale = [path for path in (self.runs / "trials").iterdir() if path.name not in known]
        for path in stale:
            shutil.rmtree(path, ignore_errors=True)
        return len(stale)

    # answered calls

    def answer(self, digest: str) -> Reply | None:
        row = self._db.execute("SELECT reply FROM answer WHERE digest = ?", (digest,)).fetchone()
        return Reply.model_validate_json(row[0]) if row else None

    def put_answer(self, digest: str, role: Role, reply: Reply) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO answer VALUES (?, ?, ?)", (digest, role, reply.model_dump_json())
        )

    # money and facts

    def charge(self, role: Role, usage: Usage) -> None:
        """Add what one call cost to the run's total."""
        self._db.execute("INSERT INTO spent (role, usage) VALUES (?, ?)", (role, usage.model_dump_json()))

    def spent(self, roles: Iterable[Role] = ("coder", "debugger", "evolver")) -> Usage:
        """The total that was ever charged in this project, for these roles."""
        wanted = tuple(roles)
        marks = ",".join("?" * len(wanted))
        total = self._db.execute(
            "SELECT count(*), sum(usage ->> 'input_tokens'), sum(usage ->> 'cached_tokens'),"
            f" sum(usage ->> 'output_tokens'), sum(usage ->> 'usd') FROM spent WHERE role IN ({marks})",
            wanted,
        ).fetchone()
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
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def put_fact(self, name: str, value: object) -> None:
        self._db.execute(
            "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )
