"""Data, encodings, configuration, databases; and what goes on quietly: fallbacks, caches, skipped work."""

from __future__ import annotations

from ahe.debug.mechanisms.row import row

DATA = (
    row(
        "damaged_download",
        2.9,
        "early stopped manifest published listed connection closed content differs bytes chunks expected sum "
        "short corrupted arrived zipfile compressed checksum "
        "checksums sha sha mismatch hash hashes digest integrity eintegrity md signature crc "
        "corrupt corrupted gpg match download"
        " downloaded transfer remaining length incompleteread gzip archive zip tarball partial interrupted "
        "retrieved resuming incomplete eof",
        r"checksum|\b(?:sha\d*|md5|hash|digest|size|length)\w*\b.{0,60}(?:mismatch|not match|n't match"
        r"|differs?|unexpected|wrong|failed)|integrity|eintegrity|bad signature|signature.{0,40}(?:mismatch"
        r"|verif|invalid|could|fail)|gpg: bad|crc.{0,10}(?:error|fail|mismatch)"
        r"|corrupt|(?:download|transfer|fetch|upload)\w*\b.{0,60}(?:incomplete|partial|interrupt|truncat|clos"
        r"|resum|abort|stall|short)|(?:incomplete|partial|truncated|interrupted) (?:down|file transfer"
        r"|transfer|archive|body)|transfer closed|bytes (?:remaining|missing) (?:to )?"
        r"|content-length|incompleteread|(?:received|retrieved|downloaded"
        r"|got) [\d.,]+ ?\w{0,3} ?(?:\w+ )?(?:out )?of [\d.,]+ ?\w{0,5}\b.{0,20}(?:bytes|kb|mb|$)"
        r"|not in gzip format|unexpected end of (?:file|archive|data)|unexpected eof in archive"
        r"|end-of-central-directory|not a zip|badzipfile|retry.{0,20}partial"
        r"|expected (?:sha\d*|md5|checksum|hash|digest|size|length)|(?:sha\d+|md5|checksum|hash"
        r"|digest)\b.{0,60}(?:\bgot\b|actual|expected|not (?:verified|checked)|skipp)|(?:size|length"
        r"|bytes)\b.{0,60}(?:index|server|manifest|header) says|zip ?file is truncated|cannot find zipfile"
        r"|closed at byte|[\d.,]+ more expected|compressed data|do not match the hashes"
        r"|bytes but .{0,30}expected|(?<![\d.,])(\d+) of (?!\1\b)\d+ (?:bytes|chunks|parts|segments|blocks)\b"
        r"|closed at byte|early eof|(?:md5|sha\d*|checksum|digest|hash)\b.{0,60}\b(?:manifest|index|lock ?file"
        r"|server|upstream|registry|listed|published)\b|fetch\w* .{0,40}(?:stopped|partial|incomplete"
        r"|failed at)",
    ),
    row(
        "encoding_error",
        2.6,
        "unset input illegal declared decoding decoded ascii unicodedecodeerror unicodeencodeerror "
        "unicodeerror codec utf byte "
        "multibyte sequence malformedinput "
        "unmappable charset encoding locale"
        " setlocale lc lang ascii latin bom undecodable surrogate posix unicode mojibake characters "
        "character cp windows iso",
        r"unicode\w*error|codec can't|invalid (?:utf|unicode|byte|start byte|continuation|multibyte)"
        r"|illegal byte|invalid byte|malformedinput|unmappable|\bcharset\b|setlocale|\blocale\b|\blc_(?:all"
        r"|ctype)|\bencoding\b|\bascii\b|\blatin-?1?\b|iso-?8859|\bcp-?125\d|windows-125|\bbom\b|mojibake"
        r"|undecodable|surrogate|(?:replac|dropp|stripp|skipp|ignor|substitut)\w+ .{0,40}(?:characters?"
        r"|bytes?)\b|non-?utf|not (?:valid )?utf|not (?:valid )?unicode|u\+fffd"
        r"|not declared|decod\w+ (?:with|as|using) (?!utf)|non-?ascii"
        r"|\blang(?:uage)?\b ?(?:=|is|was|not)|\bposix\b|illegal input sequence|input sequence",
    ),
    row(
        "number_format",
        2.2,
        "amount value group number parsed read interpreted treating stripped removed converted coerced as "
        "float decimal separator "
        "thousands comma rounded rounding precision lossy numeric float floating fraction "
        "half locale",
        r"decimal (?:comma|separator|point|mark|place)|thousands? separator|\bcomma as\b|rounded|rounding"
        r"|(?:loss of|lost|reduced) precision|precision (?:loss|lost|is|of|set|reduced|limited)|lc_numeric"
        r"|float(?:ing)?[- ]?point|half[- _]even|bankers|fraction(?:s|al)? .{0,30}(?:drop|lost|discard|trunc"
        r"|cut)"
        r"|(?:pars|read|interpret|treat|convert|coerc|tak|cast|understood"
        r"|normali[sz])\w*:? .{0,30}\d[.,]\d\S* (?:as|to|into|->|=>|→)"
        r"|['\"‘]\d+[.,]\d+[.,]?\d*['\"’].{0,20}(?:\bas\b|->|=>|→)|(?:comma|dot|period|point)s? (?:as|is|was"
        r"|removed|stripped|used)|string to float: '\d+,\d+'|number format"
        r"|\d+[.,]\d+ (?:\w+ ){0,2}(?:as|to|into|->|=>) \d|group separator|number pars",
    ),
    row(
        "schema_mismatch",
        2.6,
        "head no apply run dry not pending applied revision column missing expects migration migrations "
        "migrate schema table relation "
        "unapplied alembic flyway liquibase database",
        r"\bmigrat(?:ion|ions|e|ing|or|ed)\b|no such table|(?:relation|table|database"
        r"|schema) .{0,60}(?:does not|doesn't) exist|unknown (?:table|database)|schema.{0,50}(?:version"
        r"|mismatch|drift|out of|differs|behind|ahead|change)|unapplied|alembic|flyway|liquibase"
        r"|no such column"
        r"|(?:at|on|is|has) (?:revision|version|schema) \S+.{0,30}(?:expect|need|want|requir|latest|head|but)"
        r"|\b\d{3,4}_[a-z]\w+\b|(?:left|still|are|is|remain) pending|pending (?:migration|change|revision)"
        r"|not (?:been )?(?:applied|migrated)|target database is not|marked as applied"
        r"|no migrations|not run .{0,10}\(?dry|head is \S+",
    ),
    row(
        "constraint_violation",
        2.5,
        "constraint constraints duplicate integrityerror violates violation foreign unique",
        r"(?:unique|foreign key|not[- ]null|check|primary key) constraint|duplicate (?:key|entry)"
        r"|integrityerror|violates|constraint (?:failed|violation)|violation of",
    ),
    row(
        "database_error",
        2.3,
        "operationalerror sqlstate psql sql programmingerror mysql sqlite ora role tablespace",
        r"operationalerror|programmingerror|sqlstate|^psql:.*error|^error \d{4} \(|syntax error at or near"
        r"|near \".*\": syntax|ora-\d+|server has gone|role \".*\" does not|sqlite\w*\.\w*error",
    ),
    row(
        "parse_error",
        2.2,
        "jsondecodeerror json expecting yaml mapping malformed tokenizing formed xml toml parse parsing "
        "parser parsererror unmarshal deserialize"
        " deserialization magic decode unexpected scannererror unparseable unparsable",
        r"jsondecode|invalid (?:json|yaml|toml|xml|csv|ini)|(?:bad|malformed|broken|unexpected end of) json"
        r"|expecting (?:value|property|',')|yaml\.\w+\.\w*error|mapping values|malformed|tokenizing data"
        r"|not well-formed|xmlsyntax|(?:could not|unable to|cannot|can't|failed to|error"
        r"|couldn't) (?:while )?(?:be )?(?:pars|decod|unmarshal|deserial)"
        r"|pars(?:e|er|ing) ?(?:error|fail)|unmarshal|bad magic|unpars(?:e)?able"
        r"|invalid character '.*' (?:looking|in|after)|expected \d+ fields",
    ),
    row(
        "data_shape",
        2.0,
        "treating treated names taken guessed data without header headers row rows column columns fields "
        "lines record records skiprows delimiter first",
        r"\bheader\w*\b.{0,50}(?:as|not|skip|missing|treat|consum|assum|absent|count|row|line|data|detect"
        r"|found|duplicate|mismatch)|(?:no|without|missing|assum\w+|treat\w+|us\w+|skip\w+|drop\w+|consum\w+"
        r"|discard\w+) .{0,30}(?:header|first (?:row|line|record|column))|skiprows|(?:row|line|column|field"
        r"|record) count"
        r"|(?:expected|wanted|declared|needs?) [\d,]+ (?:rows|lines|columns|fields|records|values|entries)"
        r"|number of (?:rows|fields|columns|lines)|(?:one|1) (?:row|line|record|entry) (?:short|fewer|less"
        r"|more|missing|too)|off[- ]by[- ]one|[\d,]+ (?:rows|records|lines|entries) .{0,30}(?:but|instead|vs"
        r"|versus|of|against|expected) .{0,15}\d|delimiter"
        r"|header ?= ?(?:none|false|true|no|\d)|first (?:row|line|record)\b.{0,60}(?:as data|treat|skip|drop"
        r"|names|consum|header|us(?:ed|ing))|(?:column|field) names .{0,40}(?:from|taken|missing|guess"
        r"|generat)|row \d+ as (?:the )?header|(?:no|without) (?:column|field) names|includ\w+ (?:the )?header"
        r"|as (?:a )?header|data rows? from",
    ),
    row(
        "truncated_data",
        2.3,
        "showing more pages followed records after hit remaining further pages requested fetched stopped cap "
        "characters truncated truncating "
        "truncation truncate eof premature prematurely incomplete short partial cut "
        "clipped capped first limited limiting limit lost"
        " long exceeds exceeded dropped only max maximum overflow omitted trimmed",
        r"truncat|unexpected eof|premature|short (?:read|write)|incomplete|partial(?:ly)? (?:read|writ|file"
        r"|content|result|data)|cut (?:off|to|at|down|short)|clipped|\bcapped|(?:only|just) (?:the )?(?:first"
        r"|last) \d|(?:first|last) [\d,]+ (?:rows|lines|records|bytes|characters|entries|items|results|chars)"
        r"|limit(?:ed|ing)? (?:to|at|of|reached|exceeded|is)|(?:max\w*|row|line|size|page|result|record|field"
        r"|buffer|length) limit|too (?:long|large|big)|exceed(?:s|ed|ing)? .{0,40}(?:limit|max|length|size"
        r"|bytes|characters|buffer)|dropp(?:ed|ing) .{0,30}(?:rows|bytes|records|lines|events|messages)"
        r"|trimmed to"
        r"|showing .{0,20}\d+ of \d+|(?:rows|records|lines|items) (?:omitted|lost|not shown)|wider than"
        r"|buffer (?:full|overflow)"
        r"|(?:first|top) [\d,]+ of [\d,]+|limit (?:is |was )?(?:reached|hit|exceeded)"
        r"|\bhit\b.{0,40}(?:remaining|rest|stop|limit|not)|(?:remaining|further|more|other|next) (?:pages?"
        r"|rows|records|lines|results)\b|has_more|next_?(?:page|token|cursor)|stopp(?:ed|ing) (?:after"
        r"|at) [\d,]+|(?:limit|max\w*|cap)\w*=\d+|cut (?:to|at|off|after) [\d,]+|larger than|not requested"
        r"|not fetched"
        r"|showing .{0,20}\d.{0,12} of|response has more|not followed|first \d+ of",
    ),
    row(
        "key_error",
        2.0,
        "keyerror key column field nosuchelementexception undefined attribute property index",
        r"keyerror|nosuchelement|key not found|(?:missing|unknown|required|no such|undefined|unexpected"
        r"|invalid) (?:required )?(?:key|field|column|property|index|attribute)\b|(?:key|field|column"
        r"|property) .{0,50}(?:not found|is missing|does not exist|is required|not in)|not in index",
    ),
    row(
        "value_error",
        2.0,
        "valueerror literal convert numberformatexception invalid illegalargumentexception value argument "
        "domain inputmismatchexception",
        r"valueerror|invalid literal|could not convert|numberformat|(?:invalid|illegal|bad|unexpected"
        r"|unsupported) (?:value|date|number|integer|float|input|argument|parameter|size|range|identifier|name"
        r"|url|uri|format)|illegalargument|not a valid|out of domain|inputmismatch|domain error"
        r"|division by zero",
    ),
)

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
        2.2,
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
        2.1,
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

