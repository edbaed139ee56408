"""A benchmark of known answers for the whole loop: planted flaws, edits of known effect, edits that do nothing."""
