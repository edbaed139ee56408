#!/bin/bash
set -eu
python3 - <<'END'
p = "duration.py"
s = open(p).read()
s = s.replace("* UNITS[char]\n", '* UNITS[char]\n            number = ""\n')
open(p, "w").write(s)
END
