"""Which lines and steps of a rollout explain why it failed, best first."""
