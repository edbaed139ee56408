#!/bin/bash
# Writes a line to its output twice a second, for ever.
echo "started as process $$"
n=0
while true; do
    n=$((n + 1))
    echo "tick $n"
    sleep 0.5
done
