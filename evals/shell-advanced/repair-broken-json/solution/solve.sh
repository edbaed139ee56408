#!/bin/bash
set -eu
sed -i 's/"mx3.example.org",/"mx3.example.org"/; s/"per_minute": 120$/"per_minute": 120,/' mailer.json
python3 -m json.tool mailer.json > /dev/null
