"""Lines as real tools print them → what they tell of."""

from __future__ import annotations

import time

import pytest

from ahe.debug.rank.rank import STANDS_OUT
from ahe.debug.signals.mechanisms.match import LONGEST, ROWS, match, may_match
from ahe.debug.signals.templates import fine
from ahe.debug.signals.vocabulary import MECHANISMS, NONE, NOT_A_COMMAND, UNKNOWN

LINES = {
    "command_not_found": """
        bash: rg: command not found
        /bin/sh: 1: cmake: not found
        make: gcc: No such file or directory
        env: ‘node’: No such file or directory
        exec: "docker-compose": executable file not found in $PATH
    """,
    "line_endings": """
        /usr/bin/env: ‘bash\\r’: No such file or directory
        ./run.sh: line 2: $'\\r': command not found
        bash: ./deploy.sh: /bin/bash^M: bad interpreter: No such file or directory
        warning: in the working copy of 'a.sh', CRLF will be replaced by LF the next time Git touches it
        /bin/sh^M: bad interpreter: No such file or directory
        ': [Errno 2] No such file or directoryscript.py\\r'
        config.ini: mixed line endings (CRLF 12, LF 3)
        patch: **** Only garbage was found; (Stripping trailing CRs from patch; use --binary to disable.)
        value 'prod\\r' is not one of dev, prod
    """,
    "wrong_architecture": """
        bash: ./tool: cannot execute binary file: Exec format error
        WARNING: The requested image's platform (linux/amd64) does not match the detected host platform (linux/arm64/v8)
    """,
    "quoting_error": """
        bash: -c: line 1: unexpected EOF while looking for matching `"'
        sh: 3: Syntax error: Unterminated quoted string
    """,
    "shell_syntax": """
        bash: line 4: syntax error near unexpected token `fi'
        ./x.sh: line 3: [: : integer expression expected
        sh: 1: Bad substitution
    """,
    "usage_error": """
        sort: invalid option -- 'q'
        error: unexpected argument '--frozen' found
        cp: missing destination file operand after 'a'
        cli.py: error: the following arguments are required: --out
    """,
    "broken_link": """
        cat: current: Too many levels of symbolic links
    """,
    "disk_full": """
        OSError: [Errno 28] No space left on device
        tee: out.log: Disk quota exceeded
        E: You don't have enough free space in /var/cache/apt/archives/.
        write error: No space left on device
        fallocate failed: No space left on device
        only 12 MB free on /var, spool not flushed
        could not extend file "base/16384": No space left on device
        user quota on /home reached, file left at 0 bytes
    """,
    "read_only": """
        touch: cannot touch 'x': Read-only file system
        sqlite3.OperationalError: attempt to write a readonly database
    """,
    "permission_denied": """
        mkdir: cannot create directory '/srv/app': Permission denied
        PermissionError: [Errno 13] Permission denied: '/var/lib/app'
        Error: EACCES: permission denied, open '/usr/local/lib/node_modules'
        /var/spool/out: not writable by uid 1000
        install: cannot create regular file '/usr/local/bin/x': Permission denied
        java.nio.file.AccessDeniedException: /srv/data
        rsync: mkstemp "/srv/.x.abc" failed: Permission denied (13)
        directory /data/out is owned by root, falling back to /tmp
    """,
    "resource_limit": """
        OSError: [Errno 24] Too many open files
        bash: fork: retry: Resource temporarily unavailable
    """,
    "lock_held": """
        E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4121 (unattended-upgr)
        sqlite3.OperationalError: database is locked
        Blocking waiting for file lock on package cache
        fatal: Unable to create '/app/.git/index.lock': File exists.
        ERROR:  deadlock detected
        lock file /run/app.lock exists, skipping run
        waiting for lock held by pid 4121
        could not acquire lock within 30 s, proceeding read-only
        dpkg: error: dpkg frontend lock was locked by another process with pid 77
        BlockingIOError: [Errno 11] lock on state.db unavailable
        fatal: Unable to create '.git/index.lock': File exists. Another git process seems to be running
        worker 3 holds the lease on queue orders, nothing written
    """,
    "already_exists": """
        fatal: destination path 'repo' already exists and is not an empty directory.
    """,
    "missing_library": """
        ./a.out: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory
        /usr/bin/ld: cannot find -lssl: No such file or directory
        main.c:3:10: fatal error: openssl/ssl.h: No such file or directory
        ImportError: libGL.so.1: cannot open shared object file: No such file or directory
        node: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by node)
        No package 'libxml-2.0' found
        dlopen failed: library "libssl.so.1.1" not found
        dyld: Library not loaded: @rpath/libfoo.dylib
        OSError: libcudart.so.11.0: cannot open shared object file: No such file or directory
        configure: error: zlib.h header not found
        libfoo.so.3 => not found
        libvips missing, thumbnails disabled
    """,
    "wrong_directory": """
        fatal: not a git repository (or any of the parent directories): .git
        npm ERR! enoent ENOENT: no such file or directory, open '/package.json'
        error: could not find `Cargo.toml` in `/root` or any parent directory
        go: go.mod file not found in current directory or any parent directory; see 'go help modules'
        make: *** No targets specified and no makefile found.  Stop.
        bash: cd: data.csv: Not a directory
        output saved to /root/out.csv
        running in /root, not in /app
        cwd: /home/agent
        cd: /app/src: not a directory
        paths are taken relative to /tmp
        config looked up from /, project root not detected
    """,
    "no_such_path": """
        cat: /app/x: No such file or directory
        FileNotFoundError: [Errno 2] No such file or directory: 'conf.json'
    """,
    "out_of_memory": """
        Killed process 1234 (java) total-vm:8000kB, Out of memory
        java.lang.OutOfMemoryError: Java heap space
        FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
    """,
    "killed": """
        c++: fatal error: Killed signal terminated program cc1plus
        ./run.sh: line 3:  4123 Killed                  python train.py
    """,
    "crash": """
        Segmentation fault (core dumped)
        RecursionError: maximum recursion depth exceeded in comparison
    """,
    "command_timeout": """
        [the command was stopped after 10 s]
        subprocess.TimeoutExpired: Command 'x' timed out after 30 seconds
    """,
    "interactive_prompt": """
        Do you want to continue? [Y/n] Abort.
        the input device is not a TTY
    """,
    "missing_device": """
        RuntimeError: No CUDA GPUs are available
    """,
    "port_in_use": """
        OSError: [Errno 98] Address already in use
        Error: listen EADDRINUSE: address already in use :::3000
        Bind for 0.0.0.0:5432 failed: port is already allocated
        Port 8080 is in use, trying 8081 instead
        0.0.0.0:80: listen tcp: address already in use
        Something is already running on port 3000.
        Ports are not available: exposing port TCP 5432
        port 5000 taken, server started on 5001
        could not listen on 127.0.0.1:6379, socket occupied by pid 12
    """,
    "dns_failure": """
        curl: (6) Could not resolve host: pypi.org
        npm ERR! request to https://registry.npmjs.org/x failed, reason: getaddrinfo EAI_AGAIN registry.npmjs.org
    """,
    "clock_skew": """
        make: warning:  Clock skew detected.  Your build may be incomplete.
        E: Release file for http://x is not valid yet (invalid for another 3h 2min 1s). Updates for this repository will not be applied.
        warning: system clock is 3 h behind ntp.org
        tar: src/a.c: time stamp 2027-03-01 10:00:00 is 86399.2 s in the future
        RequestTimeTooSkewed: The difference between the request time and the current time is too large.
        Clock drift of 412 s detected, signatures may be rejected
    """,
    "certificate": """
        ssl.SSLCertVerificationError: certificate verify failed: certificate is not yet valid (_ssl.c:1131)
        curl: (60) SSL certificate problem: certificate is not yet valid
        curl: (60) SSL certificate problem: unable to get local issuer certificate
        ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed
    """,
    "rate_limit": """
        HTTP 429 Too Many Requests
    """,
    "auth_failed": """
        psycopg2.OperationalError: FATAL:  password authentication failed for user "app"
        git@github.com: Permission denied (publickey).
    """,
    "connection_refused": """
        curl: (7) Failed to connect to localhost port 8000 after 0 ms: Connection refused
        psql: error: could not connect to server: No such file or directory
    """,
    "service_not_running": """
        Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
        Failed to start nginx.service: Unit nginx.service not found.
    """,
    "network_error": """
        ConnectionResetError: [Errno 104] Connection reset by peer
    """,
    "http_error": """
        requests.exceptions.HTTPError: 404 Client Error: Not Found for url
        curl: (22) The requested URL returned error: 404
    """,
    "dependency_conflict": """
        ERROR: ResolutionImpossible: for help visit https://pip.pypa.io
        npm ERR! code ERESOLVE
        tensorflow 2.4 requires numpy~=1.19.2, but you have numpy 1.26.0 which is incompatible.
        npm ERR! Conflicting peer dependency: react@18.2.0
        Because foo depends on bar (>=2) and baz depends on bar (<2), version solving failed.
        numba 0.56 requires numpy<1.24, found 1.26.1
        warning: two versions of serde in the lock file: 1.0.1, 1.0.9
        foo 1.2 is held back by bar
        pip's dependency resolver does not currently take into account all the packages that are installed.
        resolved lodash to 3.10.1 instead of ^4.17
    """,
    "version_mismatch": """
        ERROR: Package 'x' requires a different Python: 3.7.3 not in '>=3.9'
        npm WARN EBADENGINE Unsupported engine {
        error: package `x v1` cannot be built because it requires rustc 1.70 or newer, while the currently active rustc version is 1.60
        java.lang.UnsupportedClassVersionError: Foo has been compiled by a more recent version of the Java Runtime
        Using Python 3.6.9 from /usr/bin/python3
        SyntaxError: f-string: requires Python 3.12
        go: module requires go >= 1.21 (running go 1.18)
        error Unsupported engine: wanted node >=18, running 12.22
        Foo has been compiled by a more recent version of the Java Runtime (class file version 61.0)
        CMake 3.20 or higher is required.  You are running version 3.16.3
        interpreter is 3.7, feature X requires at least 3.9, disabled
        running under node v10, optional chaining unavailable
    """,
    "missing_dependency": """
        ModuleNotFoundError: No module named 'yaml'
        Error: Cannot find module 'express'
        E: Unable to locate package foo
        ERROR: No matching distribution found for foo==9
        E: Package 'python3-foo' has no installation candidate
    """,
    "git_conflict": """
        CONFLICT (content): Merge conflict in a.py
        error: Your local changes to the following files would be overwritten by checkout:
        ! [rejected]        main -> main (fetch first)
    """,
    "git_state": """
        error: pathspec 'x' did not match any file(s) known to git
        You are in 'detached HEAD' state.
    """,
    "link_error": """
        main.o: in function `main': undefined reference to `foo'
    """,
    "null_value": """
        java.lang.NullPointerException: Cannot invoke "String.length()" because "s" is null
        TypeError: Cannot read properties of undefined (reading 'map')
        panic: runtime error: invalid memory address or nil pointer dereference
    """,
    "type_error": """
        TypeError: unsupported operand type(s) for +: 'int' and 'str'
        error[E0308]: mismatched types
    """,
    "attribute_error": """
        AttributeError: 'Foo' object has no attribute 'bar'
    """,
    "name_error": """
        NameError: name 'nmae' is not defined
        ./x.go:3:2: undefined: y
        Main.java:5: error: cannot find symbol
    """,
    "index_error": """
        IndexError: list index out of range
    """,
    "syntax_error": """
        SyntaxError: invalid syntax
        main.c:4:5: error: expected ';' before '}' token
    """,
    "compile_error": """
        src/a.cpp:12:3: error: no matching function for call to 'f(int)'
    """,
    "assertion": """
        AssertionError: 3 != 4
        AssertionError: expected 3 but got 4
    """,
    "test_failure": """
        --- FAIL: TestAdd (0.00s)
    """,
    "exception": """
        RuntimeError: generator raised StopIteration
    """,
    "damaged_download": """
        sha256sum: WARNING: 1 computed checksum did NOT match
        curl: (18) transfer closed with 12345 bytes remaining to read
        gzip: stdin: unexpected end of file
        npm ERR! code EINTEGRITY
        sha256sum: data.tgz: FAILED
        Download incomplete: 1432 of 5678 bytes received
        http.client.IncompleteRead: IncompleteRead(1234 bytes read, 567 more expected)
        tar: Unexpected EOF in archive
        2024-01-01 (1.2 MB/s) - Connection closed at byte 1234. Retrying.
        model.bin: short read, 1234 of 5678 bytes
        E: Failed to fetch http://x/y.deb  Hash Sum mismatch
        no checksum for model.bin, not verified
        End-of-central-directory signature not found.  Either this file is not a zipfile, or it constitutes one disk of a multi-part archive.
        zipfile.BadZipFile: File is not a zip file
        THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
        xz: data.xz: Compressed data is corrupt
        fetch of index.db stopped at 62 %, partial file kept
        warning: transfer of dump.sql interrupted, using what is there
        error: RPC failed; curl 18 transfer closed with outstanding read data remaining
        fatal: early EOF
    """,
    "encoding_error": """
        UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9 in position 3
        bash: warning: setlocale: LC_ALL: cannot change locale (de_DE.UTF-8)
        LANG is unset, assuming POSIX
        perl: warning: Setting locale failed.
        dropped 14 non-ASCII characters from names.txt
        file names.txt: invalid UTF-8 sequence at byte 312, replaced with ?
        iconv: illegal input sequence at position 12
        default charset US-ASCII used for reading
        detected encoding cp1252 for users.csv (confidence 0.31)
        javac: unmappable character (0xC3) for encoding US-ASCII
    """,
    "number_format": """
        rounded to 2 decimals using half-even
        could not convert string to float: '1,5'
        value '3,14' read as 314
        treating ',' as thousands separator in prices.csv
        amount 12,50 interpreted as 1250
        rounding 3.14159 to 3
        RuntimeWarning: loss of precision when casting float64 to int32
    """,
    "schema_mismatch": """
        sqlite3.OperationalError: no such table: users
        You have 3 unapplied migration(s).
        django.db.utils.ProgrammingError: relation "app_user" does not exist
        alembic: Target database is not up to date.
        database is at version 12, head is 15
        migration 0042_add_index not run (dry run)
        sqlite3.OperationalError: no such column: price_cents
        No migrations to apply.
        flyway: 2 migrations ignored (out of order)
    """,
    "constraint_violation": """
        psycopg2.errors.UniqueViolation: duplicate key value violates unique constraint "u"
    """,
    "parse_error": """
        json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)
    """,
    "data_shape": """
        treating first row as header
        skipping first line of prices.csv
        header row counted as data
        1001 lines read, 1 header line included in the count
        no header found in x.csv, columns named 0..7
        first record used as column names
        dropping row 0 (assumed header)
        read_csv: skiprows=1, 999 rows
    """,
    "truncated_data": """
        output truncated to 65536 bytes
        pandas: only the first 1000 rows were read
        limit of 1000 rows reached, rest discarded
        showing first 100 of 12345 results
        line 12 too long, cut at 4096 characters
        response has more pages (next_page=2), not followed
        stopped after 500 records
        Warning: Data truncated for column 'name' at row 3
        _csv.Error: field larger than field limit (131072)
        buffer full, 124 events dropped
        export capped at 10000 rows
    """,
    "key_error": """
        KeyError: 'price'
    """,
    "value_error": """
        ValueError: invalid literal for int() with base 10: 'x'
    """,
    "variable_unset": """
        ./x.sh: line 3: DB_URL: unbound variable
        WARN[0000] The "API_KEY" variable is not set. Defaulting to a blank string.
        DB_HOST is empty, using localhost
        Missing required environment variable: API_TOKEN
        ./x.sh: line 3: OUT_DIR: parameter null or not set
        environment variable HOME_DIR undefined
        SECRET_KEY not set; generating a random one
        $DATA_DIR is unset, writing to /
        KeyError: 'DATABASE_URL'
    """,
    "stale_cache": """
        using stale entry from build cache (3 days old)
        served from cache (age 12 d)
        using previous build artefacts in target/
        fingerprint unchanged, skipping rebuild
        HTTP 304 Not Modified, keeping local copy from March
        loading compiled template from cache, source is newer
        reusing result of earlier run
    """,
    "config_ignored": """
        config file /etc/app.toml not found, using defaults
        using fallback config /etc/x
        Using default settings (settings.json missing)
        profile 'prod' not found, using 'dev'
        environment override ignored: APP_MODE
        unknown configuration key: server.prot
        loading /usr/lib/app/default.cfg since ~/.apprc is unreadable
    """,
    "nothing_matched": """
        0 rows imported
        no files matched pattern data/*.csv
        collected 0 items
        ls: cannot access '/data/*.csv': No such file or directory
        zsh: no matches found: *.csv
        pattern 'logs/**/*.gz' matched no files
        0 input files
        Found 0 files in /data/in
        nothing to import from inbox/
        glob /data/*.json expanded to an empty list
        loaded 0 records from 0 files
        warning: no input files
        cp: cannot stat '/x/*.txt': No such file or directory
    """,
    "work_skipped": """
        skipping: unsupported feature
    """,
    "none": """
        Found 0 errors in 12 files
        added 12 packages, found 0 vulnerabilities
        total 48
    """,
    "unknown": """
        make: *** [Makefile:12: build] Error 2
        ERROR: Failed building wheel for foo
    """,
}


