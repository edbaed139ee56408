"""What a command asks for, from start to result: one job a module. Raised errors name the fix."""
