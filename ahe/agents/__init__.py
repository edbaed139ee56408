"""The one place that plays an agent, and the forms that models too small for an agent fill in instead."""
