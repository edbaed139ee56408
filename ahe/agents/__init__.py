"""The one place that runs an agent, and the one where somebody hands something in, is checked and is asked again."""
