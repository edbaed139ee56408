#!/bin/bash
set -eu
tail -n +2 jobs.csv | awk -F'[,:]' '{
    n[$1]++
    s[$1] += ($5 * 3600 + $6 * 60 + $7) - ($2 * 3600 + $3 * 60 + $4)
}
END { for (j in n) printf "%s %d\n", j, s[j] / n[j] }' | sort > averages.txt
