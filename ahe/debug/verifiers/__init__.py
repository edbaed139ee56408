"""What a verifier printed → the failed tests, and the decisive line of each."""
