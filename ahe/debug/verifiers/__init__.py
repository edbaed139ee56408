"""What a verifier printed → the tests that failed, and the line of each that decides."""
