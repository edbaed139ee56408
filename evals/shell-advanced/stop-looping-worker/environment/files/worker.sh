#!/bin/bash
# appends one line about every half second, for ever
i=0
while true; do
    i=$((i + 1))
    echo "step $i" >> /app/run/progress.txt
    sleep 0.5
done
