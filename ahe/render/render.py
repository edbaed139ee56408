"""Writes a plan into a folder that a person also edits, says what differs from it, and takes it away again.

`.ahe/rendered.json` in that folder remembers, for each agent, which files are ours alone or were made by us.
"""

import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ahe.errors import UsageError
from ahe.records import Kind, Record
from ahe.render.json_text import drop, get, put
from ahe.render.plan import ALL, Lost, Plan, makes, plan
from ahe.render.table import AGENTS, Entry, table

RECORD = ".ahe/rendered.json"
MARK = "ahe hook"
"""Stands in every element of ours in a person's list."""
BEGIN, END = "ahe: begin (`ahe render` writes this part: edit the harness instead)", "ahe: end"
EMPTY = ("", "{}")


class Rendered(Record):
    """The files that were written or removed, or would be, and the components that the agent does not take."""

    written: tuple[str, ...]
    lost: tuple[Lost, ...]


def render(harness: Path, agent: str, into: Path, kinds: Collection[Kind] = ALL) -> Rendered:
    """Render the harness in folder `harness` to the agent's files in the folder `into`, which is made if it is missing.

    Of the harness only these `kinds` are rendered, of files that a person also edits only our part changes. Done again
    it changes nothing; what an earlier harness left is removed. Raises `UsageError` where a file of ours would replace
    a person's, `HarnessError` for a harness that cannot be read.
    """
    made = plan(harness, agent, kinds)
    into.mkdir(parents=True, exist_ok=True)
    changes = _changes(made, agent, into)
    _write(changes, into)
    return Rendered(written=tuple(changes), lost=tuple(made.lost))


def check(harness: Path, agent: str, into: Path) -> Rendered:
    """What `render` would write."""
    made = plan(harness, agent)
    return Rendered(written=tuple(_changes(made, agent, into)), lost=tuple(made.lost))


def remove(agent: str, into: Path) -> Rendered:
    """Take away all that was rendered for an agent; a person's files are then as they were."""
    changes = _changes(None, agent, into)
    _write(changes, into)
    return Rendered(written=tuple(changes), lost=())


def _changes(made: Plan | None, agent: str, into: Path) -> dict[str, bytes | None]:
    """The new content of each file that has to change; None for those that go."""
    record, wanted = _record(into), made or Plan()
    old = set(record.pop(agent, []))
    others = {path for paths in record.values() for path in paths}
    after: dict[str, bytes | None] = dict.fromkeys(sorted(old - others))
    for path, data in wanted.files.items():
        there = _read(into, path)
        if there not in (None, data) and path not in old | others:
            raise UsageError(f"{into / path} is there already, and not from ahe: move it away or remove it")
        after[path] = data
    own = set(wanted.files)
    for path, parts in _parts(wanted, agent, record, old | others).items():
        before = _read(into, path)
        text = _text(before, into / path)
        try:
            for change in parts:
                text = change(text)
        except ValueError as error:
            raise UsageError(f"{into / path} cannot take our part, correct it: {error}") from None
        ours = before is None or path in old | others
        after[path] = None if ours and text.strip() in EMPTY else text.encode()
        own |= {path} if ours else set()
    if made is not None:
        record[agent] = sorted(path for path in own if after[path] is not None)
    after[RECORD] = (json.dumps(record, indent=2) + "\n").encode() if record else None
    return {path: data for path, data in after.items() if data != _read(into, path)}


def _parts(
    wanted: Plan, agent: str, others: Mapping[str, object], ours: Collection[str]
) -> dict[str, list[Callable[[str], str]]]:
    """How each file that a person also edits has to change, for each part of ours that it may hold."""
    found: dict[str, list[Callable[[str], str]]] = {}
    shared = {place.block for other in others if other in AGENTS for place in table(other).places.values()}
    for place in table(agent).places.values():
        if place.block and (place.block in wanted.blocks or place.block not in shared):
            found[place.block] = [
                partial(_with_block, path=place.block, block=wanted.blocks.get(place.block, ""))
            ]
        for entry in place.entries:
            there = entry in wanted.entries.get(place.config, ())
            change = partial(_with_entry, entry=entry, there=there, ours=place.config in ours)
            found.setdefault(place.config, []).append(change)
    return found


def _with_entry(text: str, entry: Entry, there: bool, ours: bool) -> str:
    """The text with our entry, or without it; a person's own value at its key stays. Raises `ValueError`."""
    mark = MARK if entry.hook else ""
    theirs = not mark and not ours and get(text, entry.at) not in (None, entry.value)
    if not there:
        return text if theirs else drop(text, entry.at, mark)
    if theirs:
        raise ValueError(f"it has a value of yours at {'.'.join(entry.at)}: give that another name")
    return put(text, entry.at, entry.value, mark)


def _with_block(text: str, path: str, block: str) -> str:
    """The text with our block at its end, or in place of the one that is there; an empty one is removed."""
    begin, end = (f"# {mark}" if path.endswith(".toml") else f"<!-- {mark} -->" for mark in (BEGIN, END))
    if (text.count(begin), text.count(end)) not in ((0, 0), (1, 1)):
        raise ValueError(f"the lines {begin!r} and {end!r} are damaged")
    block = block.replace(begin, "").replace(end, "")
    block = f"{begin}\n{block}\n{end}\n" if block else ""
    before, found, after = text.partition(begin)
    if found:
        after = after.partition(end)[2].removeprefix("\n")
        text = f"{before if block else before.removesuffix(chr(10))}{block}{after}"
    else:
        text = f"{text}\n{block}" if text and block else text or block
    if block and path.endswith(".toml"):
        tomllib.loads(text)  # a table of ours may be there already
    return text


def _record(into: Path) -> dict[str, list[str]]:
    """Raises `UsageError` for a path that `ahe` writes for no harness: a record may come from anybody."""
    text = _text(_read(into, RECORD), into / RECORD)
    try:
        record = TypeAdapter(dict[str, list[str]]).validate_json(text or "{}")
    except ValidationError:
        raise UsageError(
            f"{into / RECORD} is damaged: restore it, or remove it and what was rendered"
        ) from None
    for agent, paths in record.items():
        foreign = [path for path in paths if not makes(agent, path)] if agent in AGENTS else [agent]
        if foreign:
            raise UsageError(
                f"{into / RECORD} names {foreign[0]!r}, which ahe does not write: correct or remove it"
            )
    return record


def _write(changes: Mapping[str, bytes | None], into: Path) -> None:
    for path, data in changes.items():
        place = _place(into, path)
        if data is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            continue
        place.unlink(missing_ok=True)
        for folder in place.relative_to(into.resolve()).parents[:-1]:
            with suppress(OSError):  # it holds something else
                (into / folder).rmdir()


def _read(into: Path, path: str) -> bytes | None:
    place = _place(into, path)
    return place.read_bytes() if place.is_file() else None


def _place(into: Path, path: str) -> Path:
    """Raises `UsageError` for a path that a link leads out of the folder: such a folder may come from anybody."""
    place, top = (into / path).resolve(), into.resolve()
    if not place.is_relative_to(top):
        raise UsageError(f"{into / path} leads out of {into}: remove that link")
    return place


def _text(data: bytes | None, place: Path) -> str:
    try:
        return (data or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{place} is not in UTF-8: save it as UTF-8") from None
