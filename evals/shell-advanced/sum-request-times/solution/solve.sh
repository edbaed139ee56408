#!/bin/bash
set -e
awk '$4 == 200 { total[$3] += $5 } END { for (p in total) print p, total[p] }' /app/timing_log | sort -k2,2nr > /app/totals.txt
