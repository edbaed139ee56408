#!/bin/bash
set -e
python3 -m json.tool --sort-keys /app/garden.json > /app/pretty.json
