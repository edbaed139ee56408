"""Problems without an error message (fallbacks, caches, skipped work), and lines that only look like problems."""

from __future__ import annotations

import re

from ahe.debug.signals.mechanisms.row import at_words, row

QUIET = (
    row(
        "variable_unset",
        2.5,
        "empty keyerror generating localhost environ blank string unbound variable env environment unset set "
        "exported undefined parameter defined",
        r"unbound variable|parameter (?:null or )?not set|\b(?:env"
        r"|environment)(?:ment)? ?var\w*\b.{0,60}(?:not|missing|unset|undefined|empty|required|absent|without)"
        r"|\b\$?\{?[a-z][a-z0-9]*_[a-z0-9_]+\}?\"?'? (?:\w+ )?(?:is |was )?(?:not (?:set|defined|found"
        r"|exported|provided)|unset|undefined|empty|missing|blank)"
        r"|variable\b.{0,40}(?:not set|unset|not defined|empty|missing|undefined)|(?:missing|required"
        r"|undefined|unset|no|empty) (?:required )?(?:env|environment)\w*|environ\b|\bis (?:unset|not set)\b"
        r"|not set[,;.]|not set in (?:the )?env"
        r"|os\.environ|environ has no|(?:empty|blank) string|parameter null"
        r"|env(?:ironment)?(?: variable)? [a-z_]+ (?:is|was|not)"
        r"|keyerror: '[a-z]+_[a-z_]+'\]?$|not set; |\$\{?\w+\}? (?:is )?unset",
    ),
    row(
        "stale_cache",
        2.3,
        "served serving loading loaded earlier previous artefacts artifacts copy nothing done using result "
        "hit up ago days built modified fingerprint previously stale outdated cached cache older date "
        "rebuilt recompiled regenerated reusing reused unchanged "
        "bytecode pyc snapshot",
        r"\bstale\b|outdated|out[- ]of[- ]date|older than|\b(?:not|without) (?:re)?(?:built|rebuilding"
        r"|recompil\w+|regenerat\w+|refresh\w*)|cache(?:d)?\b.{0,50}(?:old|expired|ago|days|hours|from"
        r"|previous|instead|not (?:in)?valid|valid|hit|entry|copy|version|kept|still)"
        r"|(?:from|using|serv\w+|restor\w+|load\w+|reus\w+|read\w*|via) .{0,30}\bcache|previous (?:build|run"
        r"|result|version)|reus(?:ing|ed) |unchanged,? |timestamp .{0,30}newer|newer than .{0,40}source"
        r"|(?:built|created|generated|saved|written|fetched|from|is|last \w+) .{0,20}\d+ (?:days?|weeks?"
        r"|months?|hours?|h|d) (?:ago|old)|\d+ (?:days|weeks|months) old|cache hit|not modified|(?:is|are"
        r"|already) up[- ]to[- ]date|using cached|nothing to be done|fingerprint|skipping (?:re)?build"
        r"|previously (?:built|generated|compiled)"
        r"|(?:served|serving|answered|loaded|loading|taken|read) from .{0,20}cache|age:? \d+ ?(?:d|h|days)"
        r"|previous (?:build|artefact|artifact|output|run)s?|earlier (?:run|build|result)|nothing to be done"
        r"|\b304\b|local copy",
    ),
    row(
        "config_ignored",
        2.3,
        "looked since unreadable loading continuing default present readable recognised recognized fallback "
        "falling fell fall falls default defaults defaulting "
        "config configuration settings setting "
        "ignored ignoring overridden overrides override overriding precedence"
        " profile option unknown effect directive conf yaml ini toml properties builtin",
        r"\bf(?:a|e)ll(?:s|ing|en)? ?back\b|fallback|(?:using|use|uses|used|with|applying|loaded|keeping"
        r"|assum\w+) (?:the )?(?:built-?in |hard-?coded |compiled |package |system |internal "
        r"|stock )?defaults?\b|default(?:s|ing|ed) to\b|\bdefault (?:config|settings|values?|profile)|(?:ignor"
        r"|overrid|overrod|skipp|shadow)\w+ .{0,60}(?:config|setting|option|section|directive|profile"
        r"|parameter|propert|\.(?:ya?ml|ini|toml|conf|cfg|env))"
        r"|\b(?:config\w*|settings?|profile|option|directive|section|propert(?:y|ies)|\S+\.(?:ya?ml|ini|toml"
        r"|conf|cfg|properties))\b.{0,60}(?:not (?:found|read|loaded|used|applied|recogni[sz]ed)|missing|ignor"
        r"|unreadable|overrid|unknown|has no effect|unsupported|absent|empty)|no (?:config|configuration"
        r"|settings)|(?:unknown|unrecogni[sz]ed|unsupported) (?:config\w*|setting|section|directive)"
        r"|has no effect|takes? precedence|hard-?coded|built-?in (?:config|default|value)"
        r"|no (?:readable|usable|valid|such) (?:config\w*|settings?|profile)|\S+\.(?:ya?ml|ini|toml|conf|cfg"
        r"|properties|env)\b.{0,40}not (?:present|there|readable|parsed|loaded)"
        r"|not recogni[sz]ed,? .{0,20}(?:skipp|ignor)|(?:profile|section|preset|theme"
        r"|environment) .{0,40}not (?:found|defined|known)|deprecated option"
        r"|looked up from|override ignored|since .{0,60}(?:unreadable|missing|not)"
        r"|continuing with .{0,20}defaults?",
    ),
    row(
        "wrong_resolution",
        2.0,
        "shadow shadows shadowed shadowing instead rather precedence picked resolves resolved path first",
        r"shadow(?:s|ed|ing)|(?:using|found|picked|resolv\w+|loaded|taken?|running"
        r"|selected) .{1,80}(?:instead of|rather than|first (?:in|on)|before)|(?:instead of"
        r"|rather than) (?:the )?\S*/|earlier (?:in|on) \$?path|resolves to|precedes",
    ),
    row(
        "nothing_matched",
        2.3,
        "expanded expands inputs input access file items imported loaded inserted exported written "
        "transferred affected copied processed selected no "
        "none matches match matched matching zero nothing empty found collected tests files rows glob pattern",
        r"\bno (?!such)(?:\w+ )?(?:match(?:es)?|files?|tests?|rows?|records?|entries|items|results?|inputs?"
        r"|documents|objects|targets|samples|lines|candidates|events|messages|users|data|images|sources"
        r"|modules|changes)\b.{0,40}(?:found|match|collected|ran|run|to (?:process|import|copy|load|run|do"
        r"|convert|read|sync|merge|upload|add|sort)|for|in|were|with|$|selected|left)"
        r"|\b(?:match(?:ed|es)|found|collected|processed|imported|loaded|read|copied|updated|inserted|exported"
        r"|wrote|written|transferred|affected|selected|ran|deleted|converted|indexed|synced|merged|parsed"
        r"|scanned|added|archived|backed up|uploaded|moved|packed|rendered|included|discovered"
        r"|picked up)[:=]? (?:0|no|zero|nothing)\b(?! (?:error|warn|vulnerab|fail|problem|issue|conflict))"
        r"|(?<![\d.])\b(?:0|zero) (?:\w+ )?(?:rows?|files?|tests?|records?|match(?:es)?|items?|results?"
        r"|entries|documents?|lines|objects|targets|events|messages|users|samples|inputs?|sources?|modules"
        r"|images|hits)\b|matche[sd] (?:nothing|no )|did not match|matched no|(?:empty|blank) (?:result|set"
        r"|glob|list|input|dataset|selection|query|archive|output|match)|nothing (?:to|matched|found|was"
        r"|selected|left)|is empty\b|unmatched glob|nullglob|no tests ran"
        r"|\S*\*\S*['\"’]?: no such file|no matches found|cannot access ['\"]?\S*\*|expand(?:ed"
        r"|s) to (?:nothing|0|an empty|itself)|matches? (?:no|nothing|zero|0)|0 of 0\b|nothing to (?:do"
        r"|process|import|load|copy)|(?:input|file|work) list is empty",
    ),
    row(
        "work_skipped",
        1.8,
        "skipped skipping skip ignored ignoring ignore omitted omitting dropped disabled excluded discarded "
        "discarding bypassing bypassed dry unsupported suppressed"
        " implemented unavailable pretend noop deferred postponed",
        r"\bskip(?:ped|ping|s)?\b|\bignor(?:ed|ing|es)\b|omitt(?:ed|ing)|\bdropp(?:ed|ing)\b|\bdisabled\b"
        r"|\bexcluded\b|discard(?:ed|ing)|bypass|dry[- ]?run|no-?op\b|would (?:have|be)|\bunsupported\b"
        r"|suppressed|not implemented|deferred|postponed",
    ),
)

