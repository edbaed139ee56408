"""The measurement of reading and listing tasks, on a few of them."""

from __future__ import annotations

import json

from click.testing import CliRunner

from ahe.evaluate.suite import load_suite
from benchmarks.tasks_load import main, write_tasks


def test_the_figures_are_printed():
    done = CliRunner().invoke(main, ["--tasks", "30", "--json"])
    figures = json.loads(done.stdout)
    assert figures["tasks"] == 30 and figures["seconds"] > 0 and figures["list_seconds"] > 0


def test_the_tasks_are_as_various_as_public_ones(tmp_path):
    write_tasks(tmp_path, 400)
    suite = load_suite(tmp_path)
    assert len(suite.tasks) > 380 and len(suite.left_out) > 0
    assert suite.unknown_keys().keys() == {"environment.setup_scripts"}
    refused = suite.refusals(allow_network=True, kind="docker")
    assert 40 < len(refused) < 120 and all("GPUs" in reason for reason in refused.values())
