"""What runs inside a sandbox: standard library only, sent through a pipe, never written to a file in there."""
