"""The controlled vocabularies of signatures. Each word stands here once, with what it means."""

from __future__ import annotations

from typing import Final, Literal

from ahe.records import Signature

UNKNOWN: Final = "unknown"
NONE: Final = "none"
FLAKY: Final = "flaky"
INFRASTRUCTURE: Final = "infrastructure"
NO_COMMAND: Final = "not_a_command"

CAUSES: Final[dict[str, str]] = {
    "missing_output": "something that the task asked for is not there",
    "empty_output": "it is there and empty",
    "leftover": "something is still there that should be gone, or was added without being asked for",
    "wrong_value": "the content, result or order differs from what was expected",
    "wrong_format": "it cannot be read, or has not the form that was asked for",
    "wrong_mode": "owner, mode or type of a file is wrong",
    "wrong_exit": "a program ended with another exit code than it should",
    "damaged_input": "something that had to stay as it was has been changed or deleted",
    "service_down": "nothing listens or answers, or it answers with an error",
    "repository_state": "a commit, branch, tag or working tree of a repository is not as asked for",
    "test_timeout": "the check, or what it called, did not end in time",
    "too_slow": "it works and misses a limit of time, size or quality",
    "import_error": "the code under test, or something it needs, cannot be imported",
    "build_error": "the code under test does not compile, build or install",
    "code_error": "the code under test raised, crashed or has no such function",
    "permission": "the check was not allowed to read or run what it needed",
    "verifier_error": "the verifier itself broke before it judged",
    "no_verdict": "the verifier left nothing that says why",
    FLAKY: "the same actions passed in another rollout of the task",
    INFRASTRUCTURE: "endpoint, sandbox or host broke; not the agent's doing",
    UNKNOWN: "none of these",
}

STATUSES: Final[dict[str, str]] = {
    "answered": "it said that it was done",
    "answered_after_error": "it said so although its last command had failed",
    "gave_up": "it said that it could not do it",
    "asked_back": "it ended with a question to the user",
    "no_action": "it ended without a single call",
    "looping": "it did or met the same again and again until it was stopped",
    "malformed_call": "its last replies were calls that could not be read",
    "out_of_turns": "stopped at the limit of turns",
    "out_of_time": "stopped at the limit of time",
    "out_of_tokens": "stopped at the limit of tokens or money",
    "context_overflow": "the conversation no longer fitted the model's window",
    "bad_request": "the endpoint rejected what the harness sent",
    "crashed": "the harness's own code failed",
    "broken": "the infrastructure failed under it",
    "interrupted": "somebody or something stopped it",
    UNKNOWN: "the record does not say how it ended",
}

MECHANISMS: Final[dict[str, str]] = {
    "command_not_found": "a program that was called is not there",
    NO_COMMAND: "prose, a bare value or a code fence was run as a command",
    "quoting_error": "a quote was left open or took the wrong text",
    "shell_syntax": "the shell could not read the command",
    "usage_error": "a program was called with options or arguments it does not take",
    "line_endings": "carriage returns where plain newlines belong, or the reverse",
    "wrong_architecture": "a binary or image made for another platform",
    "no_such_path": "a file or folder is not where it was looked for",
    "wrong_directory": "something ran in, read from or wrote to another folder than was meant",
    "nothing_matched": "a pattern, query or selection matched nothing, and it went on",
    "broken_link": "a symbolic link leads nowhere or in a circle",
    "already_exists": "something is there already",
    "permission_denied": "owner, mode or privileges forbid it",
    "read_only": "the place cannot be written to",
    "disk_full": "no space or no quota left",
    "resource_limit": "too many files, processes, connections or the like",
    "out_of_memory": "memory ran out",
    "lock_held": "another process holds a lock, or a stale one is left",
    "killed": "a process was ended by a signal",
    "crash": "a program crashed: segmentation fault, abort, stack overflow",
    "command_timeout": "a command took longer than it may",
    "interactive_prompt": "a program waited for input that nobody gives",
    "destructive_edit": "a command destroyed or overwrote what was needed",
    "missing_library": "a shared library, header or symbol version is not there",
    "missing_dependency": "a package or module is not installed",
    "dependency_conflict": "packages, or pins of them, exclude each other",
    "version_mismatch": "an interpreter, tool, format or package has another version than is needed",
    "wrong_resolution": "another file or program of the same name was taken than was meant",
    "syntax_error": "code that does not parse",
    "type_error": "a value of the wrong type",
    "name_error": "a name that is not defined",
    "attribute_error": "a member, method or field that does not exist",
    "null_value": "nothing where a value was needed",
    "key_error": "a key, column or field that does not exist",
    "index_error": "an index out of range",
    "value_error": "a value that is not allowed",
    "compile_error": "the compiler refused the code",
    "link_error": "the linker found a symbol missing or twice",
    "exception": "an error of the program's own that fits no other word",
    "assertion": "an assertion did not hold",
    "test_failure": "a test of the project's own failed",
    "parse_error": "data or a file that cannot be parsed",
    "encoding_error": "text in another encoding, or a locale that is not there",
    "number_format": "decimal signs, rounding or precision",
    "data_shape": "rows, columns or a header counted or cut wrongly",
    "truncated_data": "data was cut off, capped or only partly kept",
    "damaged_download": "a download or archive is partial, or fails its checksum or signature",
    "constraint_violation": "a database refused a row",
    "schema_mismatch": "a table, column or migration is missing or out of step",
    "database_error": "a database refused a statement or a connection's role",
    "config_ignored": "a configuration was not found, not read, overridden, or replaced by defaults",
    "variable_unset": "an environment variable or parameter is not set",
    "stale_cache": "an old copy was used in place of the current one",
    "work_skipped": "a part was skipped, ignored, disabled or dropped without failing",
    "port_in_use": "another process has the port",
    "connection_refused": "nothing accepts the connection",
    "dns_failure": "a name could not be resolved",
    "network_error": "a connection broke, timed out or is not allowed",
    "certificate": "a certificate or handshake was refused",
    "clock_skew": "clock, date or time zone is off",
    "auth_failed": "credentials were missing, expired or refused",
    "rate_limit": "too many requests",
    "http_error": "a server answered with an error",
    "service_not_running": "a service, daemon or container is not up",
    "missing_device": "a device or accelerator is not there",
    "git_conflict": "changes that git could not put together",
    "git_state": "a repository that is not in the state the command needs",
    NONE: "every command succeeded and nothing stands out",
    UNKNOWN: "something stands out that fits no word",
}

Kind = Literal["failure", "flaky", "infrastructure"]


def kind(signature: Signature) -> Kind:
    """Whether a cluster is of failures that the agent made, of flaky tasks, or of a broken machine."""
    if signature.cause == FLAKY:
        return "flaky"
    return "infrastructure" if signature.cause == INFRASTRUCTURE else "failure"
