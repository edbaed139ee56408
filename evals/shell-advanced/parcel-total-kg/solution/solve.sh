#!/bin/bash
set -eu
awk -F, 'NR > 1 && $3 == "g" { s += $2 / 1000 } $3 == "kg" { s += $2 } $3 == "lb" { s += $2 * 0.4536 } END { printf "%.2f\n", s }' parcels.csv > total_kg.txt
