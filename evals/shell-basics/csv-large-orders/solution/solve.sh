#!/bin/bash
set -e
awk -F, 'NR == 1 || $3 > 100' /app/orders.csv > /app/large.csv
