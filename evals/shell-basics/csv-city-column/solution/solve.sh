#!/bin/bash
set -e
cut -d, -f3 /app/people.csv > /app/cities.txt
