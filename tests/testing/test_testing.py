"""What `ahe.testing` offers to users, and that it loads on first use."""

from __future__ import annotations

import json
import subprocess
import sys

import openai
import pytest
import world

import ahe.testing
from ahe.testing import Script, ScriptedServer


def test_importing_it_loads_nothing_heavy():
    code = "import ahe.testing, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=world.environment(), capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert not loaded & {"docker", "openai", "pydantic", "yaml", "jinja2"}


def test_every_name_is_there_and_no_other():
    assert all(getattr(ahe.testing, name).__name__ == name for name in ahe.testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Scripted'"):
        _ = ahe.testing.Scripted


async def test_a_scripted_server_answers_over_http():
    server = ScriptedServer(Script({"*": {"*": "Hello."}}))
    url = await server.start()
    try:
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:
            answer = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "Hi"}]
            )
        assert answer.choices[0].message.content == "Hello."
    finally:
        await server.stop()
