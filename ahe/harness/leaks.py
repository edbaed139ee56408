"""Keeps the names of tasks and the text of their verifiers and solutions out of the harness.

A reason shows the evolver its own line and the rule, never the task or the split that matched.
"""

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from ahe.harness.layout import Problem

FEWEST, SHINGLE, LONGEST = 4, 8, 14  # words of the runs that are compared
SHORTEST = 24  # characters that a line, or a short run of words, needs to be recognised
TELLING = 2  # uncommon words that a run needs; a whole line and the longest runs need one

_EVERYDAY = """
0 1 10 100 2 3 4 5 6 7 8 9 a after amd64 an and any app are argv arm64 as asyncio at awk b base64 bash
be been before bin both buffer but by bytes c can cannot cat cd check chmod code collections command
commands content contents correct cp current cut d data decode default dev devnull digest directory
dirname do does done dumps e each echo edit either else empty encode encoding end endswith env error
errors esac eu euo every exactly exec exist exists exit exitcode expected f fail failed false fi file
files find first float64 folder for format from function functools g get give given gives glob grep
group h has hashlib have head here home how html http httperror https i if in input instead int32 int64
into is isdir isfile islink iso8601 it itertools its j join json k keep key keys l last latin1 least len
let lib line lines list long look ls lstrip m made main make may md5 message missing mkdir mode
monotonic more most must mv n name names need never new next no none not nothing now null number o of on
once one only open or order os other out output p parent parse path pathlib paths pipe pipefail popen
print program pwd py python python3 q r re read reads remove request result results return returns rglob
right rm root row rows rstrip run runs s same script sed see seek self sep set sh sha1 sha256 shell
should show shutil so some sort split splitlines sqlite3 start startswith stderr stdin stdout stem step
stop string strip subprocess such suffix sum sure sys t tail tarfile task tee test tests text textwrap
than that the their them then there these they this time timeoutexpired tmp to touch tr true two type u
under uniq until up urllib use used user uses using usr utf utf16 utf8 v value values w was way wc what
when where which while whole will with without word words work write written wrong x x86 xargs y yes you
your z
"""
_WORD = re.compile(r"[^\W_]+")
_NAME = re.compile(r"[^\W_]+(?:[-_./][^\W_]+)*")


class Texts:
    """Texts as runs of words, indexed by word: finding a run costs little, however many texts there are."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs: list[str] = []
        self._places: dict[str, list[int]] = {}
        for text in texts:
            words = split_words(text)
            number = len(self._runs)
            self._runs.append(f" {' '.join(words)} ")
            for word in dict.fromkeys(words):
                self._places.setdefault(word, []).append(number)

    def hold(self, words: Sequence[str]) -> bool:
        """Whether some text has these words one after the other."""
        places = sorted((self._places.get(word, ()) for word in set(words)), key=len)[:4]
        run = f" {' '.join(words)} "
        return any(run in self._runs[place] for place in set(places[0]).intersection(*places[1:]))


class Secrets:
    """What may not appear in a harness. Build it once per run; matching is quick even for thousands of tasks."""

    def __init__(self, names: Iterable[str], hidden: Iterable[str], allowed: Iterable[str]) -> None:
        """`names` of all tasks, `hidden` texts of all verifiers and solutions, and `allowed` texts.

        Allowed texts may be quoted: the instructions of train tasks and the seed harness.
        """
        quotable = list(allowed)
        self._hidden = Texts(hidden)
        self._allowed = Texts(quotable)
        public = {part for text in quotable for part in _name_parts(text)}
        all_names = {_normal(name.rsplit("/", 1)[-1]) for name in names}
        self._names = frozenset(name for name in all_names - public if name and name not in everyday())

    def names_a_task(self, line: str) -> bool:
        """Whether the line has a task's name as a word, with - _ . or / between its parts."""
        return any(part in self._names for part in _name_parts(line))

    def holds(self, words: Sequence[str]) -> bool:
        """Whether hidden text, and no allowed text, has these words one after the other."""
        return self._hidden.hold(words) and not self._allowed.hold(words)

    def hold_start(self, words: Sequence[str], least: int) -> bool:
        """Whether the first `least` or more of these words must be a copy and not a coincidence."""
        if least == 1 and _telling(words[:1]) and self.holds(words[:1]):
            return True
        if not self._hidden.hold(words[:FEWEST]):
            return False  # then no longer run matches either
        runs = (words[:length] for length in range(max(FEWEST, least), len(words) + 1))
        return any(_telling(run) and self.holds(run) for run in runs)


