"""From raw traces to a debug report.

The folders import in one direction: readers → clean → verifiers → signals → rank → report → ask. The files here use
them: `study` for the tasks, `debugger` for the report, with or without a model.
"""
