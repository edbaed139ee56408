"""Of any trace the debugger makes facts, and whatever it cites stands in the step that it names."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from made_traces import studied

from ahe.debug.ask.citations import flat_texts
from ahe.debug.rank.decisive import find_divergence
from ahe.debug.readers.results import result
from ahe.debug.readers.trace import Step, Text, Trace, VerifierFile
from ahe.debug.signals.acts import acts

LINES = st.sampled_from(
    [
        "ls -la",
        "cat > /app/out.txt <<'EOF'",
        'echo "a\\n" | tee out.txt',
        "root@0f1e2d:/app# make",
        "> EOF",
        "ValueError: no rows",
        "bash: gti: command not found",
        "make: *** [a.o] Error 1",
        "FAILED t.py::test_a - x",
        "   12\traise KeyError",
        "\x1b[31merror\x1b[0m: é 日本",
        "50%\r100%",
        "API Error: 429 Too Many Requests",
        "[exit code 1]",
        "```bash",
        "```",
        "",
        "x" * 400,
        "\udcff odd \ud83d",
    ]
)
SAID = st.lists(LINES, max_size=5).map("\n".join)
CALL = st.one_of(
    SAID,
    st.builds(lambda text: json.dumps({"command": text, "timeout": 3}), SAID),
    st.builds(lambda text: json.dumps({"file_path": "/app/q.py", "old_string": text}), SAID),
    st.builds(lambda text: json.dumps({"command": ["bash", "-lc", text]}), SAID),
)
TOOL = st.sampled_from(["bash", "shell", "Edit", "Read", "update_plan", "str_replace_editor", ""])
TEXTS: st.SearchStrategy[Text] = st.one_of(
    st.builds(
        lambda channel, said: Text(channel, said),
        st.sampled_from(["message", "reasoning", "injected", "error"]),
        SAID,
    ),
    st.builds(lambda said, tool: Text("call", said, tool), CALL, TOOL),
    st.builds(
        lambda said, tool, failed: result(said, tool, failed=failed),
        SAID,
        TOOL,
        st.none() | st.booleans(),
    ),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["agent", "agent", "environment", "user", "system"]), st.lists(TEXTS, max_size=4)
    ),
    max_size=12,
)


def trace(steps: list[tuple[Any, list[Text]]], **fields: Any) -> Trace:
    made = (Step(number, source, tuple(texts)) for number, (source, texts) in enumerate(steps, 1))
    return Trace("a1", "t", tuple(made), **fields)


@settings(max_examples=150, deadline=None)
@given(
    STEPS,
    st.sampled_from(["failed", "missing", "unknown", "passed"]),
    st.sampled_from(["", "answered", "turns", "context", "AgentTimeoutError", "odd"]),
    SAID,
    st.booleans(),
)
def test_what_is_cited_stands_in_its_step(
    steps: list[tuple[Any, list[Text]]], status: Any, ended: str, said: str, started: bool
) -> None:
    verifier = (VerifierFile("test-stdout.txt", said),)
    made = trace(steps, status=status, ended=ended, verifier=verifier, started=started)
    facts = studied(made)
    by_id = {step.id: step for step in made.steps}
    cited = [facts.last, facts.best, *facts.ending, *(c for f in facts.findings for c in (f.citation, f.ran))]
    for citation in filter(None, cited):
        assert any(citation.words in text for text in flat_texts(by_id[citation.step])), citation
    assert (facts.signature is None) == (status == "passed")


@settings(max_examples=100, deadline=None)
@given(STEPS, STEPS)
def test_any_two_rollouts_part_at_true_places(one: list[Any], other: list[Any]) -> None:
    failing, passing = trace(one, status="failed"), trace(other, status="passed")
    found = find_divergence([("f", acts(failing))], [("p", acts(passing))])
    for side, citation in found:
        step = {step.id: step for step in (failing if side == "failing" else passing).steps}[citation.step]
        assert any(citation.words in text for text in flat_texts(step)), citation
    assert find_divergence([("f", acts(failing))], [("p", acts(failing))]) == ()