def leaks(
    texts: Mapping[str, str], added: Mapping[str, frozenset[int]], secrets: Secrets
) -> Iterator[Problem]:
    """The lines of a change that name a task or copy text of its verifier or solution.

    `texts` are the changed files by path, `added` the numbers (from 0) of the lines that are new in each. A
    match counts when it touches a new line.
    """
    for path, text in texts.items():
        new = added.get(path, frozenset())
        if new and secrets.names_a_task(path):
            yield Problem("task names", path, "a file cannot be called like a task")
        lines = text.split("\n")
        named = {number for number in sorted(new) if secrets.names_a_task(lines[number])}
        for number in sorted(named):
            yield _problem("task names", path, number, lines, "names a task; say the general lesson instead")
        for number in sorted(_copied(lines, new, secrets) - named):
            why = "repeats text that belongs to a task; say the general lesson in your own words"
            yield _problem("task text", path, number, lines, why)


def split_words(text: str) -> list[str]:
    """Words and numbers, in lower case, without punctuation and layout."""
    return _WORD.findall(text.lower())


def _copied(lines: Sequence[str], new: frozenset[int], secrets: Secrets) -> set[int]:
    """Numbers of the new lines at which copied text begins."""
    found = {n for n in new if is_telling_line(lines[n]) and secrets.holds(split_words(lines[n]))}
    words = [(word, number) for number, line in enumerate(lines) for word in split_words(line)]
    for first in range(len(words)):
        window = words[first : first + LONGEST]
        place = next((place for place, (_, number) in enumerate(window) if number in new), None)
        if place is None or window[place][1] in found:
            continue
        if secrets.hold_start([word for word, _ in window], least=place + 1):
            found.add(window[place][1])
    return found


def is_telling_line(line: str) -> bool:
    """Whether a line is long and uncommon enough to be recognised."""
    words = split_words(line)
    return len(" ".join(line.split())) >= SHORTEST and not everyday().issuperset(words)


def _telling(words: Sequence[str]) -> bool:
    """Whether a run of words can only be a copy: long enough and not all common, or with an unusual number.

    Measured on the bundled suite: every solution is found, and so are three quarters of all lines of 24 characters
    and more, even after other words; of two megabytes of unrelated code and prose about twenty lines match.
    """
    if len(words) == 1:
        return _particular(words[0], letters=12, digits=6)
    unusual = len(set(words) - everyday())
    if len(words) >= SHINGLE:
        return unusual >= (TELLING if len(words) < LONGEST else 1)
    if len(words) < FEWEST or sum(map(len, words)) + len(words) <= SHORTEST:
        return False
    return (len(words) > FEWEST and unusual >= TELLING) or any(_particular(w, 8, 4) for w in words)


def _particular(word: str, letters: int, digits: int) -> bool:
    """Whether a word is a number, or a mix of letters and digits, that nobody writes by chance."""
    if word in everyday() or not any(c.isdigit() for c in word):
        return False
    return len(word) >= letters or (word.isdigit() and len(word) >= digits and len(set(word)) > 2)


def _problem(rule: str, path: str, number: int, lines: Sequence[str], why: str) -> Problem:
    own = " ".join(lines[number].split())
    shown = own if len(own) <= 100 else own[:99] + "…"
    return Problem(rule, f"{path}:{number + 1}", f"{why}: {shown!r}")


def _normal(name: str) -> str:
    return re.sub(r"[_./]", "-", name.lower())


def _name_parts(text: str) -> Iterator[str]:
    """Every run of joined words in the text, and each shorter run of at least two words inside it."""
    for match in _NAME.findall(text.lower()):
        parts = _normal(match).split("-")
        yield "-".join(parts)
        for first in range(len(parts)):
            for last in range(first + 2, min(len(parts), first + 12) + 1):
                yield "-".join(parts[first:last])


@cache
def everyday() -> frozenset[str]:
    """Common words of English, Python and the shell, in lower case: they do not show where a text comes from."""
    python = {name.lower() for name in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins))}
    return frozenset({*_EVERYDAY.split(), *python})
