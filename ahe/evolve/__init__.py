"""From evidence to commits: the evolver, the desk where drafts are checked, and its two modes."""
