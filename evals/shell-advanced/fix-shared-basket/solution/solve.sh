#!/bin/bash
set -eu
python3 - <<'END'
p = "basket.py"
s = open(p).read()
s = s.replace("basket=[]", "basket=None")
s = s.replace("    for _ in range(count)", "    if basket is None:\n        basket = []\n    for _ in range(count)")
open(p, "w").write(s)
END
