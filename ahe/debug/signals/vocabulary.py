"""Endings that decide where a failure is reported, and how tables of words are written.

docs/debugger.md lists all words of signatures.
"""

import re
from typing import Final

NOT_THE_AGENT: Final = {
    "not_started": "the agent was never installed, or never started",
    "endpoint_refused": "the model's endpoint refused, failed or was out of quota",
    "broken": "the environment or the verifier broke under it",
    "context_overflow": "the conversation no longer fitted the model's window",
    "out_of_time": "stopped at the limit of time",
}
"""Endings that are not the agent's doing, with their meaning, in the order in which a report shows them."""
NOTHING_DONE: Final = ("not_started", "endpoint_refused", "broken")
"""Those after which the verifier's words say nothing about the agent: the signature's cause is `infrastructure`."""
THE_HARNESS: Final = {
    "crashed": "the harness's own code failed",
    "bad_request": "the endpoint rejected what the harness sent",
}
"""Endings of a fault in the harness's own code, which an evolver has to repair: the signature's cause is `harness`."""


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final = names(
    """
    verifier_error too_slow build_error damaged_input repository_state service_down leftover missing_output wrong_value
    code_error no_verdict infrastructure harness flaky unknown

    answered answered_after_error gave_up asked_back no_action looping malformed_call out_of_turns out_of_time
    out_of_tokens context_overflow not_started endpoint_refused bad_request crashed broken interrupted

    shell_syntax command_not_found edit_refused disk_full out_of_memory crash command_timeout interactive_prompt in_use
    missing_dependency version_conflict git_state network_error auth_failed permission_denied no_such_path compile_error
    test_failure exception usage_error none
    """
)
"""All words of signatures: causes, endings, mechanisms. Plays name them."""


def table(text: str, flags: int = 0) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The words and patterns of a text with a word and a pattern in each line."""
    rows = (line.split(maxsplit=1) for line in text.strip().splitlines())
    return tuple((word, re.compile(pattern, flags)) for word, pattern in rows)
