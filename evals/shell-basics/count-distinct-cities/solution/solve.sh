#!/bin/bash
set -eu
tail -n +2 customers.csv | cut -d, -f3 | sort -u | wc -l > count.txt
