"""Agent traces made up from a seed, in the layout of our own trials, with planted causes and their truth.

`corpus.write` is the entry. Background (shell sessions, installs with progress bars, builds, tests, stack traces,
logs, dumps) comes from `shell`, `installs`, `builds`, `suites`, `stacks`, `logs` and `project`; what a debugger has to
find comes from `loud` and `quiet`, in two halves of wordings: even seeds use one, odd seeds the other. `calm` and
`herrings` have lines that must not mislead it; `score` says how well it did.
"""
