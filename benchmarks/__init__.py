"""Programs that print the figures that the documents state."""