GENERAL = (
    row(
        "unknown",
        1.5,
        "error errors fatal failed failure fails fail failing cannot can t couldn could unable invalid abort "
        "aborting aborted critical severe err refusing refused"
        " unexpected unexpectedly bad illegal rejected denied broken wrong mismatch caused",
        r"\berror\b|\berrors\b|\bfatal\b|\bfail(?:ed|ure|s|ing)?\b|\bcannot\b|\bcan't\b|could(?: not|n't)"
        r"|\bunable\b|\binvalid\b|\babort|\bcritical\b|\bsevere\b|\berr\b|refus|unexpected|\bbad\b|illegal"
        r"|reject|denied|broken|\bwrong\b|mismatch|caused by",
    ),
    row(
        "unknown",
        1.1,
        "warning warn warnings missing not found available set present loaded supported applied used read "
        "ready without instead deprecated caution notice assuming assumed unavailable retrying retry gave "
        "giving giveup expired exceeded",
        r"\bwarn(?:ing)?\b|\bmissing\b(?! destination)|\bnot (?:found|available|set|present|loaded|supported"
        r"|applied|used|read|valid|ready|reachable|writable|enough|match|equal|one of)|\bwithout\b|\binstead\b"
        r"|caution|assum(?:ing|ed)|unavailable|retry|giving up|gave up|expired|exceeded",
    ),
)

