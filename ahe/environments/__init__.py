"""Where a task's commands run: in bubblewrap, in Docker, or without a sandbox. `ahe.testing` holds their suite."""
