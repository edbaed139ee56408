"""The one place that runs an agent, and the forms that models too small for an agent fill in instead."""
