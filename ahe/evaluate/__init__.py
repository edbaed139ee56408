"""Tasks, trials, and the store from which finished trials are read instead of run again."""
