"""Language models: one client for every endpoint, the embedded model, and the scripted model for tests."""
