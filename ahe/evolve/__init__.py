"""From evidence to commits: the evolver, as an agent or as a form, and the draft where its changes are checked."""
