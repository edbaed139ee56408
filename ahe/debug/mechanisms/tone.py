"""Whether a line says that something is wrong, or that all is well. The same words name a thing in both."""

from __future__ import annotations

import re

TROUBLE = re.compile(
    r"n't\b|\b(?:not?|never|nothing|none|cannot|cant|fail\w*|\w*errors?|\w*exception|fatal|panic\w*|denied"
    r"|refus\w*|reject\w*"
    r"|invalid|illegal|bad|wrong|miss(?:ing|ed)|lacks?|lacking|without|unable|unknown|unexpected\w*"
    r"|mismatch\w*|differs?"
    r"|different|conflict\w*|expired|exceed\w*|out of|too (?:\w+)|stale|old(?:er)?|outdated|skipp?\w*|ignor\w*"
    r"|dropp?\w*"
    r"|omit\w*|discard\w*|disabl\w*|f[ae]ll\w* ?back|default\w*|instead|rather|assum\w*|treat\w*|replac\w*"
    r"|truncat\w*|cut"
    r"|clipped|capped|reached|only|leaving|left|pending|busy|in use|locked|held by|taken|kill\w*|abort\w*"
    r"|time[ds]? ?out"
    r"|broken|corrupt\w*|incompatible|unsupported|unset|unbound|empty|blank|zero|lost|remov\w+|another|keeping"
    r"|pinned"
    r"|deprecated|requires?|required|needs?|expect\w*|guess\w*|shadow\w*|overrid\w*|overwrit\w*|interrupt\w*"
    r"|partial\w*"
    r"|incomplete|premature\w*|undefined|undeclared|unresolved|no longer|ambiguous|crash\w*|segmentation"
    r"|dumped|illegal"
    r"|already|trying|retry\w*|relative to|resolved|ahead|behind|skew|drift\w*|future|remaining to|cached"
    r"|cache hit|ago"
    r"|unclosed|unterminated|unmatched|try '|usage:|\(?os error)\b|\b0 of\b|(?<![\d.])\b0 \w+|\^m|\\r|: error"
    r"|hit,"
    r"|\b(?:short read|rounding|rounded|loss of|mixed line|line terminators|crlf will|used before|unmappable"
    r"|stopped after"
    r"|(?:read|parsed|interpreted|understood|coerced|taken|counted|used|guessed|converted) (?:.{1,40} )?(?:as"
    r"|from|to)\b|as (?:a )?header|header=none"
    r"|first [\d,]+ of|relative|saved to /|created in /|written to /|more recent|newer|included in|head is"
    r"|previous|earlier|reus\w+|nothing to)"
)
CALM = re.compile(
    r"(?<!not )(?<!no )(?<!never )(?<!n't )\b(?:requests? remaining|valid (?:until|for|from)|(?:is|are"
    r"|was) (?:kept|free|available|valid|enabled|installed|present|fine"
    r"|healthy|reachable|ready|ok|current|clean|complete|unchanged|in sync|consistent)|on standby|invalidated"
    r"|rebuilt|refreshed"
    r"|verified|succeed\w*|success\w*|passed|recovered|resumed|restored|reconnected|no changes|released"
    r"|acquired|renewed"
    r"|joined|opened|done|(?<!not )found on|without (?:loss|errors?|problems?|issues?|replacements?)"
    r"|up and running|matches|within (?:limits?|bounds|tolerance)|acquired lock|all good|as expected"
    r"|already satisfied|already installed|already the newest|installed successfully|not needed|not required"
    r"|removed from)\b"
    r"|\bok\b[.!]?$|\((\d+) of \1\b|[✓✔]"
)
