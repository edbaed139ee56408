#!/bin/bash
# Adds up the numbers of ./parts.txt and writes the sum to ./result.txt.
set -eu
sum=0
while read -r name count; do
    sum=$((sum + count))
done < parts.txt
echo "$sum parts" > result.txt
