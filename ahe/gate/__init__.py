"""Decides from rollouts: keep, revert, or measure more. Pure: it runs nothing and reads nothing."""
