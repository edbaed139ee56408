#!/bin/bash
set -eu
awk '{ sub("ms", "", $NF); print $NF }' requests.log | sort -n | awk '{ v[NR] = $1 } END { printf "%.1f\n", (v[NR / 2] + v[NR / 2 + 1]) / 2 }' > median.txt
