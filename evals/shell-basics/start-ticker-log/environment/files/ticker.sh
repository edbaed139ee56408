#!/bin/bash
# Prints one line per second for ever.
n=0
while true; do
    n=$((n + 1))
    echo "tick $n of pid $$"
    sleep 1
done
