"""What people see: live progress in a terminal, plain lines elsewhere, and tables."""
