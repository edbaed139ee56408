"""What a suite, k and a budget can show: simulated gates, detectable effects, the forecast of a run, its noise."""
