"""From evidence to commits: the evolver, as an agent or a form, and the draft where its changes are checked."""
