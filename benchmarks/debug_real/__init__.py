"""Labelled traces of real shapes, and how well the debug report explains them. See `__main__` for the figures."""
