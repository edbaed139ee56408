"""One debugger agent per task: it reads all rollouts side by side and answers with checked citations."""
