#!/bin/bash
set -e
sort -k2,2n /app/temperatures.txt | tail -n 1 | cut -d' ' -f1 > /app/hottest.txt
