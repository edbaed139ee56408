"""Whether a line says that something is wrong, or that all is well. The same words name a thing in both."""

from __future__ import annotations

import re

TROUBLE = re.compile(
    r"n't\b|\b(?:not?|never|nothing|none|cannot|cant|fail\w*|\w*errors?|\w*exception|fatal|panic\w*|denied|refus\w*|reject\w*"
    r"|invalid|illegal|bad|wrong|miss(?:ing|ed)|lacks?|lacking|without|unable|unknown|unexpected\w*|mismatch\w*|differs?"
    r"|different|conflict\w*|expired|exceed\w*|out of|too (?:\w+)|stale|old(?:er)?|outdated|skipp?\w*|ignor\w*|dropp?\w*"
    r"|omit\w*|discard\w*|disabl\w*|f[ae]ll\w* ?back|default\w*|instead|rather|assum\w*|treat\w*|replac\w*|truncat\w*|cut"
    r"|clipped|capped|reached|only|leaving|left|pending|busy|in use|locked|held by|taken|kill\w*|abort\w*|time[ds]? ?out"
    r"|broken|corrupt\w*|incompatible|unsupported|unset|unbound|empty|blank|zero|lost|remov\w+|another|keeping|pinned"
    r"|deprecated|requires?|required|needs?|expect\w*|guess\w*|shadow\w*|overrid\w*|overwrit\w*|interrupt\w*|partial\w*"
    r"|incomplete|premature\w*|undefined|undeclared|unresolved|no longer|ambiguous|crash\w*|segmentation|dumped|illegal"
    r"|already|trying|retry\w*|relative to|resolved|ahead|behind|skew|drift\w*|future|remaining to|cached|cache hit|ago"
    r"|unclosed|unterminated|unmatched|try '|usage:|\(?os error)\b|\b0 of\b|(?<![\d.])\b0 \w+|\^m|\\r|: error|hit,"
)
CALM = re.compile(
    r"\b(?:requests? remaining|valid (?:until|for|from)|(?:is|are|was) (?:kept|free|available|valid|enabled|installed|present|fine"
    r"|healthy|reachable|ready|ok|current|clean|complete|unchanged|in sync|consistent)|on standby|invalidated|rebuilt|refreshed"
    r"|verified|succeed\w*|success\w*|passed|recovered|resumed|restored|reconnected|no changes|released|acquired|renewed"
    r"|joined|opened|done|(?<!not )found on|without (?:loss|errors?|problems?|issues?|replacements?)|up and running|matches|within (?:limits?|bounds|tolerance)|acquired lock|all good|as expected"
    r"|already satisfied|already installed|already the newest|installed successfully|not needed|not required|removed from)\b"
    r"|\bok\b[.!]?$|\((\d+) of \1\b|[✓✔]"
)
