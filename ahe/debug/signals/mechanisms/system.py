"""Shell and files."""

from __future__ import annotations

from ahe.debug.signals.mechanisms.row import row

SHELL = (
    row(
        "line_endings",
        2.8,
        "crs stripping mixed trailing m r crlf dos endings ending carriage interpreter line returns",
        r"\^m\b|\\r(?:'|\"|:|$)|\bcrlf\b|\bdos (?:line|format|text)|\bline[- ]endings?\b|carriage returns?"
        r"|\S\\r[’'\"]"
        r"|\r: (?:command )?not found"
        r"|trailing crs?\b|strip\w* .{0,12}\bcrs?\b|mixed (?:line|eol)|\\r['\"’]",
    ),
    row(
        "wrong_architecture",
        2.8,
        "exec elf architecture platform cpu binary arch ebadplatform executable",
        r"exec format error|cannot execute(?: binary file|:)|wrong elf class|invalid elf header|bad cpu type"
        r"|ebadplatform"
        r"|(?:incompatible|wrong|different|unsupported|mismatched?) (?:cpu )?(?:architecture|platform|arch)\b"
        r"|platform .*does not match|file in wrong format|not a supported wheel on this platform",
    ),
    row(
        "quoting_error",
        2.5,
        "matching unterminated unmatched quotation eol quote quotes unbalanced unclosed",
        r"unexpected eof while looking for matching|unterminated (?:quoted )?string|unmatched ['\"`({\[]"
        r"|no closing quotation"
        r"|eol while scanning|unclosed (?:quot|string)|unbalanced (?:quot|parenthes)|(?:missing|unterminated"
        r"|closing) quotes?\b"
        r"|unterminated ['\"`s]",
    ),
    row(
        "shell_syntax",
        2.45,
        "integer expression unary too many syntax unexpected operator integer substitution redirect document "
        "parse event identifier subscript list"
        " shopt test",
        r"syntax error near unexpected|^(?:\S*sh|-c|bash|line \d+): (?!.*file .*\.py).*(?:syntax error"
        r"|unexpected end of file)"
        r"|^\S*sh: .*(?:parse error|too many arguments)|(?:unary|binary) operator expected"
        r"|integer expression expected"
        r"|bad substitution|ambiguous redirect|here-document .*delimited|event not found|not a valid identifier"
        r"|bad array subscript|argument list too long",
    ),
    row(
        "command_not_found",
        2.6,
        "make command found executable recognized env spawn enoent exec",
        r"command not found|\bnot found in \$?path|^\S*(?:sh|bash|zsh|make|env)(?:\[\d+\])?: (?:\d+: "
        r"|line \d+: )?\S+: not found"
        r"|executable file not found|is not recognized as|no such command|spawn \S+ enoent|(?:program"
        r"|executable|binary|tool)"
        r"s? .{0,60}not found|^(?:/\S+/)?env: .*no such file|^g?make(?:\[\d+\])?: [\w.+-]+: no such file"
        r"|(?:unable|not able) to find .*(?:program|executable|compiler)",
    ),
    row(
        "usage_error",
        2.1,
        "option options argument arguments operand usage flag switch help choice subcommand parameter",
        r"(?:invalid|illegal|unknown|unrecogni[sz]ed|unexpected|ambiguous) (?:command[- ]line )?(?:option"
        r"|argument|flag|switch"
        r"|subcommand)|(?:missing|extra) (?:\w+ ){0,2}operand|requires? an argument|arguments? (?:are"
        r"|is) required|no such option"
        r"|flag (?:provided but )?not defined|^usage: |try '.*--help'|too (?:few|many) arguments"
        r"|invalid choice:"
        r"|missing (?:required )?(?:argument|parameter|option)",
    ),
)

