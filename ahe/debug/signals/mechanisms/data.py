"""Data, downloads, encodings, databases."""

from __future__ import annotations

from ahe.debug.signals.mechanisms.row import row

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
        2.3,
        "values text mixed types dtype amount value group number parsed read interpreted treating stripped "
        "removed converted coerced as "
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
        r"|\d+[.,]\d+ (?:\w+ ){0,2}(?:as|to|into|->|=>) \d|group separator|number pars"
        r"|values? .{0,30}\b(?:read|kept|parsed|left|stored) as (?:text|strings?|objects?)|mixed types|dtype",
    ),
    row(
        "schema_mismatch",
        2.6,
        "head no apply run dry not pending applied revision column missing expects migration migrations "
        "migrate schema table relation "
        "unapplied alembic flyway liquibase database",
        r"\bmigrat(?:ions?|e|ing|ed)\b(?!-)|no such table|(?:relation|table|database"
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
        2.2,
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
