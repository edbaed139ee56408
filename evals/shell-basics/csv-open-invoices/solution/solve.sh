#!/bin/bash
set -e
awk -F, '$2 == "open"' /app/invoices.csv > /app/open.csv
