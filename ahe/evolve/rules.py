"""What a rule written by a small model must be: an instruction to the agent, general, and new.

Small models retell a rollout instead of saying what to do, name a value of one task, or repeat the prompt. Each is
refused with its reason, by these stated rules and not by another model.
"""

import re
from collections.abc import Iterable

RETOLD = re.compile(
    r"\b(?:rollouts?|trials?|failing|passing|verifier|(?:the|an?) (?:agent|model|assistant|ai)\b)",
    re.IGNORECASE,
)
"""Words of the report: who follows a rule knows no rollouts, and is not told about itself."""
REPORTED = re.compile(
    r"^(?:the|this|these|it|there|in|a|an|its|they|i|we)\b.*?\b(?:is|are|was|were|did|does|do|has|have|had|failed|ended|"
    r"used|uses|contains?|expects?|produced|returned|occurs?|caused?)\b",
    re.IGNORECASE,
)
"""A sentence that states something. An instruction begins with a verb, or with when or if."""
QUOTED = re.compile(r"`([^`\n]+)`|\"([^\"\n]+)\"|'([^'\n]{3,})'|“([^“”\n]+)”")
PATH = re.compile(r"(?<![\w.+/-])/(?:[\w.+-]++/)*+[\w.+-]*\w|(?<![\w-])[\w-]++\.(?!g\b|e\b)[a-z]{1,5}\b")
WORD = re.compile(r"[^\W_]{3,}")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
SAME = 0.8
"""The share of a sentence's words that another sentence has, from which on it repeats it."""
LEAST_WORDS = 4
LONGEST = 4_000
"""Characters of a rule that are looked at."""


def faults(text: str, instructions: Iterable[str], harness_texts: Iterable[str]) -> list[str]:
    """Why this rule is not usable, one reason each, with the fix; none if it is.

    `instructions` are those of the train tasks, `harness_texts` the prompt, the memory and the tools' descriptions.
    """
    text, found = text[:LONGEST], []
    if retold := RETOLD.search(text):
        found.append(
            f"it tells about what happened ({retold[0]!r}): write to the one who does the next task what to do"
        )
    first = SENTENCE.split(text.strip(), maxsplit=1)[0]
    if not retold and REPORTED.match(first):
        found.append("its first sentence states something: begin with a verb, or with When or Before")
    if own := of_one_task(text, instructions):
        found.append(f"it names {own!r}, which belongs to one task: say it for any task")
    if len(WORD.findall(text)) < LEAST_WORDS:
        found.append("it says too little: name the occasion and what to do")
    for sentence in SENTENCE.split("\n".join(harness_texts)):
        if repeats(text, sentence):
            found.append(f"the harness says this already: {sentence.strip()[:100]!r}")
            break
    return found


def of_one_task(text: str, instructions: Iterable[str]) -> str:
    """The first value or path in the text that stands in exactly one instruction; empty if there is none.

    A path that no instruction holds counts too, unless it is one of the system's.
    """
    every = list(instructions)
    named = [next(filter(None, groups)) for groups in QUOTED.findall(text)] + PATH.findall(text)
    for name in named:
        holders = sum(name in each for each in every)
        if holders == 1 or (
            name.startswith("/") and not name.startswith(("/tmp", "/dev", "/etc")) and holders < 2
        ):
            return str(name)
    return ""


def repeats(text: str, sentence: str) -> bool:
    """Whether nearly all words of one stand in the other."""
    one, other = ({word.lower() for word in WORD.findall(each)} for each in (text, sentence))
    if min(len(one), len(other)) < LEAST_WORDS:
        return False
    return len(one & other) >= SAME * len(one)