HARMLESS = (
    row(
        "",
        0.0,
        "",
        r"^npm (?:notice|warn deprecated|fund|http)|\bno (?:crlf|conflicts?|drift|skew|duplicates?"
        r"|mismatch(?:es)?|corruption"
        r"|deadlocks?|problems?|issues?|differences|regressions?|leaks?)\b|^warning: running pip as"
        r"|\bnot upgraded\b|ignor\w+ .{0,20}(?:comments?|blank lines?|whitespace|hidden files)",
    ),
)

BENIGN = (
    row(
        "",
        0.0,
        "errors error warnings warning failed failures vulnerabilities skipped issues problems failure wno "
        "werror exception",
        r"(?<![\d.,])\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|warnings?|failed|failures?"
        r"|vulnerabilit\w+|issues|problems|conflicts|regressions|skipped)|\b(?:errors?|warnings?|failures"
        r"|failed|skipped)[:=] ?(?:0\b(?![.x\d])|none$)|-w(?:no-)?error|ignore-errors|on[-_]error(?:stop)?"
        r"|error[-_](?:log|handler|handling|reporting|page|code)s?\b|--\S*(?:error|fail|warn|ignore|skip"
        r"|force)",
    ),
    row(
        "",
        0.0,
        "deprecated deprecationwarning deprecation notice release available npm root funding pip",
        r"deprecat|^\[?notice\]?|pip as the 'root' user|new (?:release"
        r"|version|major version|minor version) .*(?:available|of)|looking for funding|running pip as",
    ),
)

SUMMARY = (
    row(
        "unknown",
        0.7,
        "make npm error failed build compile ld exit status code returned subprocess errors command ninja "
        "target recipe generated",
        r"^(?:g?make|ninja)(?:\[\d+\])?: .*(?:\*\*\*|error|stopped)|^npm (?:err!|error) (?:code (?:elifecycle"
        r"|\d)|errno|a complete|this is probably|\s*/|exit|lifecycle|command)|could not compile `"
        r"|build (?:failed|failure)|ld returned|failed \((?:errors|failures)|failed (?:building|to build)"
        r"|non-?zero exit"
        r"|(?:exit|exited with|return(?:ed)?|failed with|finished with)(?: with)? (?:exit )?(?:code|status)"
        r"|\[exit code|aborting due to|\d+ errors? generated|subprocess-exited|command (?:failed|exited)"
        r"|see (?:above|the log)|for more information|completed with errors|error: process completed",
    ),
)
