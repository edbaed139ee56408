"""What the agent and its prompts say."""

from __future__ import annotations

SYSTEM = (
    "You solve tasks in a Linux shell. Look first, then act, then check the result.\n"
    "When the task is done, reply with one short sentence and no command."
)
SLIPS = (
    "A slip of mine; it does not matter here.",
    "Never mind, that was not needed.",
    "Wrong command. I look again.",
    "I mistyped that. On with it.",
)
MENDS = (
    "That would spoil the {noun}, so I put it right before I go on.",
    "I should deal with that first.",
    "That one matters. Let me set it up as {function} needs it.",
    "Before anything else I fix what the output shows there.",
)
THOUGHTS = (
    "Let me look at {path} first.",
    "The {part} code is in {path}. I check how it is called.",
    "Next I look at what {function} does with an empty {part}.",
    "I need to know how the {noun} is built before I change anything.",
    "That worked. Now the {part}s.",
    "Let me run it and see.",
    "I check the state of the repository.",
    "Before I go on, let me see the data that {function} reads.",
    "The {stem} module seems to be what matters here, so I read it again.",
    "Good. One more look at the {stem} and then I run everything.",
    "I want to see the whole output this time.",
    "Let me verify that nothing else depends on {path}.",
)
