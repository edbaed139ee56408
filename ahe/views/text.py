"""Plain text for people: tables, amounts, durations. For a narrow terminal lines are cut, never wrapped."""

import json
import re
import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from ahe.records import Usage

GAP = "  "
NARROWEST = 12
_UNUSUAL = re.compile(r"[^\n\t -~]")
_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control characters, marks such as those that turn the direction of a text, halves of characters, line separators."""
BRIEF = 8_000


def visible(text: str) -> str:
    """The text with control characters made visible: agents wrote it, and a terminal would obey them."""
    return text if text.isprintable() else _UNUSUAL.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    ch = found[0]
    if unicodedata.category(ch) not in _OBEYED:
        return ch
    return chr(0x2400 + ord(ch)) if ord(ch) < 0x20 else json.dumps(ch)[1:-1] if ord(ch) > 0x7F else "\\u007f"


def brief(text: str) -> str:
    """The visible text without its middle if it has more than `BRIEF` characters: what to do stands at the end."""
    if len(text) > BRIEF:
        text = f"{text[: BRIEF - 1_000]} […] {text[-1_000:]}"
    return visible(text)


def cells(text: str) -> int:
    """Columns that the text takes in a terminal."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int) -> str:
    """The text on one line, cut to `width` columns with an ellipsis."""
    text, room = _line(text), max(0, width - 1)
    if cells(text) <= width:
        return text
    return (text[:room] if text.isascii() else set_cell_size(text, room)).rstrip() + "…"


def _line(text: str) -> str:
    return " ".join(visible(text).split())


def table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None, right: str = ""
) -> str:
    """Aligned columns under their headers. `right` names the headers of columns that are aligned right.

    With `width` the widest columns are cut until a line fits that many columns of a terminal.
    """
    lines = [tuple(headers), *(tuple(map(_line, row)) for row in rows)]
    widest = (max(map(cells, column)) for column in zip(*lines, strict=True))
    columns = [min(each, width or each) for each in widest]
    while width and sum(columns) + len(GAP) * (len(columns) - 1) > width and max(columns) > NARROWEST:
        columns[columns.index(max(columns))] -= 1
    aligned = right.split()
    out = []
    for line in lines:
        parts = []
        for header, cell, room in zip(headers, line, columns, strict=True):
            cut = fit(cell, room)
            space = " " * (room - cells(cut))
            parts.append(space + cut if header in aligned else cut + space)
        out.append(GAP.join(parts).rstrip())
    return "\n".join(out)


Fact = tuple[str, str]
"""A name and its value."""


def facts(*pairs: Fact, title: str = "", width: int = 12) -> str:
    """Below the title a line for each name with its value, in two columns; names without a value are left out."""
    lines = [f"{name:{width}} {visible(value)}" for name, value in pairs if value]
    return "\n".join([title, *lines] if title else lines)


def count(number: int) -> str:
    """A number of tokens in four characters or so: 950, 12.3k, 1.2M."""
    if number < 1_000:
        return str(number)
    return f"{number / 1_000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M"


def money(usd: float | None) -> str:
    """US dollars; amounts under a dollar get four decimals."""
    if usd is None:
        return "price unknown"
    return f"${usd:.2f}" if usd >= 1 or usd == 0 else f"${usd:.4f}"


def duration(seconds: float) -> str:
    """8s, 4m10s, 2h05m."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3_600}h{whole % 3_600 // 60:02d}m"


def rate(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def points(value: float | None) -> str:
    """A difference of pass rates, in points."""
    return "–" if value is None else f"{100 * value:+.1f}"


def spent(usage: Usage) -> str:
    """Tokens and money on one line."""
    if not usage.calls:
        return "no model call"
    return f"{count(usage.tokens)} tokens in {usage.calls} calls, {money(usage.usd)}"
