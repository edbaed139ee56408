"""Which lines and steps of a rollout tell why it failed."""
