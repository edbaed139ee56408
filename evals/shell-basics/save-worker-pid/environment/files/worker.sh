#!/bin/bash
# Writes its process id and a counter to /app/beat.txt twice a second, for ever.
n=0
while true; do
    n=$((n + 1))
    echo "$$ $n" > /app/beat.txt
    sleep 0.5
done
