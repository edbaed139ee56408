#!/bin/bash
# Prints a line every half second, for ever.
n=0
while true; do
    n=$((n + 1))
    echo "count $n is $((n * n * 7 % 101))"
    sleep 0.5
done
