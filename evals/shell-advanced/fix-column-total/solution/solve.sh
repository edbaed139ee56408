#!/bin/bash
set -eu
python3 - <<'END'
p = "total.py"
s = open(p).read()
s = s.replace('''        line = line.strip()
        if line.isdigit():
            result += int(line)
''', '''        try:
            result += float(line)
        except ValueError:
            continue
''')
open(p, "w").write(s)
END
