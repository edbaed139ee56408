#!/bin/bash
set -eu
python3 - <<'END'
import csv, json
with open("inventory.csv", newline="") as f:
    rows = list(csv.DictReader(f))
for r in rows:
    r["qty"] = int(r["qty"])
    r["price"] = float(r["price"])
with open("inventory.json", "w") as f:
    json.dump(rows, f, indent=2)
END
