"""Which acts of a rollout decided it, and where a failing and a passing one part."""
