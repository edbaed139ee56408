#!/bin/bash
set -e
timeout 3 bash /app/counter.sh > /app/counter.txt || true