@pytest.mark.parametrize(
    ("mechanism", "line"),
    [(word, line.strip()) for word, text in LINES.items() for line in text.strip().split("\n")],
)
def test_a_line_tells_of_its_mechanism(mechanism: str, line: str) -> None:
    found = match(line)
    if mechanism == NONE:
        assert found is None or found.weight < STANDS_OUT
        return
    assert found is not None and found.mechanism == mechanism
    assert may_match(fine(line))


def test_every_row_has_a_word_of_the_vocabulary_and_every_word_a_row() -> None:
    rows = {row.mechanism for row in ROWS}
    assert rows <= set(MECHANISMS)
    # these two are recognised by the call, not by its output
    assert set(MECHANISMS) - rows == {NONE, UNKNOWN, NOT_A_COMMAND, "destructive_edit"}


@pytest.mark.parametrize(
    "line",
    [
        "0 errors, 0 warnings",
        "npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported",
        "gcc -Werror -c a.c",
        "no conflicts in 12 files",
        "drwxr-xr-x 2 root root 4096 Jan  1 00:00 lib",
        "Found 0 errors in 3 files",
    ],
)
def test_what_says_that_all_is_well_tells_nothing(line: str) -> None:
    found = match(line)
    assert found is None or found.weight < 0


@pytest.mark.parametrize(
    "line",
    [
        "certificate of db.internal is valid until 2031-01-01",
        "port 8080 is free",
        "lock on orders acquired in 2 ms",
    ],
)
def test_a_calm_line_does_not_stand_out(line: str) -> None:
    found = match(line)
    assert found is None or not may_match(fine(line)) or found.weight < STANDS_OUT


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "2026-01-01 10:00:01,123 INFO ",
        "[10:00:01] [debug] ",
        'time=2026-01-01T10:00:01Z level=warning msg="',
        "WARNING:app:",
    ],
)
def test_what_a_logger_puts_before_a_message_changes_nothing(prefix: str) -> None:
    found = match(f"{prefix}bind() failed: address already in use")
    assert found is not None and found.mechanism == "port_in_use"
    assert found.start >= len(prefix)


