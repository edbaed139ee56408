"""One agent or form a task reads all its rollouts side by side and explains them; its citations are checked."""
