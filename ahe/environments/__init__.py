"""Where a task's commands run: bubblewrap, Docker, and one conformance suite that both pass."""
