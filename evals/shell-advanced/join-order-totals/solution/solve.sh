#!/bin/bash
set -eu
awk -F, 'FNR == 1 { next }
NR == FNR { name[$1] = $2; next }
{ sum[$2] += $3 }
END { for (id in sum) printf "%s,%.2f\n", name[id], sum[id] }' customers.csv orders.csv | sort -t, -k2,2 -nr > totals.csv
