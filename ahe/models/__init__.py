"""Language models: one client for every endpoint, the embedded model, and doubles for tests."""
