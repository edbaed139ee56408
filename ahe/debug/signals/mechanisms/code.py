"""Languages, compilers, packages, tests, git."""

from __future__ import annotations

from ahe.debug.signals.mechanisms.row import row

PACKAGES = (
    row(
        "dependency_conflict",
        2.8,
        "dependency resolve peer resolved held back versions two multiple resolver upgrading upgraded "
        "upgrade wanted "
        "resolutionimpossible conflicting conflict conflicts eresolve tree "
        "incompatible solving resolver "
        "peer requires pinned"
        " pin pins downgraded downgrading select convergence requirement constraint satisfies satisfy "
        "upgrade held broken",
        r"resolutionimpossible|conflicting (?:dependenc|requirement|version)|(?:dependency|version|requirement"
        r"|package)s? conflict|eresolve|resolve dependency tree|version solving failed"
        r"|because these package versions|but you (?:have|'ll have)|(?:conflicts?"
        r"|incompatible) with (?:the )?(?:requested|installed|\S+ ?[<>=~^(\d])|failed to select a version"
        r"|peer dep|\brequires? .{1,80}\b(?:but|however)\b"
        r"|\b(?:is|are|was|been) pinned|\bpin(?:s|ning|ned)? .{0,60}(?:to|at|==)|downgrad(?:ed|ing)"
        r"|dependency convergence|(?:held|unmet) .{0,10}(?:broken|packages|depend)|cannot satisfy"
        r"|unsatisfiable|upper (?:bound|limit)"
        r"|but you(?:'ll| will)? have|has requirement|pinned by|not upgrading|has been pinned"
        r"|requires [^ ]+ ?[<>=~^!]+ ?[\d.]+, (?:found|got|have|but)|(?:wanted|want|needs?"
        r"|requires?) \S*[~^<>=]=?\d|conflicting peer|mutually exclusive"
        r"|resolved \S+ to v?\d|held back|two versions of|multiple versions of|dependency resolver"
        r"|duplicate (?:versions?|packages?) of"
        r"|could not resolve dependenc|peer \S+@",
    ),
    row(
        "version_mismatch",
        2.6,
        "running higher least under module later newer above compiled class wants want version versions "
        "using found unsupported engine "
        "ebadengine unsupportedclassversionerror requires "
        "old older minimum python node java rustc protocol"
        " supported removed newer glibc interpreter release incompatible needs",
        r"requires-python|\b(?:requires?|needs?|wants?|expects?) (?:a (?:different"
        r"|newer) )?(?:at least )?(?:python|node(?:\.?js)?|java|jdk|go|ruby|rustc?|php|gcc|g\+\+|cmake|glibc"
        r"|openssl|postgres\w*|npm|pip|bash)\b|ebadengine|unsupported (?:engine|class file|version|python)"
        r"|unsupportedclassversion|class file (?:has|version)|\bversions?\b.{0,50}(?:mismatch|skew|too (?:old"
        r"|new|low)|not supported|unsupported|older|newer|instead|differs?|expected|required|is required"
        r"|incompatible)"
        r"|(?:wrong|incompatible|unexpected|different|mismatched|minimum|required) (?:\w+ )?version|too old"
        r"|no longer supported|not supported (?:by|on|in) (?:this|python|node|version)|rustc [\d.]+ is not"
        r"|go\.mod requires go|has been removed in"
        r"|(?:using|found|running|selected|detected|with) (?:cpython |system |default )?(?:python|node|java"
        r"|openjdk|ruby|go|gcc|php)[ /-]?v?\d|interpreter.{0,30}\d\.\d|end[- ]of[- ]life"
        r"|(?:needs?|requires?|wants?|expects?|required:?) (?:[\w./@+-]+ )?[<>=~^]*=? ?v?\d+(?:\.\d+)+ ?(?:\+"
        r"|or (?:later|newer|above|higher|greater)|and (?:up|above|later))|\d or (?:later|newer|above"
        r"|higher)\b|is (?:python )?\d+\.\d[\d.]*[;,] |compiled (?:by|with|for|against) (?:a )?(?:more recent"
        r"|newer|older|different|\w+ \d)|class version|requires go|the engine .* is incompatible"
        r"|(?:running|under|using|with) (?:on )?(?:go|node|python|java|ruby|php|gcc|cmake|rustc?|npm"
        r"|openjdk)[ /-]?v?\d|version \d[\d.]* .{0,20}(?:required|or higher|or newer)|[\d.]+ or (?:higher"
        r"|newer|later|above)|requires at least v?\d|interpreter is",
    ),
    row(
        "missing_dependency",
        2.7,
        "modulenotfounderror module import importerror locate distribution package packages crate "
        "classnotfoundexception noclassdeffounderror"
        " installed candidate gem loaderror dependency dependencies plugin extension missing extra provider "
        "backend",
        r"modulenotfound|no module named|(?:cannot|can't|could not) find (?:module|package|crate|gem|plugin)"
        r"|module not found|err_module_not_found|importerror|cannot import|unable to locate package"
        r"|no matching distribution"
        r"|could not find a version|no required module|unresolved import|can't find crate|classnotfound"
        r"|noclassdeffound|package .{1,60} (?:is not|does not exist|not found|was not found)"
        r"|no such (?:package|module)|installation candidate"
        r"|(?:is|are|was) not installed|\bnot installed\b|cannot load such file|there is no package called"
        r"|missing (?:optional |required |peer )?(?:dependenc|package|module|extra|plugin)|unmet dependenc"
        r"|(?:plugin|extension|module|driver|backend|provider)s? .{0,50}(?:not (?:found|available|loaded"
        r"|installed)|missing|unavailable)",
    ),
)

