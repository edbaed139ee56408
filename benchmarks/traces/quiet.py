"""Planted causes that look harmless where they are printed. See `kinds.py` for the fields and the halves."""

from __future__ import annotations

from benchmarks.traces.kinds import Kind

QUIET = (
    Kind(
        "encoding_fallback",
        ("wrong_value", "crash"),
        "info",
        (
            "sh|bash: warning: setlocale: LC_ALL: cannot change locale ({loc}.UTF-8) for {tool}",
            "log|stdout encoding is ANSI_X3.4-1968, replacing {n} characters of {file}",
            "run|UnicodeDecodeError: 'ascii' codec can't decode byte 0xc3 in position {n}: ordinal not in range(128)",
            "log|{file}: charset not declared, reading as latin-1",
        ),
        (
            'sh|perl: warning: Falling back to the standard locale ("C") while reading {file}',
            "log|{n} rows of {file} held undecodable bytes, written as '?'",
            "run|guessed cp1252 (confidence 0.{n}) for {file}",
            "log|file.encoding=US-ASCII during export of {file}",
        ),
    ),
    Kind(
        "silent_truncation",
        ("wrong_count", "wrong_value"),
        "info",
        (
            "log|fetched {n} rows from {table} (limit reached)",
            "run|only the first {n} of {m} records were exported to {file}",
            "log|column {col} cut to {k} characters in {n} rows",
            "log|max_result_size={n} hit, remaining pages of {table} not requested",
        ),
        (
            "run|{file}: output capped at {n} entries",
            "log|stopping after {n} documents (--max-docs), {m} left",
            "run|saved page 1 of {k} to {file}",
            "log|buffer limit of {n} kB, tail of {file} dropped",
        ),
    ),
    Kind(
        "config_fallback",
        ("wrong_value", "service_down"),
        "info",
        (
            "log|no readable settings at {conf}, using built-in defaults",
            "run|ignoring unknown key '{key}' in {conf}",
            "log|section [{name}] of {conf} not recognised, skipped",
            "log|configuration: /usr/share/{tool}/default.toml ({conf} not present)",
        ),
        (
            "log|option {key} has no effect since {ver}, value {value} disregarded",
            "run|profile '{name}' is not defined in {conf}; active profile: default",
            "log|could not parse {conf} at line {n}, continuing with factory settings",
            "log|{key} missing from {conf}, assuming {value}",
        ),
    ),
    Kind(
        "stale_cache",
        ("wrong_value", "wrong_count"),
        "info",
        (
            "log|reusing cached result of {name} from {date}",
            "run|cache hit {hash} for {path} (built {k} days ago)",
            "make|make: '{name}/{file}' is up to date.",
            "pip|  Using cached {pkg}-{ver}-py3-none-any.whl (built {date})",
        ),
        (
            "run|restored {n} objects from {dir}, sources not compared",
            "log|{name}: input fingerprint unchanged, step skipped (stored {date})",
            "cargo|incremental build of {name}: {n} modules fresh, 0 dirty",
            "log|serving {file} from snapshot {hash}, age {k} h",
        ),
    ),
    Kind(
        "wrong_directory",
        ("missing_output", "wrong_value"),
        "info",
        (
            "run|writing results to {cwd}/{file} (relative to the current directory)",
            "log|working directory is {cwd}, expected {dir}",
            "run|{file} created in {cwd}",
            "log|resolved '{rel}' against {cwd}",
        ),
        (
            "sh|bash: cd: {dir}: No such file or directory; still in {cwd}",
            "run|artifacts stored under {cwd}/{rel}",
            "log|no {rel} below {cwd}, made an empty one",
            "run|--out is not absolute: {cwd}/{file}",
        ),
    ),
    Kind(
        "empty_glob",
        ("wrong_count", "missing_output"),
        "info",
        (
            "run|0 files matched {dir}/*.{ext}",
            "log|pattern '{dir}/**/*.{ext}' expanded to nothing",
            "sh|ls: cannot access '{dir}/*.{ext}': No such file or directory",
            "run|processed 0 of 0 inputs from {dir}",
        ),
        (
            "run|nothing to do for {dir}/{stem}_*.{ext}",
            "log|collected no sources under {dir} (filter {stem}*.{ext})",
            "run|no entry below {dir} ends in .{ext}",
            "run|merged 0 parts into {file}",
        ),
    ),
    Kind(
        "unset_variable",
        ("wrong_value", "service_down"),
        "info",
        (
            "log|{var} is not set, using an empty string",
            "sh|{script}: line {k}: {var}: unbound variable",
            'sh|level=warning msg="The {var} variable is not set. Defaulting to a blank string."',
            "run|os.environ has no {var}; {name} disabled",
        ),
        (
            "log|{var}=<none>, {name} integration off",
            "log|missing environment: {var} (optional), proceeding anonymously",
            "run|expanding ${{{var}}} in {conf} gave ''",
            "run|undefined {var} treated as 0",
        ),
    ),
    Kind(
        "migration_skipped",
        ("crash", "wrong_value"),
        "info",
        (
            "log|skipping migration {mig}: already marked as applied",
            "run|  No migrations to apply after {mig}.",
            "log|{mig} needs --allow-destructive, left pending",
            "log|schema of {table} is at revision {k}, code expects {n}",
        ),
        (
            "log|alembic: {mig} is not in the current branch, passed over",
            "log|Flyway: pending versions ignored (outOfOrder=false): {mig}",
            "run|ALTER of {table} deferred until the next maintenance window ({mig})",
            "log|database version {k} is older than {n}, upgrade step not run",
        ),
    ),
    Kind(
        "decimal_comma",
        ("wrong_value", "wrong_count"),
        "info",
        (
            "run|parsed '{k}.{n},{cents}' as {k}.{n}",
            "log|LC_NUMERIC={loc}: decimal separator of {csv} is ','",
            "run|column {col}: {n} values with ',' read as text",
            "log|thousands separator removed from '{n},{cents}'",
        ),
        (
            "run|{col}: '{n},{cents}' interpreted as {n}{cents}",
            "log|number format de-DE applied to {csv}",
            "run|locale aware conversion of {col}: {n},{cents} -> {n}",
            "log|{n} amounts of {csv} use a comma as decimal mark, rounded to whole units",
        ),
    ),
    Kind(
        "header_line",
        ("wrong_count", "wrong_value"),
        "info",
        (
            "run|using row {k} as header of {csv}",
            "log|first line of {csv} has no column names, treating it as data",
            "run|read {n} data rows from {csv} ({n} lines, header=None)",
            "log|column names of {csv} taken from its first record: {value}, {name}, {n}",
        ),
        (
            "run|{csv}: header=0 skiprows=1, {n} records kept",
            "log|title row counted as an observation in {csv} ({n})",
            "run|names of {csv} start at line {k}, line 1 discarded",
            "log|first entry '{value}' of {csv} consumed as heading",
        ),
    ),
)
