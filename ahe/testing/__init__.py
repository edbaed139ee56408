"""What users need to test their own parts: the scripted model over HTTP, the conformance suite of environments."""
