"""What a rollout shows: how it ended, the verifier's cause, and the mechanisms that its output lines name."""
