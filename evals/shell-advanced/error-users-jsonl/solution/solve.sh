#!/bin/bash
set -eu
python3 - > users.txt <<'END'
import json
events = [json.loads(line) for line in open("events.jsonl")]
for user in sorted({e["user"] for e in events if e["level"] == "error"}):
    print(user)
END
