#!/bin/bash
set -e
grep WARN /app/jobs.log | tail -n 5 > /app/warnings.txt
