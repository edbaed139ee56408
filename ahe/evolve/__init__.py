"""From evidence to commits: the evolver, its desk where drafts are checked and committed, and its two modes."""
