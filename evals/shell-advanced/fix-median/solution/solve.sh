#!/bin/bash
set -eu
python3 - <<'END'
p = "stats.py"
s = open(p).read()
s = s.replace("    return ordered[middle]\n", '''    if len(ordered) % 2 == 0:
        return (ordered[middle - 1] + ordered[middle]) / 2
    return ordered[middle]
''')
open(p, "w").write(s)
END
