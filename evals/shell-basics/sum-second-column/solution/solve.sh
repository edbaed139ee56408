#!/bin/bash
set -e
awk '{ s += $2 } END { print s }' /app/expenses.txt > /app/sum.txt
