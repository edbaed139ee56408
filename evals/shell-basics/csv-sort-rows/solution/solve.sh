#!/bin/bash
set -e
tail -n +2 /app/orders.csv | sort > /app/rows.csv
