"""Names what went wrong from lines of output: tables of patterns, and the matcher over them.

A row has a mechanism of the vocabulary, a weight (0 to 3), trigger words, and a pattern that is matched against the
line in lower case. The pattern is tried only if the line contains a trigger word. The first row that matches names
the line, so special rows come before general ones.
"""