GIT = (
    row(
        "git_conflict",
        2.7,
        "conflict merge unmerged overwritten fast fetch patch hunk rebase divergent rejected cherry",
        r"^(?:auto-merging|conflict \()|merge conflict|automatic merge failed|needs merge|unmerged"
        r"|would be overwritten|non-fast-forward|fetch first|patch (?:failed|does not apply)"
        r"|hunk #?\d* ?failed|hunks? failed|cannot (?:rebase|pull)"
        r"|divergent branches|\[rejected\]|could not apply|\brejects? to file",
    ),
    row(
        "git_state",
        2.4,
        "git repository detached pathspec revision object refspec commit identity ref branch submodule "
        "ownership shallow head",
        r"not a git repository|dubious ownership|detached head|pathspec '|unknown revision|bad (?:revision"
        r"|object)|src refspec|nothing (?:added )?to commit|no changes added|tell me who you are"
        r"|author identity unknown|does not have any commits"
        r"|not a valid (?:object|ref)|remote ref|remote branch .* not found|invalid reference|shallow (?:clone"
        r"|update)|submodule .*(?:not|fail)|not (?:on|currently on) (?:a|any) branch|no such (?:ref|branch"
        r"|remote)|'?\w+'? does not appear to be a git",
    ),
)

LANGUAGES = (
    row(
        "link_error",
        2.5,
        "undefined multiple ld external duplicate linker relocation collect",
        r"undefined reference|multiple definition|unresolved external|duplicate symbol|relocation .* against"
        r"|undefined symbols for|linker `?\w+`? not found",
    ),
    row(
        "null_value",
        2.2,
        "nullpointerexception nonetype null undefined nil none nullreferenceexception",
        r"nullpointer|nonetype|cannot (?:read|set) propert|of (?:undefined|null)\b|nil pointer|null ?reference"
        r"|on a `none`|nil:nilclass|\bis (?:null|none|nil)\b|unexpected(?:ly)? (?:null|nil|none)",
    ),
    row(
        "type_error",
        2.2,
        "typeerror convert cast types type classcastexception assignable operand callable function iterable "
        "subscriptable positional",
        r"typeerror|cannot (?:be )?(?:convert|cast)|(?:incompatible|mismatched) types|type mismatch|classcast"
        r"|not assignable to|cannot use .* as .*(?:type|value)|unsupported operand|is not (?:callable"
        r"|a function|iterable|subscriptable)|\d+ positional arguments?",
    ),
    row(
        "attribute_error",
        2.2,
        "attributeerror attribute member method property nosuchmethoderror field",
        r"attributeerror|has no (?:attribute|member|method|field)|nosuchmethod|undefined method"
        r"|no method named|property .* does not exist|has no exported member|does not have (?:a )?(?:property"
        r"|method|attribute)",
    ),
    row(
        "name_error",
        2.2,
        "nameerror defined referenceerror undefined undeclared unboundlocalerror symbol name unresolved "
        "scope identifier variable value",
        r"nameerror|name '.*' is not defined|\b\w+ is not defined$|referenceerror|undefined: |undeclared"
        r"|unboundlocal|cannot find (?:symbol|name|value|type)|unresolved (?:reference|name)|undefined (?:name"
        r"|identifier|local|constant)|not declared|before initialization",
    ),
    row(
        "index_error",
        2.1,
        "indexerror range bounds index outofboundsexception arrayindexoutofboundsexception slice",
        r"indexerror|out of (?:range|bounds)|(?:array|string)?indexoutofbounds|index out",
    ),
    row(
        "syntax_error",
        2.4,
        "syntaxerror indentationerror taberror syntax unexpected indent expected parse token",
        r"syntaxerror|indentationerror|taberror|invalid syntax|unexpected (?:token|identifier|indent|symbol"
        r"|end of input)|syntax error|parse error: .*(?:php|expected)|expected [‘'`\"]\S{1,3}['’`\"] "
        r"|(?<!assertion)error: expected ",
    ),
    row(
        "compile_error",
        2.2,
        "error errors compilation compiler javac cannot",
        r"^[^\s:]+\.(?:c|cc|cpp|cxx|h|hpp|go|rs|java|kt|ts|tsx|swift|cs|scala|hs)[:(]\d+.*\berror\b"
        r"|^error\[e\d+\]|error ts\d+|error cs\d+|compilation (?:failed|error)|compile error|fatal error: "
        r"|error: .*(?:generic|borrow|lifetime|template|declared|mutable)",
    ),
)

TESTS = (
    row(
        "assertion",
        1.9,
        "assertionerror assertion assert expected expect actual",
        r"assertionerror|assertion.{0,40}failed|\bassert .+(?:==|!=|<|>| in | is )"
        r"|expected:? .{1,80}(?:\bbut\b|\bgot\b|actual|received|to (?:be|equal|match|contain))"
        r"|assert(?:ion)? `?left",
    ),
    row(
        "test_failure",
        1.55,
        "fail failed failures failing",
        r"^\s*(?:--- )?fail(?:ed)?[:\s]|\d+ (?:tests? )?(?:failed|failing)|tests? failed|\bfailures?: [1-9]"
        r"| failed$|[✗✕×] ",
    ),
)

EXCEPTIONS = (
    row(
        "exception",
        1.8,
        "",
        r"(?:^|[\s.:(])[a-z_][\w.$]*(?:error|exception)(?::|$)|unhandled|uncaught|^panic: |panicked at"
        r"|fatal python error",
    ),
)
