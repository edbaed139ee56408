"""Tasks, trials, scheduling, and the store that never runs a finished trial again."""
