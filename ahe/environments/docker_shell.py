"""Runs and kills commands in a container as `init.py` does in bubblewrap, with `sh` and the daemon's exec stream."""

import itertools
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ahe.environments.inside.data import Clip
from ahe.environments.inside.processes import MARKER
from ahe.environments.link import Command
from ahe.records import ExecResult

# $1 command, $2 directory, $3 token, $4 not empty if it may run elsewhere. The token before the output says that the
# command was started; the token after it says that the command has ended, though background processes may still hold
# the pipe. The second `cat` keeps those from dying of SIGPIPE.
RUN = """
printf '%s+\\n' "$3"
echo 1000 2>/dev/null >/proc/self/oom_score_adj
{ if cd -- "$2" 2>/dev/null || { [ -z "$4" ] && cd -- "$2"; } || { [ -n "$4" ] &&
       { cd /tmp || cd /; } 2>/dev/null && echo "[cannot enter $2; this command runs in $PWD]"; }; then
    if command -v setsid >/dev/null 2>&1; then new=setsid; else new=; fi
    if command -v bash >/dev/null 2>&1; then $new bash -c "$1"; else $new sh -c "$1"; fi
  else (exit 126); fi
  printf '%s:%d\\n' "$3" $?
} </dev/null 2>&1 | { trap '' PIPE; cat 2>/dev/null; exec cat >/dev/null 2>&1; }
"""

# $1 token, $2 `alone` when no other command runs. A process belongs to a command by its environment, its session
# or its parents. A process without any of these belongs to it if it is younger and no other command runs.
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

MAX_SAID = 10_000  # bytes; KILL itself prints nothing


class Ended(Exception):
    """The stream ended without the token at its end: the shell around the command was killed too."""

    def __init__(self, output: bytes, omitted: int) -> None:
        self.output, self.omitted = output, omitted


class NotStarted(Exception):
    """The stream ended without the first token. The message is the daemon's reason."""


def run(api: Any, container: str, command: Command, token: str) -> ExecResult:
    """Runs a command until it ends or times out; after a timeout the caller must `kill` it.

    `token` marks its processes and the end of its output. Raises Ended, NotStarted and docker's APIError.
    """
    end = time.monotonic() + command.timeout
    made = api.exec_create(
        container,
        ["sh", "-c", RUN, "sh", command.text, command.cwd, token, "elsewhere" if command.elsewhere else ""],
        environment={**command.env, MARKER: token},
        workdir="/",  # the task's own may be gone
        user=command.user or "0",
    )
    clip, code, problem = Clip(command.output_limit), None, None
    with _output(api, made["Id"], end) as (pieces, late):
        try:
            first = _first_piece(pieces, f"{token}+\n".encode())
            code = _until_token(itertools.chain((first,), pieces), token.encode(), clip)
        except NotStarted as error:
            problem = error
    output, omitted = clip.result()
    if code is None and late.is_set():
        return ExecResult(exit_code=124, output=output, omitted=omitted, timed_out=True)
    if problem:
        raise problem
    if code is None:
        raise Ended(output, omitted)
    return ExecResult(exit_code=code, output=output, omitted=omitted)


def kill(api: Any, container: str, token: str, *, alone: bool, seconds: float = 30.0) -> bool:
    """Kills all processes of a command; False if some may be left, also where the container's shell is not one."""
    made = api.exec_create(
        container, ["sh", "-c", KILL, "sh", token, "alone" if alone else ""], user="0", workdir="/"
    )
    with _output(api, made["Id"], time.monotonic() + seconds) as (pieces, late):
        said = itertools.accumulate(len(piece) for piece in pieces)
        if any(size > MAX_SAID for size in said) or late.is_set():
            return False
    return bool(api.exec_inspect(made["Id"])["ExitCode"] == 0)


@contextmanager
def _output(api: Any, number: str, end: float) -> Iterator[tuple[Iterator[bytes], threading.Event]]:
    """Starts an exec. Yields its output piece by piece, and an event that is set if it was cut off at `end`.

    The package's own stream reads the socket directly and so loses the output that the HTTP client has read
    together with the headers. So this sends a plain POST, and uses `CancellableStream` to end it at `end`.
    """
    import requests
    from docker.errors import create_api_error_from_http_exception
    from docker.types import CancellableStream

    response = api.post(
        f"{api.base_url}/v{api.api_version}/exec/{number}/start",
        json={"Detach": False, "Tty": False},
        stream=True,
        timeout=(api.timeout, end - time.monotonic() + api.timeout),
    )
    try:
        response.raise_for_status()
    except requests.HTTPError as error:
        create_api_error_from_http_exception(error)
    stream, late = CancellableStream(_frames(response.raw), response), threading.Event()

    def cut() -> None:
        late.set()
        stream.close()

    timer = threading.Timer(max(0.0, end - time.monotonic()), cut)
    timer.start()
    try:
        yield stream, late
    finally:
        timer.cancel()
        stream.close()
        response.close()


def _frames(raw: Any) -> Iterator[bytes]:
    """The payloads of the daemon's frames; each has a header of 8 bytes that ends with its length."""
    while len(header := raw.read(8)) == 8:
        yield raw.read(int.from_bytes(header[4:], "big"))


def _first_piece(pieces: Iterator[bytes], mark: bytes) -> bytes:
    """The output after the mark at the head of the stream. Raises NotStarted if the mark is missing."""
    held = b""
    for piece in pieces:
        held += piece
        if held.startswith(mark):
            return held[len(mark) :]
        if len(held) >= len(mark):
            break
    raise NotStarted(held.decode(errors="replace").strip())


def _until_token(pieces: Iterator[bytes], token: bytes, clip: Clip) -> int | None:
    """Feeds the clip with the output before the end mark. Returns the exit code in the mark, None without one.

    The token alone does not mark the end, because a command can read it in its own process table and print it.
    """
    mark = re.compile(re.escape(token) + rb":(\d{1,3})\n")
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
