"""The loop: measure, explain, edit, measure again, keep or revert; and what it reads off the workspace."""
