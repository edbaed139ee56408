"""A project on disk: its configuration with origins, its content, and the parts that a job needs, connected."""
