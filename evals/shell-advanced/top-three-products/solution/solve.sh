#!/bin/bash
set -eu
awk -F, 'NR > 1 { u[$2] += $3 } END { for (p in u) print p, u[p] }' sales.csv | sort -k2,2nr | head -n 3 > top3.txt
