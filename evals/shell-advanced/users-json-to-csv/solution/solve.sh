#!/bin/bash
set -eu
python3 - <<'END'
import csv, json
users = json.load(open("users.json"))
with open("users.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["name", "email", "city"])
    for u in users:
        w.writerow([u["name"], u.get("email", ""), u["address"]["city"]])
END