def test_a_summary_yields_to_what_is_definite() -> None:
    summary = match("make: *** [makefile:3: all] error 2")
    assert summary is not None and summary.mechanism == UNKNOWN and summary.weight < 1
    definite = match("make: *** no targets specified and no makefile found.  stop.")
    assert definite is not None and definite.mechanism == "wrong_directory"


HOSTILE = [
    ("error ", ""),
    ("a/", "failed"),
    ("(", " not found"),
    ("x_", " is not set"),
    (" ", "x"),
    ("1:", ""),
    ("a.", "error"),
]


def hostile(unit: str, end: str, length: int) -> str:
    return (unit * length)[: length - len(end)] + end


def seconds(line: str) -> float:
    """CPU time of one match that is not in the cache, the least of several."""
    took = []
    for _ in range(7):
        match.cache_clear()
        began = time.process_time()
        match(line)
        took.append(time.process_time() - began)
    return min(took)


@pytest.mark.parametrize(("unit", "end"), HOSTILE)
def test_a_hostile_line_costs_about_its_length(unit: str, end: str) -> None:
    """Eight times the length costs 8 times as much; with one quantifier inside of another 64 times, or years."""
    assert seconds(hostile(unit, end, LONGEST)) < 40 * seconds(hostile(unit, end, LONGEST // 8))


@pytest.mark.parametrize(("unit", "end"), HOSTILE)
def test_only_the_beginning_of_a_long_line_is_read(unit: str, end: str) -> None:
    line = hostile(unit, "", LONGEST)
    assert match(line + unit * 2_000 + end) == match(line)
