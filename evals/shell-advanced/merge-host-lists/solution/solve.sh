#!/bin/bash
set -e
cat /app/lists/*.txt | sed 's/[[:space:]]*$//' | grep -v '^#' | grep -v '^$' | tr 'A-Z' 'a-z' | sort -u > /app/hosts.txt
