"""The agent loop on the host, and the box that serves a harness's templates, tools and middleware."""
