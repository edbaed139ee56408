"""Memory, processes, devices, network, services."""

from __future__ import annotations

from ahe.debug.signals.mechanisms.row import row

MACHINE = (
    row(
        "out_of_memory",
        3.0,
        "memory oom memoryerror heap outofmemoryerror outofmemory enomem alloc oomkilled allocation malloc",
        r"out of memory|\boom\b|oom-?kill|cannot allocate|can't allocate|memoryerror|heap space|outofmemory"
        r"|enomem|heap out of|bad_?alloc"
        r"|memory (?:limit|exhausted|cgroup|allocation failed)|allocat.{0,30}(?:failed|failure)|gc overhead"
        r"|virtual memory exhausted",
    ),
    row(
        "crash",
        2.7,
        "segmentation core sigsegv sigabrt bus illegal aborted smashing stackoverflowerror recursion "
        "recursionerror stack sanitizer"
        " addresssanitizer free corrupted",
        r"segmentation fault|core dumped|sigsegv|sigabrt|bus error|illegal instruction|stack smashing"
        r"|double free|sanitizer: |^aborted\b"
        r"|stack ?overflow|maximum (?:recursion|call stack)|recursionerror|corrupted (?:size|double|unsorted)"
        r"|infinite recursion",
    ),
    row(
        "command_timeout",
        2.6,
        "was command seconds after timed timeout timeoutexpired stopped deadline limit expired long hung",
        r"(?:command|process|job|step|test|script|execution|task|build|operation|query|statement"
        r"|run)\b.{0,60}(?:timed out|timeout|time limit)"
        r"|the command was stopped|timed out after|timeoutexpired|deadline exceeded|(?:exceeded|over"
        r"|reached) .{0,30}time(?:out| limit)"
        r"|took too long|canceling statement due to|still running after|timeout: sending signal",
    ),
    row(
        "killed",
        2.3,
        "killed sigkill sigterm signal terminated cc",
        r"^(?:\S+ line \d+: +\d+ )?killed\b|(?:was|been|got|process|worker) \S* ?killed|sigkill|sigterm"
        r"|signal(?: |:)(?:9|15)\b|(?:code|status) (?:137|143)\b"
        r"|terminated by signal|killed signal|^terminated$",
    ),
    row(
        "interactive_prompt",
        2.2,
        "y yes press password passphrase continue sure tty terminal interactive input overwrite prompts "
        "stdin confirm username",
        r"\[y(?:es)?/n|\(y(?:es)?/n|\by/n\b|press (?:any key|enter|return|\[?enter)|pass(?:word"
        r"|phrase)(?: for [^:]+)?: *$|do you want to continue|are you sure"
        r"|(?:overwrite|replace).*\?|not a (?:tty|terminal)|no tty|stdin is not|terminal is dumb"
        r"|prompts disabled|could not read (?:username|password)"
        r"|waiting for (?:user |your |keyboard )?(?:input|confirm|response)|(?:enter|type|choose"
        r"|select) .{0,50}: *$|non-?interactive",
    ),
    row(
        "missing_device",
        2.2,
        "cuda gpu device accelerator nvidia driver display",
        r"no (?:cuda|gpu|nvidia|such device|devices? found|display)|(?:cuda|gpu|driver|device"
        r"|accelerator).{0,40}(?:not (?:available|found|detected)|unavailable|missing)"
        r"|cannot open display|no such device",
    ),
)

