"""Decides from rollouts: keep, revert, or measure more. Each policy is one method in one short file."""
