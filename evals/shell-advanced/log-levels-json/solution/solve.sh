#!/bin/bash
set -eu
python3 - <<'END'
import json
counts = {}
for line in open("app.log"):
    level = line.split()[2].strip("[]")
    counts[level] = counts.get(level, 0) + 1
json.dump(counts, open("levels.json", "w"))
END
