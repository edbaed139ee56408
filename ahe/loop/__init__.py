"""The loop: measure, explain, edit, measure again, keep or revert; and the workspace state that it reads from git."""
