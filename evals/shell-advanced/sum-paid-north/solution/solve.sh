#!/bin/bash
set -eu
awk -F, '$2 == "north" && $3 == "paid" { s += $4 } END { printf "%.2f\n", s }' invoices.csv > total.txt
