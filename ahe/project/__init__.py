"""A project on disk: its configuration, its content, and the parts that a job needs, connected."""
