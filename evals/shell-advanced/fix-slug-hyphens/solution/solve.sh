#!/bin/bash
set -eu
python3 - <<'END'
p = "slug.py"
s = open(p).read()
s = s.replace("        else:\n", '        elif not out.endswith("-"):\n')
s = s.replace("    return out\n", '    return out.strip("-")\n')
open(p, "w").write(s)
END
