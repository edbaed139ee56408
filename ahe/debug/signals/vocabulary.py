"""The controlled vocabularies of signatures: each word with its meaning. Plays name them, so they stay."""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "unknown"
NONE: Final = "none"
FLAKY: Final = "flaky"
INFRASTRUCTURE: Final = "infrastructure"
HARNESS: Final = "harness"
NOT_A_COMMAND: Final = "not_a_command"

CAUSES: Final[dict[str, str]] = {
    "missing_output": "something that the task asked for does not exist",
    "empty_output": "it exists but is empty",
    "leftover": "something still exists that should be gone, or was added without being asked for",
    "wrong_value": "the content, result or order differs from what was expected",
    "wrong_format": "it cannot be read, or does not have the requested form",
    "wrong_mode": "owner, mode or type of a file is wrong",
    "wrong_exit": "a program ended with the wrong exit code",
    "damaged_input": "something that had to stay unchanged was changed or deleted",
    "service_down": "nothing listens or answers, or it answers with an error",
    "repository_state": "a commit, branch, tag or working tree of a repository is not as requested",
    "test_timeout": "the check, or a program that it called, did not end in time",
    "too_slow": "it works but misses a limit of time, size or quality",
    "import_error": "the code under test, or something it needs, cannot be imported",
    "build_error": "the code under test does not compile, build or install",
    "code_error": "the code under test raised, crashed or has no such function",
    "permission": "the check was not allowed to read or run what it needed",
    "verifier_error": "the verifier itself failed before it reached a verdict",
    "no_verdict": "the verifier left nothing that says why",
    FLAKY: "the same actions passed in another rollout of the task",
    INFRASTRUCTURE: "installation, endpoint, sandbox or host failed; not the agent's fault",
    HARNESS: "the harness's own code crashed, or sent a request that was refused: repair the harness",
    UNKNOWN: "none of these",
}

ENDINGS: Final[dict[str, str]] = {
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
    "not_started": "the agent was never installed, or never started",
    "endpoint_refused": "the model's endpoint refused, failed or was out of quota",
    "bad_request": "the endpoint rejected what the harness sent",
    "crashed": "the harness's own code failed",
    "broken": "the environment or the verifier broke under it",
    "interrupted": "somebody or something stopped it",
    UNKNOWN: "the record does not say how it ended",
}

NOT_THE_AGENT: Final = (
    "not_started",
    "endpoint_refused",
    "broken",
    "context_overflow",
    "out_of_time",
)
"""Endings that are not the agent's doing, in the order in which a report shows them."""

NOTHING_DONE: Final = NOT_THE_AGENT[:3]
"""Those after which the verifier's words say nothing about the agent: the signature's cause is `infrastructure`."""

THE_HARNESS: Final = ("crashed", "bad_request")
"""Endings of a fault in the harness's own code, which an evolver has to repair: the signature's cause is `harness`."""

MECHANISMS: Final[dict[str, str]] = {
    "command_not_found": "a program that was called is not installed",
    NOT_A_COMMAND: "prose, a bare value or a code fence was run as a command",
    "shell_syntax": "the shell could not parse the command, for example an open quote",
    "usage_error": "a program was called with options or arguments that it does not accept",
    "edit_refused": "an edit did not apply: the text to replace was not found, or not unique",
    "no_such_path": "a file or folder that a program needs does not exist",
    "permission_denied": "owner, mode or privileges forbid it",
    "read_only": "the place cannot be written to",
    "disk_full": "no space or no quota left",
    "out_of_memory": "memory ran out",
    "crash": "a program crashed: segmentation fault, abort, stack overflow",
    "command_timeout": "a command exceeded its time limit",
    "interactive_prompt": "a program waited for input that never came",
    "lock_held": "another process holds a lock, or a stale one is left",
    "missing_library": "a shared library or header is missing",
    "missing_dependency": "a package or module is not installed, or cannot be found",
    "dependency_conflict": "packages, or their pinned versions, exclude each other",
    "version_mismatch": "an interpreter, tool or package has the wrong version",
    "syntax_error": "code that does not parse",
    "type_error": "a value of the wrong type",
    "name_error": "a name that is not defined",
    "attribute_error": "a member, method or field that does not exist",
    "key_error": "a key or an index that does not exist",
    "value_error": "a value that is not allowed",
    "exception": "an error of the program that no other word fits",
    "compile_error": "the compiler or linker refused the code",
    "assertion": "an assertion in the agent's own check did not hold",
    "test_failure": "tests that the agent ran still failed at the end",
    "parse_error": "data or a file that cannot be parsed",
    "encoding_error": "text in the wrong encoding",
    "database_error": "a database refused a statement or a row",
    "port_in_use": "another process has the port",
    "connection_refused": "nothing accepts the connection",
    "network_error": "no name resolution, a broken connection, or no network at all",
    "certificate": "a certificate or handshake was refused",
    "auth_failed": "credentials were missing, expired or refused",
    "http_error": "a server answered with an error",
    "git_conflict": "changes that git could not merge",
    "git_state": "a repository is not in the state that the command needs",
    NONE: "no line of the agent's own phase shows one that it did not recover from",
}


def table(text: str, flags: int = 0) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The words and patterns of a text with a word and a pattern in each line."""
    rows = (line.split(maxsplit=1) for line in text.strip().splitlines())
    return tuple((word, re.compile(pattern, flags)) for word, pattern in rows)
