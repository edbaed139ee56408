#!/bin/bash
set -e
awk '$3 == "ERROR" { print $4 }' /app/app_log | sort | uniq -c | sort -rn | head -n 3 | awk '{ print $2, $1 }' > /app/top.txt
