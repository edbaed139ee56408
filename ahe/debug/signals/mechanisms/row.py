"""The row type of the tables, and words too common to trigger a row alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COMMON = """
    a access actual address affected after again against ago alloc allocation already amount another applied
    apply architecture archive argument arguments artefacts artifacts as ascii assert attribute authenticate
    authentication authorization available back backend be binary binding blocking bom bound branch buffer
    build built builtin bus busy by bypass byte bytes ca cache cached can candidate cargo cast cc
    certificate certificates character characters charset check cherry choice chunks clock closed code
    collect collected column columns comma command commit compilation compile compiler composer conf config
    configuration confirm connect connecting connection connections constraint constraints container
    continue continuing convert converted copied copy core cp cpu crate created credential credentials
    current cut daemon data database date days dead decimal decode default defaults defined delimiter
    dependencies dependency detected device digest directive directory disk display distribution dns docs
    document domain don done dos download downloaded driver dry dtype dumped duplicate early edit effect
    encoding end ending endings engine enough enter env environment eof event exec executable exist exists
    exit expect expected exported expression extension external extra failures fall falls fast fetch field
    fields file files find first fish flag float floating folder followed formed found fraction free full
    function funding future gateway gem generated generating git glob go gpg gpu group guess gzip h half
    hash hashes head header headers health heap held help higher hit holds host http id identifier identity
    ignore illegal immutable import imported in indent index ini input inserted installed installing
    instance instead integer integrity interactive interpreted interpreter into iso issued issues items
    iterable java job json keeping key keys lang latin lc ld least left length level lib libraries library
    limit line lines link linker links list listed listen listening literal load loaded loader loading local
    locale localhost locate located lock logged login long looked lost m magic make makefile manifest many
    map mapping match matches matching max maximum md member memory merge method migrate migration
    migrations minimum mixed mod modified module more multiple mysql name named names native needs network
    newer next nil no node none not notice npm null number numeric object occupied offline old older only
    open operand operation operator option options or order os out output overflow override overrides own
    owned ownership package packages page pages parameter parse parser parsing password patch path paths
    pathspec pattern peer pep permission permissions physical picked pid pids pin pip pipe pkg placed
    platform plugin port ports positional posix precedence precision prefix present press pretend previous
    privileges problems process processed processes profile project properties property protocol provider
    proxy psql published pwd pyc python quota quote quotes r range rate rather reached read readable ready
    record records recursion redirect ref reference relation relative release relocation remaining remote
    removed repository request requested requests require requirement requires reset resolution resolve
    resolved resolver resolves resolving resource response result retry returned returns reused revision
    role root round rounded route row rows rule run running rustc sanitizer saved schema scope script
    seconds section select selected separator sequence served server service serving set setting settings sh
    sha shallow share shared short showing signal signature since size skip slice slots snapshot so socket
    solving source space sql sqlite ssl stack start started stat status stdin step stopped storage stored
    stripped subcommand subprocess subscriptable supported sure switch symbol symbolic symlink symlinks
    syntax system t table tablespace taken target terminal test tests text thread threads time timeout
    timestamp timezone tls to token toml too trailing transfer transferred treated tree try trying tty two
    type types uid umask unary unchanged under unicode unique unit up upgrade upgraded url usage use used
    username using utc utf valid value values variable version versions waiting wanted was windows without
    workspace written xml y yaml yes zero zip
"""
WEAK = frozenset(_COMMON.split())
"""Words that are common in harmless lines: a line needs two of them in one row before the row is tried."""


@dataclass(frozen=True, slots=True)
class Row:
    mechanism: str
    weight: float
    words: frozenset[str]
    pattern: re.Pattern[str]


def row(mechanism: str, weight: float, words: str, pattern: str) -> Row:
    """A row; `words` are separated by spaces, letters only, lower case.

    An alternative of the pattern that begins with a letter is matched only at the beginning of a word: that is what it
    means, and it is several times faster.
    """
    return Row(mechanism, weight, frozenset(words.split()), re.compile(at_words(pattern)))


def at_words(pattern: str) -> str:
    """The pattern with its alternatives grouped: those at the beginning of a word, then the others."""
    starts: list[str] = []
    others: list[str] = []
    for alternative in _alternatives(pattern):
        plain = alternative.removeprefix(r"\b")
        if re.match(r"(?:\(\?:)*[a-z]", plain):
            starts.append(plain)
        else:
            others.append(alternative)
    grouped = [rf"\b(?:{'|'.join(starts)})"] if starts else []
    return "|".join([*grouped, *others])


def _alternatives(pattern: str) -> list[str]:
    """The pattern split at the bars outside of groups and character sets."""
    found = [""]
    depth, inside, escaped = 0, False, False
    for letter in pattern:
        if letter == "|" and not depth and not inside and not escaped:
            found.append("")
            continue
        found[-1] += letter
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif inside:
            inside = letter != "]"
        elif letter == "[":
            inside = True
        else:
            depth += (letter == "(") - (letter == ")")
    return found
