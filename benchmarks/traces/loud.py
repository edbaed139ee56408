"""Planted causes that look like errors where they are printed. See `kinds.py` for the fields and the halves."""

from __future__ import annotations

from benchmarks.traces.kinds import Kind

LOUD = (
    Kind(
        "missing_library",
        ("crash", "missing_output"),
        "error",
        (
            "sh|./bin/{tool}: error while loading shared libraries: {lib}: cannot open shared object file: "
            "No such file or directory",
            "run|ImportError: {lib}: cannot open shared object file: No such file or directory",
            "run|{lib} not found on the loader path, {module} runs without it",
            "make|/usr/bin/ld: cannot find -l{short}: No such file or directory",
        ),
        (
            "run|System.DllNotFoundException: Unable to load shared library '{lib}' or one of its dependencies",
            "run|java.lang.UnsatisfiedLinkError: no {short} in java.library.path: /usr/java/packages/lib:/usr/lib64",
            "sh|        {lib} => not found",
            'log|dlopen("{lib}") gave NULL, plugin {module} not available',
        ),
    ),
    Kind(
        "port_taken",
        ("service_down", "wrong_value"),
        "error",
        (
            "run|OSError: [Errno 98] Address already in use: ('0.0.0.0', {port})",
            "run|Error: listen EADDRINUSE: address already in use :::{port}",
            "log|port {port} is busy, trying {port2}",
            "log|bind() to 0.0.0.0:{port} failed (98: Address already in use)",
        ),
        (
            "run|listen tcp :{port}: bind: address already in use",
            "log|Web server failed to start. Port {port} was already in use.",
            "run|Port {port} is in use by another program (pid {pid}); serving on {port2}",
            'log|could not bind IPv4 address "0.0.0.0": {port} is taken by process {pid}',
        ),
    ),
    Kind(
        "disk_full",
        ("missing_output", "wrong_count"),
        "error",
        (
            "run|OSError: [Errno 28] No space left on device: '{path}'",
            "sh|cp: error writing '{path}': No space left on device",
            "log|quota of {user} exceeded, last {n} blocks of {file} not written",
            "sh|tar: {path}: Cannot write: Disk quota exceeded",
        ),
        (
            "run|Error: ENOSPC: no space left on device, write '{path}'",
            "log|/dev/vda1 is at 100 %, {n} kB short for {path}",
            "sh|error: file write error: {path}: Out of diskspace",
            'sh|rsync: write failed on "{path}": Disk quota exceeded (122)',
        ),
    ),
    Kind(
        "clock_or_certificate",
        ("missing_output", "service_down"),
        "error",
        (
            "sh|curl: (60) SSL certificate problem: certificate is not yet valid: {host}/{file}",
            "make|make: Warning: File '{file}' has modification time {n} s in the future",
            "apt|E: Release file for http://{host}/dists/stable/InRelease is not valid yet "
            "(invalid for another {old}h {k}min {cents}s). Updates for this repository will not be applied.",
            "run|x509: certificate of {host} has expired or is not yet valid: {date} is before {date2}",
        ),
        (
            "log|certificate of {host} starts on {date2}, today is {date}",
            "log|local clock is {n} s ahead of {host}, not stepping",
            "run|token rejected by {host}: iat is {n} seconds in the future",
            "run|javax.net.ssl.SSLHandshakeException: {host}: java.security.cert.CertificateNotYetValidException: "
            "NotBefore: {date2}",
        ),
    ),
    Kind(
        "version_conflict",
        ("crash", "wrong_value"),
        "error",
        (
            "pip|ERROR: {pkg} {ver} has requirement {pkg2}<{ver2}, but you'll have {pkg2} {ver3} which is "
            "incompatible.",
            'npm|npm ERR! Could not resolve dependency: peer {pkg}@"^{ver}" from {pkg2}@{ver2}',
            "pip|found {pkg} {ver} pinned by {pkg2}, not upgrading",
            'cargo|error: failed to select a version for {pkg}: {pkg2} v{ver} requires {pkg} = "={ver2}"',
        ),
        (
            "pip|{pkg2} {ver2} depends on {pkg}>={ver}; resolved to {ver3} because of constraints.txt",
            "go|go: {pkg}@v{ver} requires {pkg2}@v{ver2}, but v{ver3} is selected",
            "pip|cannot satisfy {pkg}=={ver} together with {pkg2}=={ver2}, keeping {ver3}",
            "apt| {pkg} : Depends: {pkg2} (>= {ver2}) but {ver3} is to be installed",
        ),
    ),
    Kind(
        "directory_permission",
        ("missing_output", "crash"),
        "error",
        (
            "run|PermissionError: [Errno 13] Permission denied: '{path}'",
            "sh|mkdir: cannot create directory '{dir}': Permission denied",
            "log|{dir} is not writable, writing to /tmp/{name}-{n}",
            "run|Error: EACCES: permission denied, open '{path}'",
        ),
        (
            "sh|touch: cannot touch '{path}': Operation not permitted",
            "run|open {path}: permission denied",
            "run|java.nio.file.AccessDeniedException: {path}",
            "log|insufficient privileges on {dir} (drwxr-x--- root root), results stay in memory",
        ),
    ),
    Kind(
        "lock_held",
        ("wrong_count", "missing_output"),
        "warn",
        (
            "apt|E: Could not get lock {dir}/lock. It is held by process {pid} ({tool})",
            "run|sqlite3.OperationalError: database is locked: {path}",
            "log|another {tool} (pid {pid}) is running, leaving its queue alone",
            "cargo|    Blocking waiting for file lock on {path}",
        ),
        (
            "log|unable to acquire {path}.lck within {n} s, continuing read-only",
            "sh|fatal: Unable to create '{path}.lock': File exists.",
            'run|could not obtain lock on relation "{table}" after {n} ms',
            "log|mutex {name} still owned by {pid} after {n} s, step not run",
        ),
    ),
    Kind(
        "bad_download",
        ("wrong_value", "crash"),
        "warn",
        (
            "pip|WARNING: {file}: expected sha256 {hash}, got {hash2}",
            "sh|curl: (18) transfer closed with {n} bytes remaining to read",
            "sh|gzip: {dir}/{file}.gz: unexpected end of file",
            "log|size {n} of {file} differs from Content-Length {m}, keeping what arrived",
        ),
        (
            "sh|{dir}/{file}: FAILED open or read, computed checksum {hash}",
            "npm|{file} incomplete: {n} of {m} bytes received",
            "run|zipfile.BadZipFile: {file} ends inside member {k}",
            "log|digest of {file} does not match the lock file ({hash} against {hash2})",
        ),
    ),
    Kind(
        "interpreter_version",
        ("crash", "wrong_value"),
        "warn",
        (
            "pip|ERROR: Package '{pkg}' requires a different Python: 3.{old}.{k} not in '>=3.{new}'",
            "npm|npm WARN EBADENGINE   required: node >={new}.{k}, current: node v{old}.{n}",
            "run|python3 is 3.{old}.{k}; {module} needs 3.{new} or later, fast path off",
            "cargo|error: package {pkg} v{ver} cannot be built because it requires rustc 1.{k}.0 or newer",
        ),
        (
            "pip|pyenv: 3.{new}.{k} not installed, using system interpreter 3.{old}.{k}",
            "go|go: go.mod requires go >= 1.{new} (running go 1.{old}.{k})",
            "run|java.lang.UnsupportedClassVersionError: {module} has been compiled by a more recent version of the "
            "Java Runtime (class file version 6{k}.0)",
            'npm|The engine "node" is incompatible with {pkg}@{ver}. Expected version ">={new}". Got "{old}.{k}"',
        ),
    ),
    Kind(
        "line_endings",
        ("crash", "wrong_value"),
        "warn",
        (
            "sh|bash: {script}: /bin/bash^M: bad interpreter: No such file or directory",
            r"sh|{script}: line {k}: $'\r': command not found",
            "sh|warning: in the working copy of '{file}', CRLF will be replaced by LF the next time Git touches it",
            "sh|{script}: ASCII text, with CRLF line terminators",
        ),
        (
            r"sh|env: 'python3\r': No such file or directory ({script})",
            r"log|{file}:{n}: trailing \r kept in field {col}",
            "sh|{file}: all {n} lines differ, DOS newlines on one side",
            r"run|could not read '{value}\r' in {file} as a number",
        ),
    ),
)
