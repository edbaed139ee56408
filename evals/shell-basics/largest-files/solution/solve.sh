#!/bin/bash
set -e
cd /app/data
find . -type f -printf '%s %P\n' | sort -rn | head -n 4 > /app/largest.txt
