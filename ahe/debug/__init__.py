"""From raw traces to a debug report: clean, sign, report."""
