#!/bin/bash
set -e
sort /app/colors.txt | uniq -c > /app/counts.txt
