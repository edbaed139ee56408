"""Commands in a container, with the same meaning as in bubblewrap, by `sh` and the daemon's exec stream."""

from __future__ import annotations

import itertools
import re
import secrets
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ahe.environments.inside.clip import Clip
from ahe.environments.inside.kin import MARKER
from ahe.records import ExecResult

# $1 command, $2 directory, $3 token. The token before the output says that the command was started; the one
# behind it that it has ended, though background processes may still hold the pipe. The second `cat` keeps
# them from dying of SIGPIPE.
RUN = """
printf '%s+\\n' "$3"
{ if cd -- "$2"; then
    if command -v setsid >/dev/null 2>&1; then new=setsid; else new=; fi
    if command -v bash >/dev/null 2>&1; then $new bash -c "$1"; else $new sh -c "$1"; fi
  else (exit 126); fi
  printf '%s:%d\\n' "$3" $?
} </dev/null 2>&1 | { trap '' PIPE; cat 2>/dev/null; exec cat >/dev/null 2>&1; }
"""

# $1 token, $2 `alone` when no other command runs. A process belongs to a command by its environment, its
# session or its parents; one without any mark does if it is younger and no other command runs.
KILL = r"""
list() { for f in $(grep -l -F -e "$1" /proc/[0-9]*/environ 2>/dev/null); do
           f=${f#/proc/}; echo "${f%/environ}"; done; }
row() { read -r line < "/proc/$1/stat" || return 1; set -- ${line##*) }
        state=$1 parent=$2 session=$4; shift 19; start=$1; }
first=
round=0
while [ "$round" -lt 100 ]; do
  round=$((round + 1))
  mine=" $(echo $(list "$1")) " marked=" $(echo $(list _EXEC=)) " sessions=" "
  for p in $mine; do
    row "$p" 2>/dev/null || continue
    sessions="$sessions$session "
    if [ -z "$first" ] || [ "$start" -lt "$first" ]; then first=$start; fi
  done
  changed=1
  while [ -n "$changed" ]; do
    changed=
    for p in /proc/[0-9]*; do
      p=${p#/proc/}
      case "$mine" in *" $p "*) continue;; esac
      [ "$p" = 1 ] || [ "$p" = $$ ] && continue
      case "$marked" in *" $p "*) continue;; esac
      row "$p" 2>/dev/null || continue
      take=
      case "$mine" in *" $parent "*) take=1;; esac
      case "$sessions" in *" $session "*) take=1;; esac
      if [ "$2" = alone ] && [ "$parent" = 1 ] && [ -n "$first" ]; then
        [ "$start" -ge "$first" ] && take=1
      fi
      if [ -n "$take" ]; then mine="$mine$p " sessions="$sessions$session " changed=1; fi
    done
  done
  left=
  for p in $mine; do
    row "$p" 2>/dev/null || continue
    case "$state" in Z|X) ;; *) left=1; kill -9 "$p" 2>/dev/null;; esac
  done
  [ -z "$left" ] && exit 0
done
exit 1
"""


class Ended(Exception):
    """The stream ended without the token at its end: what surrounds the command was killed with it."""

    def __init__(self, output: bytes, omitted: int) -> None:
        self.output, self.omitted = output, omitted


class NotStarted(Exception):
    """The stream ended without the first token. Its text is the daemon's reason."""


@dataclass
class Command:
    """One command as the daemon is asked to run it. `token` marks its processes and the end of its output."""

    text: str
    cwd: str
    env: dict[str, str]
    user: str
    token: str

    @classmethod
    def new(cls, text: str, cwd: str, env: dict[str, str], user: str) -> Command:
        return cls(text, cwd, env, user, secrets.token_hex(16))

    def run(self, api: Any, container: str, timeout: float, output_limit: int) -> ExecResult | None:
        """Runs to the end: the result, or None at the timeout.

        Raises Ended, NotStarted and docker's APIError.
        """
        end = time.monotonic() + timeout
        made = api.exec_create(
            container,
            ["sh", "-c", RUN, "sh", self.text, self.cwd, self.token],
            environment={**self.env, MARKER: self.token},
            user=self.user,
        )
        stream = _Stream(api.exec_start(made["Id"], socket=True), end)
        clip = Clip(output_limit)
        try:
            pieces = stream.payloads()
            first = _first_piece(pieces, f"{self.token}+\n".encode())
            code = _until_token(itertools.chain((first,), pieces), self.token.encode(), clip)
        except TimeoutError:
            self.clip = clip
            return None
        finally:
            stream.close()
        output, omitted = clip.result()
        if code is None:
            raise Ended(output, omitted)
        return ExecResult(exit_code=code, output=output, omitted=omitted)

    def cut(self) -> ExecResult:
        """The result after a timeout: what was written until then."""
        output, omitted = self.clip.result()
        return ExecResult(exit_code=124, output=output, omitted=omitted, timed_out=True)

    def kill(self, api: Any, container: str, *, alone: bool) -> bool:
        """Kills all that the command started; False where something may be left."""
        killer = ["sh", "-c", KILL, "sh", self.token, "alone" if alone else ""]
        made = api.exec_create(container, killer, user="0")
        api.exec_start(made["Id"])
        return bool(api.exec_inspect(made["Id"])["ExitCode"] == 0)


class _Stream:
    """The daemon's exec stream: frames of an 8-byte header and a payload."""

    def __init__(self, connection: Any, end: float) -> None:
        self._connection, self._end = connection, end
        # The HTTP client may have read the first frames together with the headers.
        response = getattr(connection, "_response", None)
        self._buffered = response.raw._fp.fp if response is not None else connection
        self._socket = getattr(connection, "_sock", connection)

    def payloads(self) -> Iterator[bytes]:
        """Pieces of output as they come. Raises TimeoutError."""
        while True:
            header = self._exactly(8)
            if len(header) < 8:
                return
            size = struct.unpack(">BxxxL", header)[1]
            while size:
                piece = self._some(size)
                if not piece:
                    return
                size -= len(piece)
                yield piece

    def close(self) -> None:
        response = getattr(self._connection, "_response", None)
        if response is not None:
            response.close()
        self._connection.close()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self._some(size - len(data))
            if not piece:
                break
            data += piece
        return data

    def _some(self, size: int) -> bytes:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
        return bytes(self._buffered.read1(min(size, 1 << 16)))


def _first_piece(pieces: Iterator[bytes], mark: bytes) -> bytes:
    """What follows the mark at the head of the stream. Raises NotStarted."""
    held = b""
    for piece in pieces:
        held += piece
        if held.startswith(mark):
            return held[len(mark) :]
        if len(held) >= len(mark):
            break
    raise NotStarted(held.decode(errors="replace").strip())


def _until_token(pieces: Iterator[bytes], token: bytes, clip: Clip) -> int | None:
    """Feeds the clip with what stands before the end mark. Returns the exit code in it, None without one.

    The token alone is no end: a command sees it in its own process table.
    """
    mark = re.compile(re.escape(token) + rb":(\d+)\n")
    longest = len(token) + len(":255\n")
    held = b""
    try:
        for piece in pieces:
            held += piece
            found = mark.search(held)
            if found:
                held = held[: found.start()]
                return int(found[1])
            ready = max(0, len(held) - longest)
            clip.feed(held[:ready])
            held = held[ready:]
    finally:
        clip.feed(held)
    return None
