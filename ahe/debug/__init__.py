"""From raw traces to a debug report.

The folders import in one direction: readers → clean → verifiers → signals → rank → report → ask, and the files here
(`study` one task, `pipeline` all of them, `debugger` with a model) put them together.
"""
