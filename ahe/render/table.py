"""The tables: for each agent and kind of component, to which of the agent's files it is rendered, or why it is lost."""

import functools
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import Field

from ahe.errors import UsageError
from ahe.records import Kind, Record

FOLDER = Path(__file__).parent
AGENTS = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


class Entry(Record):
    """A value in a person's JSON file: the value of the key `at`, or with `hook` an element of the list there, which is
    put there if some middleware has this hook."""

    at: tuple[str, ...]
    value: dict[str, Any]
    hook: str = ""


class Place(Record):
    """Where the components of one kind go.

    `lost` says why they go nowhere; `note` what else a person should know; `like` names a kind that is rendered
    together with this one. `block` is a text file in which our part stands between two marks (with `text`, if it is not
    what the components say). `files` is a file or, of a skill, a folder for each component; `fields` is the front
    matter of a sub-agent, `tool` how the agent calls a tool. `config` is a JSON file with `entries`, `yaml` a file of
    our own with a prompt. `whole`: the harness as it is.
    """

    lost: str = ""
    note: str = ""
    like: str = ""
    block: str = ""
    text: str = ""
    files: str = ""
    fields: dict[str, str] = Field(default_factory=dict)
    tool: str = "{name}"
    config: str = ""
    entries: tuple[Entry, ...] = ()
    yaml: str = ""
    whole: bool = False

    @property
    def target(self) -> str:
        """The file or folder, as the table shows it."""
        return self.block or self.files or self.config or self.yaml


class Table(Record):
    """An agent. `harness` is where a copy of the harness goes, from which `ahe mcp` and `ahe hook` serve."""

    name: str
    harness: str = ""
    places: dict[Kind, Place]


@functools.cache
def table(agent: str) -> Table:
    """Raises `UsageError` for an agent that has no table."""
    if agent not in AGENTS:
        raise UsageError(f"there is no agent {agent!r}: use one of {', '.join(AGENTS)}")
    read = tomllib.loads((FOLDER / f"{agent}.toml").read_text("utf-8"))
    places = {kind: read.pop(kind) for kind in Kind}
    return Table(name=agent, **read, places=places)


def tables() -> tuple[Table, ...]:
    return tuple(map(table, AGENTS))


def only(agent: Table, kinds: Collection[Kind]) -> Table:
    """The table as it is where only these kinds are rendered."""
    out = Place(lost="it is left out here")
    return agent.model_copy(
        update={
            "places": {
                kind: place if place.lost or kind in kinds else out for kind, place in agent.places.items()
            }
        }
    )


def taken(agent: str) -> frozenset[Kind]:
    """The kinds of component that an agent takes, at least in part. Raises `UsageError`."""
    return frozenset(kind for kind, place in table(agent).places.items() if not place.lost)
