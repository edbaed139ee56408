#!/bin/bash
# usage: sum.sh FILE
# adds up the second column of FILE, without comment lines
total=0
grep -v '^#' "$1" | while read -r name amount; do
    total=$((total + amount))
done
echo "total: $total"
