"""What runs inside a sandbox: standard library only, sent through a pipe, never a file in there."""
