"""One debugger agent or form a task: it reads all rollouts side by side, and its citations are checked."""
