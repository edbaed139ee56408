"""The debug report and its pages as text."""
