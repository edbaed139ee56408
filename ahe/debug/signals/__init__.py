"""What kind of failure a rollout is, in controlled words, and clusters of equal ones."""
