#!/bin/bash
set -e
sort -rn /app/numbers.txt > /app/sorted.txt