FILES = (
    row(
        "broken_link",
        2.4,
        "symbolic symlink symlinks link links dangling eloop",
        r"too many levels of symbolic|(?:dangling|broken) (?:sym(?:bolic )?)?links?|eloop|symlink .*(?:missing"
        r"|nowhere|not exist)",
    ),
    row(
        "disk_full",
        3.0,
        "free only full reached flushed don enough free space left no enospc quota edquot disk inodes full "
        "storage",
        r"no space left|enospc|edquot|quota (?:is )?(?:exceeded|reached|exhausted|full)|(?:exceed|over"
        r"|reached).{0,30}quota"
        r"|(?:disk|device|filesystem|volume|partition|storage) (?:is )?(?:almost |nearly )?full"
        r"|(?:not enough|insufficient|out of|low|running low on|too little|no free) (?:free "
        r"|available )?(?:disk|storage|space|inodes)|don.t have enough (?:\w+ )?space"
        r"|\bquota\b.{0,40}(?:used|limit|left|of)|no (?:more )?(?:free )?inodes|need.{0,40}space.{0,40}(?:only"
        r"|available)"
        r"|only [\d.]+ ?(?:[kmgt]i?b?|bytes|blocks) (?:free|left|available|remain)|\b(?:9[5-9]|100) ?% (?:full"
        r"|used)|quota .{0,60}reached",
    ),
    row(
        "read_only",
        2.6,
        "read readonly erofs immutable",
        r"read-only file ?system|erofs|read-?only (?:database|mount|volume|filesystem|transaction|mode)"
        r"|mounted read-?only|\bimmutable\b",
    ),
    row(
        "permission_denied",
        2.5,
        "accessdeniedexception uid owned by permission permissions permitted eacces eperm permissionerror "
        "denied writable privileges root "
        "unwritable umask"
        " readable superuser ownership owned",
        r"permission denied(?! \(publickey)|eacces|eperm\b|operation not permitted|permissionerror"
        r"|(?<!repository )access (?:is )?denied"
        r"|not (?:writ|read)able|\bunwritable|(?:insufficient|without|lacks?|missing"
        r"|no) (?:\w+ )?(?:permissions?|privileges?)\b"
        r"|must be (?:root|superuser|run as)|are you root|requires? (?:root|superuser)|bad (?:owner|ownership"
        r"|permissions)"
        r"|permissions .*(?:too open|are too)|not (?:be )?(?:owned|permitted)|cannot write to|no write access"
        r"|umask"
        r"|accessdenied|owned by (?:root|another|uid|user|nobody)|\buid \d+",
    ),
    row(
        "resource_limit",
        2.5,
        "open emfile enfile unavailable fork thread threads ulimit connections slots inotify watchers "
        "processes pids eagain",
        r"too many open files|emfile|enfile|resource temporarily unavailable|(?:cannot|unable to|can't"
        r"|failed to) (?:fork|start new thread"
        r"|create (?:native )?thread)|ulimit|too many (?:connections|processes|clients|watch)|connection slots"
        r"|inotify watch|pids? limit"
        r"|file (?:table|descriptor).*(?:overflow|limit|exhaust)|file watchers",
    ),
    row(
        "lock_held",
        2.8,
        "lease unavailable holds flock running leaving blocking waiting another held lock locked locks "
        "locking busy etxtbsy ebusy "
        "deadlock lockfile "
        "pidfile instance pid",
        r"(?:could not|cannot|can't|unable to|failed to|timed? ?out).{0,40}\block(?:ed|s)?\b"
        r"|\block(?:file)? (?:is |was )?(?:already )?"
        r"(?:held|taken|owned|in use|exists|acquired)|database (?:table )?is locked|is locked by|resource busy"
        r"|ebusy|text file busy"
        r"|etxtbsy|waiting (?:for|on) .{0,60}\block|waiting for cache lock|blocking waiting"
        r"|\.lock\b.{0,60}(?:exists|held|stale|present|found)"
        r"|another (?:\w+ )?(?:process|instance)|(?:held|locked|in use|owned) by (?:process|pid|another)"
        r"|deadlock|lock wait|stale (?:\S+ )?"
        r"(?:lock|pid)|already running|lock (?:timeout|not available)\b|lock ?file .{0,60}(?:exists|held"
        r"|present|found|stale)|advisory lock"
        r"|another \S+ (?:\(?pid|process|instance|is (?:already |still )?(?:running|active))|lock (?:on"
        r"|for) .{0,60}(?:fail|timed|busy|held|denied|not)|could ?n.t get (?:a |the )?lock"
        r"|already being (?:used|processed|run)|\(pid \d+\) (?:is |still )?(?:running|alive|active)|flock"
        r"|lock .{0,20}(?:left|remains)"
        r"|lock on .{0,80}unavailable|\bleases?\b.{0,40}(?:held|holds|owned|taken|by)|holds the (?:lock|lease)",
    ),
    row(
        "already_exists",
        1.8,
        "exists eexist",
        r"already exists|file exists|eexist|destination path .*exists",
    ),
    row(
        "missing_library",
        3.0,
        "missing disabled without loader lib libraries library shared dlopen glibc glibcxx cxxabi symbol "
        "unsatisfiedlinkerror "
        "so h dylib dll lib "
        "headers header pkg cannot package ld",
        r"error while loading shared|cannot open shared object|library not (?:loaded|found)|dlopen"
        r"|cannot find -l"
        r"|(?:unable to|could ?n.t|could not|cannot|can't|failed to) (?:load|find|locate|open).{0,60}(?:librar"
        r"|\.so\b|\.dll|\.dylib|\blib\w)"
        r"|version `?(?:glibc|glibcxx|cxxabi)|undefined symbol|symbol (?:lookup error|not found|versioning)"
        r"|unsatisfiedlinkerror"
        r"|\blib[\w.+-]+(?:\.so[\d.]*)?[\"'`]? ?(?:=> not found|is missing|was not found|not found"
        r"|could not be)"
        r"|\.h(?:pp)?:? no such file|no package ['\"`‘].*found|(?:header|librar\w+"
        r"|headers)\b.{0,40}(?:not found|missing|could not|not available"
        r"|not installed)|missing (?:shared |system )?(?:librar|header)|without .*(?:lib\w+) support"
        r"|\blib[\w+-]+[\w.+-]*\b.{0,40}(?:not found|missing|unavailable|runs? without|disabled)|built without"
        r"|compiled without"
        r"|\blib[a-z]\w+ (?:is |was )?(?:missing|absent|unavailable)",
    ),
    row(
        "wrong_directory",
        2.4,
        "paths taken root detected looked resolved against current working written wrote saved saving "
        "writing exported placed stored "
        "generated dumped created not a cd directory folder cwd workdir pwd package cargo makefile mod pom "
        "pyproject composer gemfile "
        "project getcwd script"
        " workspace relative chdir enotdir eisdir located root",
        r"not a directory|is a directory|enotdir|eisdir|can.?t cd to|getcwd|(?:could ?n.t|could not|cannot"
        r"|can't|unable to) (?:find|read|open|locate)"
        r".{0,40}(?:package\.json|cargo\.toml|pyproject|makefile|go\.mod|pom\.xml|composer\.json|gemfile"
        r"|docker-?compose|build\.gradle)|enoent.*(?:package\.json|cargo\.toml)"
        r"|no makefile found|no targets specified|go\.mod file not found|no pom in this|missing script:"
        r"|outside (?:of )?(?:the |its |your )?"
        r"(?:repository|workspace|project|root|tree)|(?:neither|not) (?:in|inside) (?:a "
        r"|the )?(?:\S+ )?(?:project|workspace|repo)"
        r"|no configuration file provided|(?:working|current|work|base|output|root) (?:dir(?:ectory)?"
        r"|folder)\b.{0,20}(?:is|was|:|=|not|set|defaults?|resolved|chang)"
        r"|\b(?:cwd|workdir|chdir|pwd)\b\s*(?:is|was|:|=|set|to|changed|not)|relative (?:to|path)"
        r"|resolved (?:to|against|relative)|(?:ran|running|started|run|launched|invoked|executed) (?:from"
        r"|in) [/~.]"
        r"|resolv\w+ .{1,60}(?:against|relative to|under|inside)|relative to (?:the )?(?:current|working|cwd)"
        r"|(?:current|working) directory"
        r"|is not inside|chdir|changed? (?:working )?dir"
        r"|paths? (?:are|is) .{0,20}relative|project root|looked up from|not in /",
    ),
    row(
        "wrong_directory",
        2.0,
        "in into to written wrote saved saving writing exported placed stored generated dumped created output",
        r"(?:created|written|wrote|sav(?:ed|ing)|writing|output|exported|placed|stored|generated"
        r"|dumped)\b.{0,60} (?:in|to|into|under|at):?"
        r" ['\"]?(?:/\w|~|\$home|\./)",
    ),
    row(
        "no_such_path",
        2.0,
        "file directory enoent filenotfounderror exist exists access stat path nosuchfileexception os open "
        "find nosuchkey missing",
        r"no such file|no such (?:directory|path|key)|enoent|filenotfound|nosuchfile|nosuchkey|os error 2\b"
        r"|(?:file|path|folder|directory|input"
        r"|\S*/\S*) (?:\S+ )?(?:does not|doesn.t|did not) exist|(?:cannot|can.?t|could not|couldn.t|unable to"
        r"|failed to) (?:access|stat|open|find|read|locate|load)\b"
        r"|(?:file|path|directory|folder)s? (?:was |is )?(?:not found|missing)|(?:missing"
        r"|cannot find the) (?:file|path|directory|folder|input)",
    ),
)
