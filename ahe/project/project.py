"""A project on disk: its configuration, suite, workspace and store. `init` makes one."""

import fcntl
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.errors import UsageError
from ahe.evaluate.store import Store
from ahe.evaluate.stored import of_one_model
from ahe.evaluate.suite import Suite, load_suite
from ahe.evolve.documents import Document, read_documents
from ahe.evolve.plays import Play, named, read_playbook
from ahe.harness.inventory import Component, inventory
from ahe.history import History
from ahe.models.identity import fingerprint
from ahe.project.config import FILE, Config, SuiteTable, load_config
from ahe.project.content import entry
from ahe.records import ModelSpec, Role, Task
from ahe.text import read_text


@dataclass(frozen=True)
class Project:
    """What is found on disk. Opening it starts nothing."""

    config: Config

    @property
    def root(self) -> Path:
        return self.config.root

    def suite(self) -> Suite:
        """The suite that the configuration names, without what cannot run here. Raises `UsageError` or `TaskError`."""
        wanted = self.config.environment
        whole = load_suite(self.config.suite_path())
        return whole.runnable(allow_network=wanted.allow_network, kind=wanted.kind)

    def history(self) -> History:
        """The workspace. Raises `WorkspaceError` where `ahe init` was never run."""
        return History(self.config.workspace)

    def store(self) -> Store:
        return Store(self.config.runs)

    def playbook(self) -> tuple[Play, ...]:
        """The plays that come along and those in the project's own folder `playbook/`. Raises `HarnessError`."""
        return read_playbook(entry("evolver") / "playbook", self.root / "playbook")

    def plays(self) -> tuple[Play, ...]:
        """The plays that a run tries: those that the configuration names, else all. Raises `UsageError`."""
        names = self.config.evolve.plays
        return named(self.playbook(), names) if names else self.playbook()

    def documents(self) -> tuple[Document, ...]:
        """The documents that the configuration names, each part no longer than a tool's result. Raises `UsageError`."""
        size = self.config.trial_limits().output_bytes
        return read_documents(self.config.evolve.documents, self.root, size)

    def tasks_in_use(self, suite: Suite) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
        """Train and held-out tasks of a run. Raises `UsageError` where no train task is left, or none of the held-out
        tasks that the suite has: without them the gate could not veto."""
        quick = self.config.suite.quick
        return suite.needed("train", quick=quick), suite.usable("heldout", quick=quick)

    def settled_spec(self, role: Role) -> ModelSpec:
        """The model of a role as its trials are stored; as configured where its weights were not fetched yet."""
        from ahe.models.roles import settle

        spec = self.config.model_spec(role)
        try:
            return settle(spec)
        except UsageError:
            return spec

    def coder(self) -> str:
        """The fingerprint of the coder's model; empty where its address is not valid."""
        try:
            return fingerprint(self.settled_spec("coder"))
        except UsageError:
            return ""

    @contextmanager
    def run_lock(self) -> Iterator[None]:
        """Only one command that writes verdicts or finals at a time. The lock ends with the process, however it
        ends. Raises `UsageError`.
        """
        self.config.runs.mkdir(parents=True, exist_ok=True)
        with (self.config.runs / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    f"another `ahe evolve`, `compare` or `final` is running in {self.root}: wait for it"
                ) from None
            yield

    def components(self, rev: str = "HEAD") -> list[Component]:
        """The inventory of the harness at a revision, with its uses in the trials that were made of it."""
        history = self.history()
        sha = history.resolve(rev)
        uses: Counter[str] = Counter()
        with closing(self.store()) as store:
            for trial in of_one_model(store.of_harness(history.harness_id(sha)), self.coder()):
                uses.update(trial.uses)
        return inventory(history.contents(sha), history.last_changes(sha), uses)


def open_project(path: Path | str = ".", flags: Mapping[str, Any] | None = None) -> Project:
    """Open the project in folder `path`, as `ahe init` makes one. Starts nothing.

    `flags` override `ahe.toml` by dotted names, as command-line flags do: `{"evolve.jobs": 8}`. Raises `UsageError`
    that names the wrong key.
    """
    return Project(load_config(Path(path).resolve(), flags))


CODER = """\
[coder]                       # your own agent works on the tasks, and the harness is rendered to its files
kind = "command"
agent = "{agent}"
command = ""                  # {command}
mounts = []                   # folders that the sandbox shows: where the program lies, as in ["/opt/agents"]

"""


def init(root: Path, suite: str = "", bundle: Path | None = None, agent: str = "") -> list[str]:
    """Make `ahe.toml` and the workspace in folder `root`; existing files stay. Returns what was made.

    `suite` is the path of a suite for a new `ahe.toml`, `agent` an agent of another make as its coder. The workspace
    begins with the suite's own seed where it has one, or with the evolved harness of a git `bundle` and its history.
    Raises `UsageError` and `TaskError` for a suite that is not there.
    """
    from ahe.agents.command import ways

    if agent and agent not in ways():
        raise UsageError(f"there is no agent {agent!r}: use one of {', '.join(ways())}")
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    made = []
    if not (root / FILE).is_file():
        text = read_text(entry(FILE))
        if agent:
            usual = ways()[agent].command
            said = (
                "empty: its usual command" if usual else "what starts it, as in: python3 /opt/agents/mine.py"
            )
            text = text.replace("[suite]", CODER.format(agent=agent, command=said) + "[suite]", 1)
        if suite:
            text = text.replace(f'path = "{SuiteTable().path}"', f"path = {json.dumps(suite)}")
        (root / FILE).write_text(text, "utf-8")
        made.append(f"made {root / FILE}")
    elif suite or agent:
        raise UsageError(f"{root / FILE} exists already: set {'[suite] path' if suite else '[coder]'} in it")
    if not (root / "workspace" / ".git").exists():
        own = _seed(load_config(root).suite_path(), must_exist=bool(suite))
        if bundle:
            history = History.unpack(root / "workspace", bundle)
        else:
            history = History.create(root / "workspace", own or entry("components"))
        what = f"the harness of {bundle} at" if bundle else "the seed harness as"
        made.append(f"made {root / 'workspace'}: {what} commit {history.head()[:10]}")
    elif bundle:
        raise UsageError(f"{root / 'workspace'} exists already: name another folder")
    return made


def _seed(suite: Path, *, must_exist: bool) -> Path | None:
    """The suite's own seed. A suite that `ahe.toml` names may be put there later, so it need not exist."""
    return load_suite(suite, digests=False).seed if must_exist or (suite / "suite.toml").is_file() else None
