"""Lines about the subjects of the planted causes that say that all is well, or say nothing of worth.

They stand in the logs and script output of every rollout, passing and failing, so that neither a rare line nor a
word that goes with a kind betrays a cause. Again a half for each parity of the seed.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.traces.chance import Chance
from benchmarks.traces.kinds import details
from benchmarks.traces.words import PYTHON_PACKAGES

_DEVELOPMENT = (
    "loaded shared library {lib} in {k} ms",
    "{lib} found on the loader path",
    "port {port} is free",
    "listening on 0.0.0.0:{port}",
    "disk usage of {dir} is {k} %",
    "quota of {user}: {k} % used",
    "certificate of {host} is valid until {date2}",
    "clock offset to {host}: 0.0{cents} s",
    "{pkg} {ver} satisfies {pkg}>={ver}",
    "all {n} requirements resolved",
    "{dir} is writable",
    "mode of {path} is 0644, as wanted",
    "lock on {path} acquired in {k} ms",
    "lock released by {pid}",
    "sha256 of {file} matches",
    "downloaded {file} ({n} of {n} bytes)",
    "interpreter 3.11.{k} accepted",
    "node v20.{k}.1 is recent enough",
    "{file}: {n} lines, all ended by LF",
    "no CRLF in {file}",
    "locale is en_US.UTF-8, encoding utf-8",
    "{file} decoded as utf-8 without replacements",
    "fetched {n} of {n} rows from {table}",
    "rate limit: {n} requests remaining",
    "settings read from {conf}",
    "default profile of {name} is kept",
    "cache of {name} invalidated, {n} entries rebuilt",
    "cache hit ratio 0.{cents}",
    "working directory is the root of the repository",
    "skipping folder .git below {cwd}",
    "{n} files matched {dir}/*.{ext}",
    "0 files removed from {dir}",
    "{var} is set ({k} characters)",
    "environment has {n} variables",
    "applied migration {mig} in {k} ms",
    "schema of {table} is current",
    "decimal separator of {csv} is '.'",
    "{n} amounts of {csv} parsed",
    "header of {csv} has {k} columns",
    "{csv}: header and {n} rows",
    "ignoring {k} comments in {file}",
    "0 errors, {k} notices",
    "no failures in the last {k} minutes",
    "retrying is not needed for {name}",
    "error budget of {name} at {k} %",
    "deprecated option {key} still works",
    "missing values in {col}: 0",
    "fallback server {host} on standby",
)
_REPORTING = (
    "resolved {lib} from the system's library folder",
    "ldconfig: {n} libraries in the loader's table",
    "bound to port {port} at the first try",
    "socket on {port} closed, nobody left",
    "{dir} has {n} GB to spare",
    "wrote {n} blocks, space is ample",
    "TLS handshake with {host} took {k} ms",
    "time synchronised with {host}, drift {k} ms",
    "dependency tree of {pkg} is consistent",
    "{pkg} is at {ver}, the newest",
    "owner of {dir} is {user}, access granted",
    "rights of {path} unchanged",
    "took the mutex of {name} without waiting",
    "queue of {tool} is not contended",
    "digest of {file} is {hash}, as expected",
    "transfer of {file} complete",
    "running under Python 3.12.{k}, supported",
    "toolchain 1.8{k}.0 is fine for {pkg}",
    "line endings of {file} are uniform",
    "{file} normalised, nothing to change",
    "reading {file} as UTF-8",
    "charset of {file} declared: utf-8",
    "all {k} pages of {table} fetched",
    "result set of {n} fits in the buffer",
    "{conf} parsed, {k} options",
    "option {key} taken from {conf}",
    "stale entries of {name}: 0",
    "fresh build of {name}, nothing reused",
    "output folder is {cwd}/{rel}, as configured",
    "cd {dir}: ok",
    "collected {n} sources below {dir}",
    "nothing to clean in {dir}",
    "{var} comes from the environment",
    "expanded {k} variables in {conf}",
    "no pending migrations; {mig} was the last",
    "database version {n} is what the code wants",
    "numbers of {csv} use a point",
    "locale aware sort of {col} done",
    "column names of {csv} checked",
    "first row of {csv} is data, as the header says",
    "{k} duplicates of {name} dropped, as asked",
    "failed logins today: 0",
    "warning threshold of {name} is {k}",
    "no exception since {date}",
    "{name} disabled by default, enabled here",
    "optional step {stem} ran",
    "unknown users: none",
    "incomplete batches: 0 of {n}",
)


def calm(chance: Chance, seed: int, name: str, count: int) -> list[str]:
    """`count` such lines of the project `name`."""
    pool: Sequence[str] = _REPORTING if seed % 2 else _DEVELOPMENT
    return [chance.pick(pool).format_map(details(name, chance, PYTHON_PACKAGES)) for _ in range(count)]
