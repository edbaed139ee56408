"""What lines of output say went wrong: tables of patterns, and the matcher over them.

The tables are data. A row has a mechanism of the vocabulary, how much such a line tells (0 to 3), words of
which a line must hold one before the pattern is tried, and the pattern, over the line in lower case. The
first row that matches names the line, so what is special stands before what is general.
"""