NETWORK = (
    row(
        "port_in_use",
        3.0,
        "running occupied available bound use trying taken occupied already instead using address eaddrinuse "
        "port ports bind binding "
        "listening socket listen",
        r"address (?:is )?already in use|eaddrinuse|\bports?\b.{0,50}(?:in use|taken|occupied|allocated"
        r"|unavailable|busy|not available|is used|conflict)"
        r"|(?:could not|cannot|can't|failed to|unable to|error) (?:bind|listen)"
        r"|bind(?:ing)?\S* .{0,40}(?:failed|error)|already listening|one usage of each socket"
        r"|(?:another|next|different|alternative|random|free) (?:available )?port|port \d+ .{0,20}instead"
        r"|(?:using|trying|picked|chose) port \d+"
        r"|port \d+.{0,30}(?:by pid|by process)|already bound"
        r"|running on port|socket (?:is )?(?:occupied|in use|busy)|ports are not available",
    ),
    row(
        "dns_failure",
        2.6,
        "resolve resolution resolving enotfound eai getaddrinfo host nodename servname dns nxdomain name",
        r"(?:could not|couldn't|cannot|can't|failed to|unable to) resolve (?:host|the host|address|proxy"
        r"|\S+\.\S+)|name or service not known|name resolution"
        r"|temporary failure resolving|enotfound|eai_again|getaddrinfo|no such host|nodename nor servname"
        r"|unknown host|unknownhost|nxdomain|server can't find",
    ),
    row(
        "clock_skew",
        2.7,
        "modification nbf hwclock issued synchronized synchronised ahead behind clock skew skewed future "
        "valid drift time timezone tz ntp dst timestamp utc date tzdata "
        "requesttimetooskewed local",
        r"clock skew|clock.{0,40}(?:drift|behind|ahead|wrong|off|sync|differ|set)|not (?:yet|valid yet"
        r"|valid before)|is not valid (?:yet|until)|\b(?:in|from) the future"
        r"|(?:system|local|server|host) (?:time|clock|date)\b|(?:time|timestamp|date)s?\b.{0,30}(?:skew|drift"
        r"|ahead of|behind|future)|requesttimetooskewed|time ?zone|\btzdata\b|zoneinfo"
        r"|utc offset|daylight|\bdst\b|\bntp\b|\b1970-01-01"
        r"|(?:before|until) it (?:was|is) issued|used before issued|modification time|time stamp|hwclock"
        r"|not synchroni[sz]ed|clock_settime|token is not (?:yet )?active|is before 20\d\d|\bnbf\b|(?:seconds"
        r"|minutes|hours|days|\bs|\bh) (?:in the future|ahead|behind)",
    ),
    row(
        "certificate",
        2.7,
        "certificate certificates ssl tls handshake cert sslerror ca pkix sslhandshakeexception",
        r"certificate|sslerror|ssl(?:_| )(?:error|connect|routines|verify|handshake)|ssl: |x509|self[- ]signed"
        r"|handshake (?:failed|failure|error)|pkix|cert_|\bcert\b.{0,40}(?:expired|invalid|fail|not)"
        r"|tls .{0,30}(?:fail|error|verif)|unable to get local issuer",
    ),
    row(
        "rate_limit",
        2.5,
        "too many http rate requests throttled throttling throttle toomanyrequests retry quota",
        r"rate[- ]?limit|too many requests|toomanyrequests|throttl|\b429\b|retry[- ]after|pull rate limit",
    ),
    row(
        "auth_failed",
        2.5,
        "unauthorized unauthorised authentication forbidden credentials token password login publickey "
        "authenticate authorization"
        " logged apikey credential key",
        r"unauthori[sz]ed|authentication (?:failed|required|error|is required)|403 forbidden"
        r"|\b40[13]\b.{0,20}(?:forbidden|error|client)|(?:bad|invalid|missing|wrong|expired|no|incorrect"
        r"|rejected) (?:api |access |auth\w* )?"
        r"(?:credentials?|token|password|api ?key|key id)|permission denied \(publickey|login (?:failed"
        r"|incorrect)|access (?:token|to the resource).*denied|token .{0,20}expired"
        r"|could not authenticate|not logged in|repository access denied|requested access to the resource"
        r"|credentials? .{0,30}(?:not found|missing|expired)",
    ),
    row(
        "connection_refused",
        2.5,
        "refused econnrefused connect connecting connection server",
        r"connection refused|econnrefused|(?:could not|cannot|can.?t|couldn.t|failed to|unable to) (?:connect"
        r"|establish|reach)|is the server running|connection to .{0,60}failed"
        r"|connect(?:ion)? (?:failed|error)\b|connectionerror|no connection could",
    ),
    row(
        "service_not_running",
        2.55,
        "unit running daemon inactive dead systemd service unhealthy health healthcheck container start "
        "started job crashloopbackoff exited"
        " process listening",
        r"unit .*(?:not found|could not be found|failed)|(?:failed|unable|could not|did not) to start"
        r"|did not (?:start|come up)|\b(?:is|are|was|not) not running|\bis not running|no (?:\w+ )?(?:server"
        r"|daemon|service|process) (?:is )?running"
        r"|inactive \(dead\)|no such (?:service|container|process)|docker daemon|not been booted with systemd"
        r"|unhealthy|health ?check.{0,40}(?:fail|time)|job for .*failed"
        r"|crashloop|back-off|exited with code [1-9]|exited \([1-9]|service unavailable|not listening"
        r"|exited (?:immediately|unexpectedly|prematurely)|nothing (?:is )?listening",
    ),
    row(
        "network_error",
        2.2,
        "network connection reset route unreachable etimedout econnreset proxy timeout offline timed broken "
        "connections ehostunreach",
        r"network (?:is )?(?:unreachable|error|down|access|disabled)|no route to host"
        r"|connection (?:was )?(?:reset|closed|aborted|timed out|lost|broken|dropped)|etimedout|econnreset"
        r"|ehostunreach"
        r"|(?:read|connect|request|i/o|connection|gateway|socket).{0,20}(?:timed out|timeout)|broken pipe"
        r"|proxy.{0,30}(?:error|fail|refus|required)|\boffline\b|unreachable|newconnectionerror"
        r"|max retries exceeded",
    ),
    row(
        "http_error",
        1.9,
        "http status error gateway url requested response server returned",
        r"\bhttp(?:/[\d.]+)? ?(?:error|status)?:? ?[45]\d\d\b|status(?: code)?[ :=]+[45]\d\d\b"
        r"|requested url returned error|bad gateway|internal server error|error:? [45]\d\d\b"
        r"|\b[45]\d\d (?:client|server) error|returned [45]\d\d\b"
        r"|\b(?:404 not found|410 gone|50[0234] \w+)",
    ),
)
