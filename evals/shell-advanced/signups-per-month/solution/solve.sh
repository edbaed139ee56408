#!/bin/bash
set -eu
tail -n +2 signups.csv | awk -F'[,.]' '{ n[$4 "-" $3]++ } END { for (m in n) print m, n[m] }' | sort > months.txt
