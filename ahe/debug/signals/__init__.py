"""What a rollout shows: how it ended, the verifier's cause, the lines of its output and what they say."""