HARMLESS = re.compile(
    at_words(
        r"^npm (?:notice|warn deprecated|fund|http)|\bno (?:crlf|conflicts?|drift|skew|duplicates?"
        r"|mismatch(?:es)?|corruption"
        r"|deadlocks?|problems?|issues?|differences|regressions?|leaks?)\b|^warning: running pip as"
        r"|\bnot upgraded\b|ignor\w+ .{0,20}(?:comments?|blank lines?|whitespace|hidden files)"
    )
)
"""Lines that are never the cause."""

BENIGN = re.compile(
    at_words(
        r"(?<![\d.,])\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|warnings?|failed|failures?"
        r"|vulnerabilit\w+|issues|problems|conflicts|regressions|skipped)|\b(?:errors?|warnings?|failures"
        r"|failed|skipped)[:=] ?(?:0\b(?![.x\d])|none$)|-w(?:no-)?error|ignore-errors|on[-_]error(?:stop)?"
        r"|error[-_](?:log|handler|handling|reporting|page|code)s?\b|--\S*(?:error|fail|warn|ignore|skip"
        r"|force)"
        r"|deprecat|^\[?notice\]?|pip as the 'root' user|new (?:release"
        r"|version|major version|minor version) .*(?:available|of)|looking for funding|running pip as"
    )
)
"""Words that look like a problem but are none (`0 errors`, `-Werror`): only a definite row overrides them."""

SUMMARY = re.compile(
    at_words(
        r"^(?:g?make|ninja)(?:\[\d+\])?: .*(?:\*\*\*|error|stopped)|^npm (?:err!|error) (?:code (?:elifecycle"
        r"|\d)|errno|a complete|this is probably|\s*/|exit|lifecycle|command)|could not compile `"
        r"|build (?:failed|failure)|ld returned|failed \((?:errors|failures)|failed (?:building|to build)"
        r"|non-?zero exit"
        r"|(?:exit|exited with|return(?:ed)?|failed with|finished with)(?: with)? (?:exit )?(?:code|status)"
        r"|\[exit code|aborting due to|\d+ errors? generated|subprocess-exited|command (?:failed|exited)"
        r"|see (?:above|the log)|for more information|completed with errors|error: process completed"
    )
)
"""What a program prints after the error itself: only a row of weight `PLAIN` or more overrides it."""
